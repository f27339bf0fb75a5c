"""Opening of a commitment over one side of the bases, with the value of a public linear form.

A compressed Σ-protocol (Attema and Cramer 2020, §4–5). Relation, for a power of two n, a
public vector s, and B = G (left) or H (right):

    P = ⟨a, B⟩ + ⟨a, s⟩·g + α·h.

That nothing of the other side is in P is half of the point: the inner product argument
alone would let a commitment carry both. The proof is L_1, R_1, …, L_k, R_k, A, r', δ'.
"""

from __future__ import annotations

from zk_proofs.accumulator import Combination
from zk_proofs.curve import L
from zk_proofs.engine import Points, Vector
from zk_proofs.generators import Basis
from zk_proofs.session import Prover, Verifier
from zk_proofs.transcript import Transcript

_DOMAIN = b"redactory/linear-form/v1"
LEFT, RIGHT = b"G", b"H"


def _start(transcript: Transcript, side: bytes, size: int) -> None:
    transcript.append(b"dom-sep", _DOMAIN)
    transcript.append(b"side", side)
    transcript.append_number(b"n", size)


def _commit(basis: Basis, side: bytes, values: Vector, value: int, blinding: int) -> Points:
    if side == LEFT:
        return basis.commit(left=values, value=value, blinding=blinding)
    return basis.commit(right=values, value=value, blinding=blinding)


def prove(prover: Prover, side: bytes, witness: Vector, form: Vector, blinding: int) -> None:
    """Prove P = ⟨witness, B⟩ + ⟨witness, form⟩·g + blinding·h."""
    engine, basis = prover.engine, prover.basis
    _start(prover.transcript, side, len(witness))
    challenges: list[int] = []
    while len(witness) > 1:
        half = len(witness) // 2
        none, spread = engine.zeros(half), engine.subset_products(challenges)
        a1, a2, s1, s2 = witness[:half], witness[half:], form[:half], form[half:]
        blindings = prover.nonces.scalars(2)
        pair = []
        for parts, value, own in (
            ((none, a1), engine.dot(a1, s2), blindings[0]),
            ((a2, none), engine.dot(a2, s1), blindings[1]),
        ):
            over = engine.outer(spread, engine.concatenated(parts))
            pair.append(_commit(basis, side, over, value, own))
        prover.send((b"L", b"R"), pair)
        x = prover.challenge(b"x")
        inverse = pow(x, -1, L)
        witness = engine.add_scaled(inverse, a2, a1)
        form = engine.add_scaled(x, s2, s1)
        blinding += x * blindings[0] + inverse * blindings[1]
        challenges.append(x)
    (a,), (s,) = engine.integers(witness), engine.integers(form)
    r, delta = prover.nonces.scalars(2)
    spread = engine.scale(r, engine.subset_products(challenges))
    prover.send((b"A",), (_commit(basis, side, spread, r * s, delta),))
    e = prover.challenge(b"e")
    prover.answer(r + a * e, delta + blinding * e)


def verify(verifier: Verifier, side: bytes, form: Vector, claim: Combination) -> None:
    """Add the argument's equation for P = ``claim``.

    Raises:
        ProofError: the proof is malformed.
    """
    engine, accumulator = verifier.engine, verifier.accumulator
    _start(verifier.transcript, side, len(form))
    challenges, pairs = [], []
    for _ in range(len(form).bit_length() - 1):
        pairs.append(verifier.receive(b"L", b"R"))
        challenges.append(verifier.challenge(b"x"))
    (point,) = verifier.receive(b"A")
    e = verifier.challenge(b"e")
    r, delta = verifier.answer(2)
    weight = accumulator.weight()
    accumulator.add(weight * e, claim)
    for (over, under), x in zip(pairs, challenges, strict=True):
        accumulator.add_term(over, weight * e * x)
        accumulator.add_term(under, weight * e * pow(x, -1, L))
    accumulator.add_term(point, weight)
    spread = engine.subset_products(challenges)
    add_side = accumulator.add_left if side == LEFT else accumulator.add_right
    add_side(-weight * r, spread)
    accumulator.add_pedersen(-weight * r * engine.dot(spread, form), -weight * delta)
