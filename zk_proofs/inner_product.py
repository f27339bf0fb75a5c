"""The zero-knowledge inner product argument of Bulletproofs+ (Chung et al. 2020, §3).

Relation, for a power of two n and public weights v: the prover knows a, b and α with

    P = ⟨a, G⟩ + ⟨b, H'⟩ + ⟨a, b⟩·g + α·h,      H'_i = v_i·H_i.

P must be bound by the transcript before. The proof is L_1, R_1, …, L_k, R_k, A, B, r', s', δ'
for n = 2^k. Folding the bases is what costs the prover most, so the first rounds are done
over the prepared bases and the bases are folded once for all of these rounds together.
"""

from __future__ import annotations

from dataclasses import dataclass

from redactory.errors import ProofError
from zk_proofs.accumulator import Combination
from zk_proofs.curve import L
from zk_proofs.engine import Engine, Points, Vector
from zk_proofs.generators import Basis
from zk_proofs.scaled import Operand, Scaled, expanded
from zk_proofs.session import Prover, Verifier
from zk_proofs.transcript import Transcript

_DOMAIN = b"redactory/inner-product/v1"


def proof_bytes(size: int) -> int:
    """Length of a proof for vectors of ``size`` entries."""
    return 32 * (2 * _rounds(size) + 5)


def _rounds(size: int) -> int:
    if size < 1 or size & (size - 1):
        raise ProofError("the argument is over a power of two of entries")
    return size.bit_length() - 1


def _start(transcript: Transcript, size: int) -> None:
    transcript.append(b"dom-sep", _DOMAIN)
    transcript.append_number(b"n", size)


@dataclass
class _Witness:
    """The witness while it shrinks, and the bases: prepared, or folded."""

    basis: Basis
    left: Vector
    right: Vector
    blinding: int
    weights: Vector | None
    small: tuple[Scaled | None, Scaled | None]
    challenges: list[int]
    folded: tuple[Points, Points] | None = None

    def shrink(self, challenge: int, left_blinding: int, right_blinding: int) -> None:
        engine, half = self.basis.engine, len(self.left) // 2
        inverse = pow(challenge, -1, L)
        self.left = engine.add_scaled(inverse, self.left[half:], self.left[:half])
        self.right = engine.add_scaled(challenge, self.right[half:], self.right[:half])
        self.blinding += challenge * left_blinding + inverse * right_blinding
        self.challenges.append(challenge)

    def cross_terms(self, left_blinding: int, right_blinding: int) -> list[Points]:
        """L and R of this round."""
        engine, half = self.basis.engine, len(self.left) // 2
        a1, a2 = self.left[:half], self.left[half:]
        b1, b2 = self.right[:half], self.right[half:]
        if self.folded is None:
            return [
                self._prepared_sum(0, engine.dot(a1, b2), left_blinding),
                self._prepared_sum(1, engine.dot(a2, b1), right_blinding),
            ]
        g, h = self.folded
        return [
            self._folded_sum((a1, b2), (g[half:], h[:half]), left_blinding),
            self._folded_sum((a2, b1), (g[:half], h[half:]), right_blinding),
        ]

    def _spread(self) -> tuple[Vector, Vector]:
        """By which factors the prepared bases stand in the folded ones."""
        engine = self.basis.engine
        inverses = [pow(x, -1, L) for x in self.challenges]
        return engine.subset_products(self.challenges), engine.subset_products(inverses)

    def _prepared_sum(self, half: int, value: int, blinding: int) -> Points:
        """L (``half`` 0) or R (1): that half of the left vector, the other of the right one."""
        engine, spread = self.basis.engine, self._spread()
        small: list[tuple[Vector, Points]] = []
        over: list[Vector | None] = []
        sides = (b"G", self.left, half, 0), (b"H", self.right, 1 - half, 1)
        for side, vector, own, at in sides:
            scaled = self.small[at]
            if scaled is not None and scaled.pays(len(self.challenges)):
                pieces = spread[at], spread[1 - at]
                small.append(scaled.half_sum(self.basis, side, own, *pieces))
                over.append(None)
            else:
                over.append(engine.outer(spread[at], _other_half(engine, vector, own)))
        if over[1] is not None and self.weights is not None:
            over[1] = engine.multiply(over[1], self.weights)
        if not small:
            return self.basis.commit(left=over[0], right=over[1], value=value, blinding=blinding)
        factors, points = zip(*small, strict=True)
        total = engine.sum(
            engine.concatenated([*factors, engine.vector([value, blinding])]),
            engine.join_points([*points, self.basis.pedersen()]),
        )
        if len(small) == len(over):
            return total
        return engine.add_points(total, self.basis.commit(left=over[0], right=over[1]))

    def _folded_sum(
        self, pair: tuple[Vector, Vector], over: tuple[Points, Points], blinding: int
    ) -> Points:
        engine = self.basis.engine
        tail = engine.vector([engine.dot(*pair), blinding])
        return engine.sum(
            engine.concatenated([*pair, tail]),
            engine.join_points([*over, self.basis.pedersen()]),
        )

    def fold_prepared(self) -> None:
        """Fold the bases for all challenges so far."""
        engine, rest = self.basis.engine, len(self.left)
        size = rest << len(self.challenges)
        by_left, by_right = self._spread()
        if self.weights is not None:
            ones = engine.powers(1, rest)
            by_right = engine.multiply(engine.outer(by_right, ones), self.weights)
        g = self.basis.fold_left(size, by_left, rest)
        self.folded = g, self.basis.fold_right(size, by_right, rest)

    def fold_again(self, challenge: int) -> None:
        """Fold the folded bases for one more challenge."""
        if self.folded is None:
            return
        engine, half = self.basis.engine, len(self.left)
        by_left = engine.vector([1, challenge])
        by_right = engine.vector([1, pow(challenge, -1, L)])
        g, h = self.folded
        self.folded = engine.fold(g, by_left, half), engine.fold(h, by_right, half)

    def last_bases(self, r: int, s: int, value: int, blinding: int) -> Points:
        """The sum r·G + s·H + value·g + blinding·h over the bases of one entry."""
        engine = self.basis.engine
        if self.folded is not None:
            return engine.sum(
                engine.vector([r, s, value, blinding]),
                engine.join_points([*self.folded, self.basis.pedersen()]),
            )
        left, right = engine.vector([r]), engine.vector([s])
        by_left, by_right = self._spread()
        over_h = engine.outer(by_right, right)
        if self.weights is not None:
            over_h = engine.multiply(over_h, self.weights)
        return self.basis.commit(
            left=engine.outer(by_left, left), right=over_h, value=value, blinding=blinding
        )


def _other_half(engine: Engine, vector: Vector, half: int) -> Vector:
    """One half of a vector in the place of the other, zeros in its own."""
    size = len(vector) // 2
    part, none = vector[half * size :][:size], engine.zeros(size)
    return engine.concatenated([part, none] if half else [none, part])


def _delayed_rounds(size: int) -> int:
    """After how many rounds folding the bases pays."""
    rounds = _rounds(size)
    return min(rounds, 4 if size >= 2048 else 3 if size >= 32 else rounds)


def prove(
    prover: Prover, left: Operand, right: Operand, blinding: int, weights: Vector | None = None
) -> None:
    """Prove P = ⟨left, G⟩ + ⟨right, H'⟩ + ⟨left, right⟩·g + blinding·h."""
    whole = expanded(prover.engine, left), expanded(prover.engine, right)
    size = len(whole[0])
    _start(prover.transcript, size)
    small = (
        left if isinstance(left, Scaled) else None,
        right if isinstance(right, Scaled) and weights is None else None,
    )
    state = _Witness(prover.basis, *whole, blinding, weights, small, [])
    delayed = _delayed_rounds(size)
    for number in range(_rounds(size)):
        blindings = prover.nonces.scalars(2)
        prover.send((b"L", b"R"), state.cross_terms(*blindings))
        challenge = prover.challenge(b"x")
        state.shrink(challenge, *blindings)
        if number + 1 == delayed and len(state.left) > 1:
            state.fold_prepared()
        else:
            state.fold_again(challenge)
    _last_move(prover, state)


def _last_move(prover: Prover, state: _Witness) -> None:
    engine = prover.engine
    (a,), (b,) = engine.integers(state.left), engine.integers(state.right)
    r, s, delta, eta = prover.nonces.scalars(4)
    first = state.last_bases(r, s, r * b + s * a, delta)
    prover.send((b"A", b"B"), (first, state.basis.commit(value=r * s, blinding=eta)))
    e = prover.challenge(b"e")
    prover.answer(r + a * e, s + b * e, eta + delta * e + state.blinding * e * e)


def verify(
    verifier: Verifier, size: int, claim: Combination, weights: Vector | None = None
) -> None:
    """Add the argument's equation for P = ``claim``.

    Raises:
        ProofError: the proof is malformed.
    """
    _start(verifier.transcript, size)
    engine, accumulator = verifier.engine, verifier.accumulator
    challenges, pairs = [], []
    for _ in range(_rounds(size)):
        pairs.append(verifier.receive(b"L", b"R"))
        challenges.append(verifier.challenge(b"x"))
    a, b = verifier.receive(b"A", b"B")
    e = verifier.challenge(b"e")
    r, s, delta = verifier.answer(3)
    inverses = [pow(x, -1, L) for x in challenges]
    weight = accumulator.weight()
    square = weight * e * e % L
    accumulator.add(square, claim)
    for (over, under), x, inverse in zip(pairs, challenges, inverses, strict=True):
        accumulator.add_term(over, square * x)
        accumulator.add_term(under, square * inverse)
    accumulator.add_term(a, weight * e)
    accumulator.add_term(b, weight)
    accumulator.add_left(-weight * e * r, engine.subset_products(challenges))
    right = engine.subset_products(inverses)
    if weights is not None:
        right = engine.multiply(right, weights)
    accumulator.add_right(-weight * e * s, right)
    accumulator.add_pedersen(-weight * r * s, -weight * delta)
