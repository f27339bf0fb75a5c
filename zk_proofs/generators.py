"""The generators that commitments are made over, and sums over them.

G_i and H_i come from hashing their name and index to the group, so that nobody knows a
relation between any two; they do not depend on any dimension, so a commitment means the
same wherever it is used. g and h are the generators of dalek's ``PedersenGens``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from hashlib import sha3_512, sha512, shake_256
from typing import Any, Final

from zk_proofs.curve import UNIFORM_BYTES
from zk_proofs.engine import Engine, Points, Prepared, Run, Vector

LABEL: Final = b"redactory/ped/v1"
# The canonical encoding of the RFC 9496 generator, and dalek's blinding generator from it.
VALUE_BASE: Final = bytes.fromhex(
    "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76"
)
_SMALLEST: Final = 64


def vector_bases(engine: Engine, side: bytes, start: int, stop: int) -> Points:
    """G_i or H_i for start ≤ i < stop; ``side`` is b"G" or b"H"."""
    return engine.from_uniform(
        [sha512(LABEL + side + i.to_bytes(4, "little")).digest() for i in range(start, stop)]
    )


def dalek_chain(engine: Engine, side: bytes, party: int, size: int) -> Points:
    """The first generators of one party's chain in dalek's ``BulletproofGens``."""
    stream = shake_256(b"GeneratorsChain" + side + party.to_bytes(4, "little"))
    raw = stream.digest(UNIFORM_BYTES * size)
    return engine.from_uniform(
        [raw[i : i + UNIFORM_BYTES] for i in range(0, len(raw), UNIFORM_BYTES)]
    )


def pedersen_bases(engine: Engine) -> Points:
    """The generators g and h."""
    blinding = engine.from_uniform([sha3_512(VALUE_BASE).digest()])
    return engine.join_points([engine.decode([VALUE_BASE]), blinding])


class Basis:
    """G_0 … G_(size−1), H_0 … H_(size−1), g and h, prepared for many sums.

    Args:
        engine: does the arithmetic.
        left, right: ``size`` points each, the bases of the two sides of an inner product.
    """

    def __init__(self, engine: Engine, left: Points, right: Points) -> None:
        self.engine = engine
        self.size = len(left)
        self._prepared: Prepared = engine.prepare(
            engine.join_points([left, right, pedersen_bases(engine)])
        )

    @property
    def positions(self) -> int:
        """How many points there are."""
        return 2 * self.size + 2

    def fold_left(self, count: int, factors: Vector, size: int) -> Points:
        """G_0 … G_(count−1) folded to ``size`` points (:meth:`Engine.fold`)."""
        return self._prepared.fold(0, count, factors, size)

    def fold_right(self, count: int, factors: Vector, size: int) -> Points:
        """H_0 … H_(count−1) folded to ``size`` points."""
        return self._prepared.fold(self.size, count, factors, size)

    def pedersen(self) -> Points:
        """The generators g and h."""
        return self._prepared.points[2 * self.size :]

    def commit(
        self,
        *,
        left: Vector | None = None,
        right: Vector | None = None,
        value: int | None = None,
        blinding: int | None = None,
    ) -> Points:
        """⟨left, G⟩ + ⟨right, H⟩ + value·g + blinding·h, as an array of one point."""
        return self._prepared.sum(list(self._runs(left, right, value, blinding)))

    def commit_small(self, side: bytes, rows: Any, blindings: Sequence[int]) -> Points:
        """⟨row, G⟩ + r·h, or over H, for rows of small integers; one point a row."""
        start = 0 if side == b"G" else self.size
        return self._prepared.commit(start, rows, 2 * self.size + 1, blindings)

    def small_sums(self, side: bytes, start: int, rows: Any) -> Points:
        """⟨row, G_start …⟩, or over H, for rows of small integers; one point a row."""
        first = start if side == b"G" else self.size + start
        return self._prepared.commit(first, rows, 2 * self.size + 1, [0] * len(rows))

    def _runs(
        self, left: Vector | None, right: Vector | None, value: int | None, blinding: int | None
    ) -> Iterator[Run]:
        if left is not None:
            yield 0, left
        if right is not None:
            yield self.size, right
        if value is not None:
            yield 2 * self.size, self.engine.vector([value])
        if blinding is not None:
            yield 2 * self.size + 1, self.engine.vector([blinding])

    def commit_positions(self, scalars: Vector) -> Points:
        """Σ over all positions: left, right, value, blinding."""
        return self._prepared.sum([(0, scalars)])

    def commit_bytes(self, digits: bytes) -> Points:
        """⟨digits, G⟩ for bytes."""
        return self._prepared.sum_bytes(0, digits)

    def commit_bits(self, bits: bytes) -> Points:
        """⟨bits, G⟩ + ⟨bits − 1, H⟩ for bytes that are 0 or 1."""
        return self._prepared.sum_bits(0, self.size, bits)


@cache
def _basis(engine: Engine, size: int) -> Basis:
    sides = (vector_bases(engine, side, 0, size) for side in (b"G", b"H"))
    return Basis(engine, *sides)


def basis_for(engine: Engine, size: int) -> Basis:
    """A basis of at least ``size`` generators a side; kept, since its tables are costly."""
    return _basis(engine, max(_SMALLEST, 1 << (size - 1).bit_length()))
