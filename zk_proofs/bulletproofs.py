"""Bulletproofs range proofs (Bünz et al. 2018, §4.2), byte-compatible with dalek's crate.

Transcript labels, generators and serialization are those of ``dalek-cryptography/
bulletproofs``. The predictions' own proofs use :mod:`zk_proofs.bit_range`, which is
shorter; this module anchors group, transcript and arithmetic in somebody else's vectors,
and serves who exchanges range proofs with such software.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from redactory.errors import ProofError
from zk_proofs.curve import L
from zk_proofs.engine import Engine, Vector
from zk_proofs.generators import Basis, dalek_chain
from zk_proofs.reader import scalar_bytes
from zk_proofs.session import Prover, Verifier
from zk_proofs.transcript import Transcript

_BITS = (8, 16, 32, 64)


@cache
def dalek_basis(engine: Engine, bits: int, parties: int) -> Basis:
    """The bases of a proof over ``parties`` values of ``bits`` bits."""
    sides = (
        engine.join_points([dalek_chain(engine, side, j, bits) for j in range(parties)])
        for side in (b"G", b"H")
    )
    return Basis(engine, *sides)


def _start(transcript: Transcript, bits: int, commitments: Sequence[bytes]) -> None:
    count = len(commitments)
    if bits not in _BITS or count not in {1, 2, 4, 8, 16, 32}:
        raise ProofError("a range proof is over 8, 16, 32 or 64 bits and a power of two of values")
    transcript.append(b"dom-sep", b"rangeproof v1")
    transcript.append_number(b"n", bits)
    transcript.append_number(b"m", count)
    for commitment in commitments:
        transcript.append(b"V", commitment)


def _place_values(engine: Engine, z: int, bits: int, count: int) -> Vector:
    return engine.outer(engine.powers(z, count, z * z), engine.powers(2, bits))


def prove(
    prover: Prover, values: Sequence[int], blindings: Sequence[int], bits: int
) -> list[bytes]:
    """Prove that every value is in [0, 2^bits); the prover is over :func:`dalek_basis`.

    Returns:
        The commitments to the values, 32 bytes each.
    """
    if any(not 0 <= value < 2**bits for value in values):
        raise ProofError("a value does not lie in the range that is to be proven")
    engine, basis, count = prover.engine, prover.basis, len(values)
    opened = zip(values, blindings, strict=True)
    points = [basis.commit(value=v, blinding=own) for v, own in opened]
    commitments = engine.encode(engine.join_points(points))
    _start(prover.transcript, bits, commitments)
    size = bits * count
    digits = bytes(value >> i & 1 for value in values for i in range(bits))
    a_blinding, s_blinding, t1_blinding, t2_blinding = prover.nonces.scalars(4)
    hidden_left, hidden_right = (engine.vector(prover.nonces.scalars(size)) for _ in range(2))
    a = engine.add_points(basis.commit_bits(digits), basis.commit(blinding=a_blinding))
    s = basis.commit(left=hidden_left, right=hidden_right, blinding=s_blinding)
    prover.send((b"A", b"S"), (a, s))
    y, z = prover.challenge(b"y"), prover.challenge(b"z")
    ones, by_y = engine.take(engine.vector([0, 1]), digits), engine.powers(y, size)
    l0, l1 = engine.shift(-z, ones), hidden_left
    r0 = engine.multiply(by_y, engine.shift(z - 1, ones))
    r0 = engine.add(r0, _place_values(engine, z, bits, count))
    r1 = engine.multiply(by_y, hidden_right)
    t1, t2 = engine.dot(l0, r1) + engine.dot(l1, r0), engine.dot(l1, r1)
    first = basis.commit(value=t1, blinding=t1_blinding)
    prover.send((b"T_1", b"T_2"), (first, basis.commit(value=t2, blinding=t2_blinding)))
    x = prover.challenge(b"x")
    left, right = engine.add_scaled(x, l1, l0), engine.add_scaled(x, r1, r0)
    t_blinding = t1_blinding * x + t2_blinding * x * x
    t_blinding += sum(pow(z, j + 2, L) * own for j, own in enumerate(blindings))
    opening = engine.dot(left, right), t_blinding, a_blinding + s_blinding * x
    prover.answer(*opening)
    w = _bind_opening(prover.transcript, opening, size)
    _prove_inner_product(prover, (left, right), w, engine.powers(pow(y, -1, L), size))
    return commitments


def _bind_opening(transcript: Transcript, opening: Sequence[int], size: int) -> int:
    """Bind t_x and the blindings, draw w, open the inner product argument."""
    labels = (b"t_x", b"t_x_blinding", b"e_blinding")
    for label, value in zip(labels, opening, strict=True):
        transcript.append(label, scalar_bytes(value))
    w = transcript.challenge(b"w")
    transcript.append(b"dom-sep", b"ipp v1")
    transcript.append_number(b"n", size)
    return w


def _spread(engine: Engine, challenges: Sequence[int]) -> tuple[Vector, Vector]:
    """Factors of the original bases in the folded ones: u where the bit is set, else u^−1."""
    product = 1
    for u in challenges:
        product = product * u % L
    inverses = [pow(u, -1, L) for u in challenges]
    left = engine.subset_products([u * u % L for u in challenges])
    right = engine.subset_products([u * u % L for u in inverses])
    return engine.scale(pow(product, -1, L), left), engine.scale(product, right)


def _prove_inner_product(
    prover: Prover, pair: tuple[Vector, Vector], w: int, weights: Vector
) -> None:
    engine, (a, b) = prover.engine, pair
    challenges: list[int] = []
    while len(a) > 1:
        half = len(a) // 2
        a1, a2, b1, b2 = a[:half], a[half:], b[:half], b[half:]
        none, (by_left, by_right) = engine.zeros(half), _spread(engine, challenges)
        points = []
        for left, right, value in (
            ((none, a1), (b2, none), engine.dot(a1, b2)),
            ((a2, none), (none, b1), engine.dot(a2, b1)),
        ):
            over_g = engine.outer(by_left, engine.concatenated(left))
            over_h = engine.outer(by_right, engine.concatenated(right))
            over_h = engine.multiply(over_h, weights)
            points.append(prover.basis.commit(left=over_g, right=over_h, value=w * value))
        prover.send((b"L", b"R"), points)
        u = prover.challenge(b"u")
        inverse = pow(u, -1, L)
        a = engine.add(engine.scale(u, a1), engine.scale(inverse, a2))
        b = engine.add(engine.scale(inverse, b1), engine.scale(u, b2))
        challenges.append(u)
    prover.answer(*engine.integers(a), *engine.integers(b))


def verify(verifier: Verifier, commitments: Sequence[bytes], bits: int) -> None:
    """Add the proof's equation to an accumulator over :func:`dalek_basis`.

    Raises:
        ProofError: the proof is malformed.
    """
    _start(verifier.transcript, bits, commitments)
    engine, accumulator, count = verifier.engine, verifier.accumulator, len(commitments)
    size = bits * count
    a, s = verifier.receive(b"A", b"S")
    y, z = verifier.challenge(b"y"), verifier.challenge(b"z")
    t1, t2 = verifier.receive(b"T_1", b"T_2")
    x = verifier.challenge(b"x")
    opening = verifier.answer(3)
    w = _bind_opening(verifier.transcript, opening, size)
    weight, c = accumulator.weight(), accumulator.weight()
    challenges: list[int] = []
    for _ in range(size.bit_length() - 1):
        over, under = verifier.receive(b"L", b"R")
        u = verifier.challenge(b"u")
        challenges.append(u)
        accumulator.add_term(over, weight * u * u)
        accumulator.add_term(under, weight * pow(u * u, -1, L))
    left, right = verifier.answer(2)
    verifier.reader.end()
    for point, factor in ((a, 1), (s, x), (t1, c * x), (t2, c * x * x)):
        accumulator.add_term(point, weight * factor)
    for j, commitment in enumerate(commitments):
        accumulator.add_term(commitment, weight * c * pow(z, j + 2, L))
    by_left, by_right = _spread(engine, challenges)
    accumulator.add_left(weight, engine.shift(-z, engine.scale(-left, by_left)))
    placed = _place_values(engine, z, bits, count)
    over_h = engine.subtract(placed, engine.scale(right, by_right))
    over_h = engine.multiply(engine.powers(pow(y, -1, L), size), over_h)
    accumulator.add_right(weight, engine.shift(z, over_h))
    delta = (z - z * z) * engine.dot(engine.powers(y, size), engine.powers(1, size))
    delta -= (2**bits - 1) * sum(pow(z, j + 3, L) for j in range(count))
    t_x, t_blinding, e_blinding = opening
    value = w * (t_x - left * right) + c * (delta - t_x)
    accumulator.add_pedersen(weight * value, -weight * (e_blinding + c * t_blinding))
