"""What the arguments need from arithmetic, and which of the two implementations does it.

Vectors of scalars and arrays of points are opaque to the arguments: they know their length,
can be sliced, and slices can be assigned. The compiled engine keeps them in numpy arrays,
the plain one in lists of integers; given the same randomness both make the same proof, byte
for byte, and both decide the same about a proof. Verifying needs the plain engine only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from importlib.util import find_spec
from threading import Timer
from typing import Any, Protocol

# A vector of scalars modulo ℓ, and an array of group elements, in an engine's own form.
Vector = Any
Points = Any
Run = tuple[int, Vector]


class Prepared(Protocol):
    """Points that many sums will use."""

    points: Points

    def sum(self, runs: Sequence[Run]) -> Points:
        """Σ over runs (start, s) of s_i·P_(start + i), as an array of one point."""

    def fold(self, start: int, count: int, factors: Vector, size: int) -> Points:
        """Engine.fold of the points start … start + count − 1."""

    def commit(self, start: int, rows: Any, at: int, blindings: Sequence[int]) -> Points:
        """Σ_j rows_ij·P_(start + j) + b_i·P_at for each row of small integers (|x| < 2^62)."""

    def sum_bytes(self, start: int, digits: bytes) -> Points:
        """Σ d_i·P_(start + i) for small multiples."""

    def sum_bits(self, plus: int, minus: int, bits: bytes) -> Points:
        """Σ P_(plus + i) over the ones, minus Σ P_(minus + i) over the zeros."""


class Engine(Protocol):
    """Arithmetic on vectors of scalars and arrays of points."""

    name: str

    def __hash__(self) -> int:
        """Bases are kept by engine."""

    def vector(self, values: Iterable[int]) -> Vector:
        """Integers, reduced modulo ℓ."""

    def integers(self, a: Vector) -> list[int]:
        """The scalars as integers in [0, ℓ)."""

    def zeros(self, size: int) -> Vector:
        """``size`` zeros."""

    def concatenated(self, parts: Sequence[Vector]) -> Vector:
        """One vector after the other."""

    def add(self, a: Vector, b: Vector) -> Vector:
        """The sum a + b."""

    def subtract(self, a: Vector, b: Vector) -> Vector:
        """The difference a − b."""

    def multiply(self, a: Vector, b: Vector) -> Vector:
        """The entry-wise product a ∘ b."""

    def scale(self, x: int, a: Vector) -> Vector:
        """The multiple x·a."""

    def add_scaled(self, x: int, a: Vector, b: Vector) -> Vector:
        """The vector x·a + b."""

    def shift(self, x: int, a: Vector) -> Vector:
        """Every a_i + x."""

    def dot(self, a: Vector, b: Vector) -> int:
        """⟨a, b⟩."""

    def powers(self, x: int, size: int, start: int = 1) -> Vector:
        """Powers start·x^i for i < size."""

    def outer(self, a: Vector, b: Vector) -> Vector:
        """All a_i·b_j, at i·len(b) + j."""

    def subset_products(self, factors: Sequence[int]) -> Vector:
        """Products of subsets; the first factor belongs to the highest bit of the index."""

    def take(self, table: Vector, index: bytes) -> Vector:
        """Entries table[index_i]."""

    def combine(self, rows: Any, factors: Sequence[int]) -> Vector:
        """Σ_j f_j·rows_j for rows of small integers (|x| < 2^31)."""

    def from_uniform(self, data: Sequence[bytes]) -> Points:
        """Group elements from 64 bytes each."""

    def decode(self, encoded: Sequence[bytes]) -> Points:
        """Group elements of encodings; ProofError if one is not canonical."""

    def encode(self, points: Points) -> list[bytes]:
        """32 bytes each."""

    def prepare(self, points: Points) -> Prepared:
        """Points for many sums."""

    def sum(self, scalars: Vector, points: Points) -> Points:
        """Σ s_i·P_i, as an array of one point."""

    def add_points(self, p: Points, q: Points) -> Points:
        """Sum of two arrays of one point."""

    def fold(self, points: Points, factors: Vector, size: int) -> Points:
        """Fold by Σ_j f_j·P_(i + j·size), or f_(i + j·size) where every point has its own."""

    def join_points(self, parts: Sequence[Points]) -> Points:
        """One array after the other."""

    def is_identity(self, p: Points) -> bool:
        """Whether an array of one point holds the identity."""

    def permute(self, state: bytearray) -> None:
        """Keccak-f[1600] in place."""


_SLOW_START = 5.0


def compiled_engine(notice: Callable[[str], None] | None = None) -> Engine:
    """The engine of numba kernels. The first use on a machine compiles them.

    Args:
        notice: told in one line if that takes more than five seconds.

    Raises:
        ProofError: the kernels give other results than plain Python.
    """
    message = "compiling the proof kernels for this processor; this happens once"
    timer = Timer(_SLOW_START, notice or (lambda _: None), [message])
    timer.daemon = True
    timer.start()
    try:
        from zk_proofs.compiled import CompiledEngine  # noqa: PLC0415 - an optional extra
        from zk_proofs.self_test import check  # noqa: PLC0415 - it imports this module

        chosen = CompiledEngine()
        check(chosen)
    finally:
        timer.cancel()
    return chosen


def plain_engine() -> Engine:
    """The engine of Python integers; needs nothing but Python."""
    from zk_proofs.plain import PlainEngine  # noqa: PLC0415 - the other one imports this module

    return PlainEngine()


_chosen: list[Engine] = []


def default_engine(notice: Callable[[str], None] | None = None) -> Engine:
    """The compiled engine where numba is installed, else the plain one; made once."""
    if not _chosen:
        compiled = find_spec("numba") is not None and find_spec("numpy") is not None
        _chosen.append(compiled_engine(notice) if compiled else plain_engine())
    return _chosen[0]
