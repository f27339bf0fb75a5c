"""All equations of one or many proofs as a single sum of points that must be the identity.

Each equation enters with a random weight that the prover could not know, so the sum is the
identity only if every equation holds (up to probability 1/ℓ for each).
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from zk_proofs.curve import L
from zk_proofs.engine import Vector
from zk_proofs.generators import Basis
from zk_proofs.randomness import Random, random_scalar


@dataclass(frozen=True)
class Combination:
    """A group element given as a linear combination.

    Attributes:
        terms: (encoding, factor) of points from outside.
        left: factors of G_0, G_1, …
        right: factors of H_0, H_1, …
        value: factor of g.
    """

    terms: Sequence[tuple[bytes, int]]
    left: Vector | None = None
    right: Vector | None = None
    value: int = 0


@dataclass
class Accumulator:
    """A growing sum that must come out as the identity.

    Attributes:
        basis: at least as large as the largest argument that enters.
        randomness: source of the weights.
    """

    basis: Basis
    randomness: Random = os.urandom
    _fixed: Vector = field(init=False)
    _terms: dict[bytes, int] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._fixed = self.basis.engine.zeros(self.basis.positions)

    def weight(self) -> int:
        """A fresh weight for one equation."""
        return random_scalar(self.randomness)

    def add(self, factor: int, combination: Combination) -> None:
        """Add ``factor`` times a combination."""
        held = self._terms
        for encoded, own in combination.terms:
            held[encoded] = (held.get(encoded, 0) + factor * own) % L
        if combination.left is not None:
            self.add_left(factor, combination.left)
        if combination.right is not None:
            self.add_right(factor, combination.right)
        self.add_pedersen(factor * combination.value, 0)

    def add_term(self, encoded: bytes, factor: int) -> None:
        """Add a multiple of a point from outside."""
        self._terms[encoded] = (self._terms.get(encoded, 0) + factor) % L

    def add_left(self, factor: int, values: Vector) -> None:
        """Add factor·⟨values, G⟩."""
        self._add(0, factor, values)

    def add_right(self, factor: int, values: Vector) -> None:
        """Add factor·⟨values, H⟩."""
        self._add(self.basis.size, factor, values)

    def add_pedersen(self, value: int, blinding: int) -> None:
        """Add value·g + blinding·h."""
        self._add(2 * self.basis.size, 1, self.basis.engine.vector([value, blinding]))

    def _add(self, start: int, factor: int, values: Vector) -> None:
        held = self._fixed[start : start + len(values)]
        self._fixed[start : start + len(values)] = self.basis.engine.add_scaled(
            factor, values, held
        )

    def holds(self) -> bool:
        """Whether the sum is the identity.

        Raises:
            ProofError: a point is not a canonical encoding.
        """
        engine = self.basis.engine
        total = self.basis.commit_positions(self._fixed)
        if self._terms:
            points = engine.decode(list(self._terms))
            outside = engine.sum(engine.vector(self._terms.values()), points)
            total = engine.add_points(total, outside)
        return engine.is_identity(total)
