"""The plain engine: lists of integers and extended points, nothing outside Python."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from redactory.errors import ProofError
from zk_proofs import curve, sponge
from zk_proofs.curve import IDENTITY, L, Point
from zk_proofs.engine import Run

_SCALAR_BITS = 253


def _window(count: int) -> int:
    return max(2, min(12, count.bit_length() - 1))


def _bucket_sum(pairs: Iterable[tuple[int, Point]], size: int) -> Point:
    """Σ w·P for weights 0 < w < size."""
    buckets: list[Point | None] = [None] * size
    for weight, point in pairs:
        held = buckets[weight]
        buckets[weight] = point if held is None else curve.add(held, point)
    running, total = IDENTITY, IDENTITY
    for held in reversed(buckets[1:]):
        if held is not None:
            running = curve.add(running, held)
        total = curve.add(total, running)
    return total


def multi_scalar_sum(scalars: Sequence[int], points: Sequence[Point]) -> Point:
    """Σ s_i·P_i by Pippenger's buckets."""
    pairs = [(s, p) for s, p in zip(scalars, points, strict=True) if s]
    width = _window(len(pairs))
    mask, total = (1 << width) - 1, IDENTITY
    for shift in range((_SCALAR_BITS // width) * width, -1, -width):
        for _ in range(width):
            total = curve.double(total)
        window = ((s >> shift & mask, p) for s, p in pairs)
        total = curve.add(total, _bucket_sum((one for one in window if one[0]), 1 << width))
    return total


def _fold(points: Sequence[Point], factors: list[int], size: int) -> list[Point]:
    own = len(factors) == len(points) and size > 1
    return [
        multi_scalar_sum(factors[i::size] if own else factors, points[i::size]) for i in range(size)
    ]


class PlainPrepared:
    """A list of points."""

    def __init__(self, points: list[Point]) -> None:
        self.points = points

    def sum(self, runs: Sequence[Run]) -> list[Point]:
        """Σ over runs (start, s) of s_i·P_(start + i)."""
        scalars = list(chain.from_iterable(values for _, values in runs))
        chosen = chain.from_iterable(self.points[at : at + len(v)] for at, v in runs)
        return [multi_scalar_sum(scalars, list(chosen))]

    def fold(self, start: int, count: int, factors: list[int], size: int) -> list[Point]:
        """Fold the points start … start + count − 1 to ``size`` points."""
        return _fold(self.points[start : start + count], factors, size)

    def commit(self, start: int, rows: Any, at: int, blindings: Sequence[int]) -> list[Point]:
        """Σ_j rows_ij·P_(start + j) + b_i·P_at for each row of small integers."""
        found = []
        for row, blinding in zip(rows, blindings, strict=True):
            values = [int(value) % L for value in row]
            found += self.sum([(start, values), (at, [blinding % L])])
        return found

    def sum_bytes(self, start: int, digits: bytes) -> list[Point]:
        """Σ d_i·P_(start + i)."""
        pairs = zip(digits, self.points[start : start + len(digits)], strict=True)
        return [_bucket_sum((one for one in pairs if one[0]), 256)]

    def sum_bits(self, plus: int, minus: int, bits: bytes) -> list[Point]:
        """Σ P_(plus + i) over the ones, minus Σ P_(minus + i) over the zeros."""
        total = IDENTITY
        for i, bit in enumerate(bits):
            one = self.points[plus + i] if bit else curve.negate(self.points[minus + i])
            total = curve.add(total, one)
        return [total]


class PlainEngine:
    """See :class:`zk_proofs.engine.Engine`; vectors are lists of integers in [0, ℓ)."""

    name = "plain"

    def vector(self, values: Iterable[int]) -> list[int]:
        """Integers, reduced modulo ℓ."""
        return [int(value) % L for value in values]

    def integers(self, a: list[int]) -> list[int]:
        """The scalars."""
        return list(a)

    def zeros(self, size: int) -> list[int]:
        """``size`` zeros."""
        return [0] * size

    def concatenated(self, parts: Sequence[list[int]]) -> list[int]:
        """One vector after the other."""
        return list(chain.from_iterable(parts))

    def add(self, a: list[int], b: list[int]) -> list[int]:
        """The sum a + b."""
        return [(x + y) % L for x, y in zip(a, b, strict=True)]

    def subtract(self, a: list[int], b: list[int]) -> list[int]:
        """The difference a − b."""
        return [(x - y) % L for x, y in zip(a, b, strict=True)]

    def multiply(self, a: list[int], b: list[int]) -> list[int]:
        """The entry-wise product a ∘ b."""
        return [x * y % L for x, y in zip(a, b, strict=True)]

    def scale(self, x: int, a: list[int]) -> list[int]:
        """The multiple x·a."""
        return [x * y % L for y in a]

    def add_scaled(self, x: int, a: list[int], b: list[int]) -> list[int]:
        """The vector x·a + b."""
        return [(x * y + z) % L for y, z in zip(a, b, strict=True)]

    def shift(self, x: int, a: list[int]) -> list[int]:
        """Every a_i + x."""
        return [(x + y) % L for y in a]

    def dot(self, a: list[int], b: list[int]) -> int:
        """⟨a, b⟩."""
        return sum(x * y for x, y in zip(a, b, strict=True)) % L

    def powers(self, x: int, size: int, start: int = 1) -> list[int]:
        """Powers start·x^i for i < size."""
        out, power = [], start % L
        for _ in range(size):
            out.append(power)
            power = power * x % L
        return out

    def outer(self, a: list[int], b: list[int]) -> list[int]:
        """All a_i·b_j, at i·len(b) + j."""
        return [x * y % L for x in a for y in b]

    def subset_products(self, factors: Sequence[int]) -> list[int]:
        """Products of subsets; the first factor belongs to the highest bit of the index."""
        out = [1]
        for factor in reversed(factors):
            out += [factor * value % L for value in out]
        return out

    def take(self, table: list[int], index: bytes) -> list[int]:
        """Entries table[index_i]."""
        return [table[i] for i in index]

    def combine(self, rows: Any, factors: Sequence[int]) -> list[int]:
        """Σ_j f_j·rows_j."""
        columns = zip(*([int(x) for x in row] for row in rows), strict=True)
        return [sum(f * x for f, x in zip(factors, column, strict=True)) % L for column in columns]

    def from_uniform(self, data: Sequence[bytes]) -> list[Point]:
        """Group elements from 64 bytes each."""
        return [curve.from_uniform(one) for one in data]

    def decode(self, encoded: Sequence[bytes]) -> list[Point]:
        """Group elements of encodings; ProofError if one is not canonical."""
        points = []
        for index, one in enumerate(encoded):
            point = curve.decode(one)
            if point is None:
                raise ProofError("a point is not a canonical encoding", where=f"point {index}")
            points.append(point)
        return points

    def encode(self, points: list[Point]) -> list[bytes]:
        """32 bytes each."""
        return [curve.encode(point) for point in points]

    def prepare(self, points: list[Point]) -> PlainPrepared:
        """Points for many sums."""
        return PlainPrepared(points)

    def sum(self, scalars: list[int], points: list[Point]) -> list[Point]:
        """Σ s_i·P_i."""
        return [multi_scalar_sum(scalars, points)]

    def add_points(self, p: list[Point], q: list[Point]) -> list[Point]:
        """Sum of two arrays of one point."""
        return [curve.add(p[0], q[0])]

    def fold(self, points: list[Point], factors: list[int], size: int) -> list[Point]:
        """Fold by Σ_j f_j·P_(i + j·size), or f_(i + j·size) where every point has its own."""
        return _fold(points, factors, size)

    def join_points(self, parts: Sequence[list[Point]]) -> list[Point]:
        """One array after the other."""
        return list(chain.from_iterable(parts))

    def is_identity(self, p: list[Point]) -> bool:
        """Whether an array of one point holds the identity."""
        return curve.is_identity(p[0])

    def permute(self, state: bytearray) -> None:
        """Keccak-f[1600] in place."""
        sponge.permute(state)
