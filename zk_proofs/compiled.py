"""The compiled engine: numpy arrays and the kernels of :mod:`zk_proofs.kernels`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from redactory.errors import ProofError
from zk_proofs.curve import POINT_BYTES, UNIFORM_BYTES, L
from zk_proofs.engine import Run
from zk_proofs.kernels import keccak, multiples, points, scalars
from zk_proofs.kernels.points import Array

_TABLED = 20_000  # points; their tables take 100 MB

# Bits a window, by the number of points: the cheapest on the machines measured. Tables are
# made for half the width of large sums, which is what folding and small sums take.
_STRAUS = 250  # up to as many points, doing without buckets is cheaper
_VARIABLE = ((400, 7), (1000, 8), (3000, 9), (7000, 10), (15000, 11))
_HALF_FIXED = ((700, 4), (3000, 5))
_FEW, _SHORT = 12, 160  # tabled points in a sum, values in a row: below, digits of half the width


def _window(count: int, table: Sequence[tuple[int, int]]) -> int:
    return next((width for below, width in table if count < below), table[-1][1] + 1)


def _plain_words(values: Iterable[int]) -> Array:
    raw = b"".join((int(value) % L).to_bytes(32, "little") for value in values)
    return np.frombuffer(raw, np.uint64).reshape(-1, 4)


def _plain(a: Array) -> Array:
    out = np.empty_like(a)
    scalars.to_plain(a, out)
    return out


def _vector(values: Any) -> Array:
    if isinstance(values, np.ndarray) and values.dtype.kind == "i":
        out = np.empty((values.size, 4), np.uint64)
        scalars.from_integers(np.ascontiguousarray(values, np.int64).reshape(-1), out)
        return out
    plain = _plain_words(values)
    out = np.empty_like(plain)
    scalars.to_montgomery(plain, out)
    return out


def _point() -> Array:
    return np.empty((1, 20), np.uint64)


def _by_output(factors: Array, count: int, size: int) -> Array:
    """Plain factors as (outputs or 1, terms, 4)."""
    outputs = size if len(factors) == count else 1
    table = _plain(factors).reshape(-1, outputs, 4).transpose(1, 0, 2)
    return np.ascontiguousarray(table)


def _fold(extended: Array, factors: Array, size: int) -> Array:
    out = np.empty((size, 20), np.uint64)
    by_output = _by_output(factors, len(extended), size)
    multiples.fold(np.ascontiguousarray(extended), by_output, out)
    return out


class CompiledPrepared:
    """Points with tables of their multiples by powers of 2^width, unless they are too many."""

    def __init__(self, extended: Array) -> None:
        self.points = extended
        width = _window(len(extended), _HALF_FIXED)
        number = multiples.windows(width) if len(extended) < _TABLED else 1
        self._tables = np.empty((len(extended), number, 15), np.uint64)
        multiples.build_tables(extended, width, self._tables)
        self._niels = np.ascontiguousarray(self._tables[:, 0])

    def sum(self, runs: Sequence[Run]) -> Array:
        """Σ over runs (start, s) of s_i·P_(start + i)."""
        out = _point()
        index = np.concatenate([np.arange(at, at + len(values)) for at, values in runs])
        values = _plain(np.concatenate([values for _, values in runs]))
        if self._tables.shape[1] == 1:
            width = _window(len(values), _VARIABLE)
            multiples.variable_base(values, self._niels[index], width, out[0])
        else:
            tables = self._tables if len(values) < _FEW else self._tables[:, ::2]
            multiples.fixed_base(values, tables, index, out[0])
        return out

    def fold(self, start: int, count: int, factors: Array, size: int) -> Array:
        """Fold the points start … start + count − 1 to ``size`` points."""
        if self._tables.shape[1] == 1:
            return _fold(self.points[start : start + count], factors, size)
        out = np.empty((size, 20), np.uint64)
        by_output = _by_output(factors, count, size)
        multiples.fold_tables(self._tables[start : start + count], by_output, out)
        return out

    def commit(self, start: int, rows: Any, at: int, blindings: Sequence[int]) -> Array:
        """Σ_j rows_ij·P_(start + j) + b_i·P_at for each row of small integers."""
        table = np.ascontiguousarray(rows, np.int64)
        if self._tables.shape[1] == 1:
            pairs = zip(table, blindings, strict=True)
            runs = ([(start, _vector(row)), (at, _vector([own]))] for row, own in pairs)
            return np.concatenate([self.sum(one) for one in runs])
        out = np.empty((len(table), 20), np.uint64)
        used, step = self._tables[start : start + table.shape[1]], 1 + (table.shape[1] >= _SHORT)
        plain = _plain_words(blindings)
        multiples.small_rows(table, used[:, ::step], self._tables[at, ::step], plain, out)
        return out

    def sum_bytes(self, start: int, digits: bytes) -> Array:
        """Σ d_i·P_(start + i)."""
        out = _point()
        used = self._niels[start : start + len(digits)]
        multiples.byte_multiples(np.frombuffer(digits, np.uint8), used, out[0])
        return out

    def sum_bits(self, plus: int, minus: int, bits: bytes) -> Array:
        """Σ P_(plus + i) over the ones, minus Σ P_(minus + i) over the zeros."""
        out, first = _point(), self._niels
        ones, zeros = first[plus : plus + len(bits)], first[minus : minus + len(bits)]
        multiples.add_or_subtract(np.frombuffer(bits, np.uint8), ones, zeros, out[0])
        return out


class CompiledEngine:
    """See :class:`zk_proofs.engine.Engine`; vectors are (n, 4) words in Montgomery form."""

    name = "compiled"

    def vector(self, values: Any) -> Array:
        """Integers, reduced modulo ℓ; fast for arrays of int64."""
        return _vector(values)

    def _one(self, value: int) -> Array:
        words: Array = self.vector([value])[0]
        return words

    def integers(self, a: Array) -> list[int]:
        """The scalars as integers in [0, ℓ)."""
        raw = _plain(a).tobytes()
        return [int.from_bytes(raw[i : i + 32], "little") for i in range(0, len(raw), 32)]

    def zeros(self, size: int) -> Array:
        """``size`` zeros."""
        return np.zeros((size, 4), np.uint64)

    def concatenated(self, parts: Sequence[Array]) -> Array:
        """One vector after the other."""
        return np.concatenate(parts)

    def add(self, a: Array, b: Array) -> Array:
        """The sum a + b."""
        out = np.empty_like(a)
        scalars.add(a, b, out)
        return out

    def subtract(self, a: Array, b: Array) -> Array:
        """The difference a − b."""
        out = np.empty_like(a)
        scalars.subtract(a, b, out)
        return out

    def multiply(self, a: Array, b: Array) -> Array:
        """The entry-wise product a ∘ b."""
        out = np.empty_like(a)
        scalars.multiply(a, b, out)
        return out

    def scale(self, x: int, a: Array) -> Array:
        """The multiple x·a."""
        out = np.empty_like(a)
        scalars.scale(self._one(x), a, out)
        return out

    def add_scaled(self, x: int, a: Array, b: Array) -> Array:
        """The vector x·a + b."""
        out = np.empty_like(a)
        scalars.add_scaled(self._one(x), a, b, out)
        return out

    def shift(self, x: int, a: Array) -> Array:
        """Every a_i + x."""
        out = np.empty_like(a)
        scalars.add_constant(self._one(x), a, out)
        return out

    def dot(self, a: Array, b: Array) -> int:
        """⟨a, b⟩."""
        out = np.empty((1, 4), np.uint64)
        scalars.dot(a, b, out[0])
        return self.integers(out)[0]

    def powers(self, x: int, size: int, start: int = 1) -> Array:
        """Powers start·x^i for i < size."""
        out = np.empty((size, 4), np.uint64)
        scalars.powers(self._one(x), self._one(start), out)
        return out

    def outer(self, a: Array, b: Array) -> Array:
        """All a_i·b_j, at i·len(b) + j."""
        out = np.empty((len(a) * len(b), 4), np.uint64)
        scalars.outer(a, b, out)
        return out

    def subset_products(self, factors: Sequence[int]) -> Array:
        """Products of subsets; the first factor belongs to the highest bit of the index."""
        out = np.empty((1 << len(factors), 4), np.uint64)
        scalars.subset_products(self.vector(factors), out)
        return out

    def take(self, table: Array, index: bytes) -> Array:
        """Entries table[index_i]."""
        return table[np.frombuffer(index, np.uint8)]

    def combine(self, rows: Any, factors: Sequence[int]) -> Array:
        """Σ_j f_j·rows_j."""
        table = np.ascontiguousarray(rows, np.int64)
        out = np.empty((table.shape[1], 4), np.uint64)
        scalars.combine(table, self.vector(factors), out)
        return out

    def from_uniform(self, data: Sequence[bytes]) -> Array:
        """Group elements from 64 bytes each."""
        words = np.frombuffer(b"".join(data), np.uint64).reshape(-1, UNIFORM_BYTES // 8)
        out = np.empty((len(words), 20), np.uint64)
        points.from_uniform(words, out)
        return out

    def decode(self, encoded: Sequence[bytes]) -> Array:
        """Group elements of encodings; ProofError if one is not canonical."""
        if any(len(one) != POINT_BYTES for one in encoded):
            raise ProofError("a point does not have 32 bytes")
        words = np.frombuffer(b"".join(encoded), np.uint64).reshape(-1, 4)
        out = np.empty((len(words), 20), np.uint64)
        wrong = points.decode(words, out)
        if wrong >= 0:
            raise ProofError("a point is not a canonical encoding", where=f"point {wrong}")
        return out

    def encode(self, extended: Array) -> list[bytes]:
        """32 bytes each."""
        out = np.empty((len(extended), 4), np.uint64)
        points.encode(extended, out)
        raw = out.tobytes()
        return [raw[i : i + POINT_BYTES] for i in range(0, len(raw), POINT_BYTES)]

    def prepare(self, extended: Array) -> CompiledPrepared:
        """Points for many sums: builds tables of about 3 kB a point."""
        return CompiledPrepared(extended)

    def sum(self, factors: Array, extended: Array) -> Array:
        """Σ s_i·P_i."""
        if len(extended) <= _STRAUS:
            return _fold(extended, factors, 1)
        out, niels = _point(), np.empty((len(extended), 15), np.uint64)
        points.to_niels(extended, niels)
        width = _window(len(extended), _VARIABLE)
        multiples.variable_base(_plain(factors), niels, width, out[0])
        return out

    def add_points(self, p: Array, q: Array) -> Array:
        """Sum of two arrays of one point."""
        out = p.copy()
        points.add_extended(out[0], q[0])
        return out

    def fold(self, extended: Array, factors: Array, size: int) -> Array:
        """Fold by Σ_j f_j·P_(i + j·size), or f_(i + j·size) where every point has its own."""
        return _fold(extended, factors, size)

    def join_points(self, parts: Sequence[Array]) -> Array:
        """One array after the other."""
        return np.concatenate(parts)

    def is_identity(self, p: Array) -> bool:
        """Whether an array of one point holds the identity."""
        return bool(points.is_identity(p[0]))

    def permute(self, state: bytearray) -> None:
        """Keccak-f[1600] in place."""
        keccak.permute(np.frombuffer(state, np.uint64))
