"""Range proof of Bulletproofs+ (Chung et al. 2020, §4.2) with unweighted final argument.

Each of m commitments V_j = v_j·g + ν_j·h holds v_j in [0, 2^b), m and b powers of two. The
V_j may be linear combinations of commitments. The powers of y start at y^1, so that the
constraints on the bits never meet the constant term (soundness: docs/protocols/inference.md).
"""

from __future__ import annotations

from collections.abc import Sequence

from zk_proofs import inner_product
from zk_proofs.accumulator import Combination
from zk_proofs.curve import L
from zk_proofs.engine import Engine, Vector
from zk_proofs.session import Prover, Verifier
from zk_proofs.transcript import Transcript

_DOMAIN = b"redactory/bit-range/v1"


def proof_bytes(bits: int, values: int) -> int:
    """Length of a proof."""
    return 32 + inner_product.proof_bytes(bits * values)


def _start(transcript: Transcript, bits: int, values: int) -> None:
    transcript.append(b"dom-sep", _DOMAIN)
    transcript.append_number(b"bits", bits)
    transcript.append_number(b"values", values)


def _place_values(engine: Engine, z: int, bits: int, values: int) -> Vector:
    """Factors z^(j+2)·2^i at j·bits + i."""
    return engine.outer(engine.powers(z, values, z * z), engine.powers(2, bits))


def prove(prover: Prover, values: Sequence[int], blindings: Sequence[int], bits: int) -> None:
    """Prove that every value is in [0, 2^bits)."""
    engine, basis, size = prover.engine, prover.basis, bits * len(values)
    _start(prover.transcript, bits, len(values))
    digits = bytes(value >> i & 1 for value in values for i in range(bits))
    alpha = prover.nonces.scalar()
    committed = engine.add_points(basis.commit_bits(digits), basis.commit(blinding=alpha))
    prover.send((b"A",), (committed,))
    y, z = prover.challenge(b"y"), prover.challenge(b"z")
    ones = engine.take(engine.vector([0, 1]), digits)
    left = engine.shift(-z, ones)
    right = engine.multiply(engine.powers(y, size, y), engine.shift(z - 1, ones))
    right = engine.add(right, _place_values(engine, z, bits, len(values)))
    blinding = alpha + sum(pow(z, j + 2, L) * own for j, own in enumerate(blindings))
    inverse = pow(y, -1, L)
    weights = engine.powers(inverse, size, inverse)
    inner_product.prove(prover, left, right, blinding, weights)


def verify(verifier: Verifier, bits: int, claims: Sequence[Combination]) -> None:
    """Add the proof's equation for commitments ``claims`` (points and a multiple of g).

    Raises:
        ProofError: the proof is malformed.
    """
    engine, count = verifier.engine, len(claims)
    size = bits * count
    _start(verifier.transcript, bits, count)
    (point,) = verifier.receive(b"A")
    y, z = verifier.challenge(b"y"), verifier.challenge(b"z")
    inverse = pow(y, -1, L)
    weights = engine.powers(inverse, size, inverse)
    over_h = engine.shift(z, engine.multiply(weights, _place_values(engine, z, bits, count)))
    sum_y = engine.dot(engine.powers(y, size, y), engine.powers(1, size))
    value = (z - z * z) * sum_y - (2**bits - 1) * sum(pow(z, j + 3, L) for j in range(count))
    terms = [(point, 1)]
    for j, claim in enumerate(claims):
        factor = pow(z, j + 2, L)
        terms += [(encoded, factor * own) for encoded, own in claim.terms]
        value += factor * claim.value
    whole = Combination(terms, engine.powers(1, size, -z), over_h, value % L)
    inner_product.verify(verifier, size, whole, weights)
