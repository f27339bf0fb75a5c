"""The plaintext twin: the same program, fixed point and batches, on integers in the clear.

It is the oracle that shared runs are compared with. Its truncation is the exact floor, while
that on shares is off by at most C(n,t) units in the last place (:mod:`mpc_jobs.shared`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[Any]

_INT64_WIDTH = 62


class PlainArithmetic:
    """Integer matrices.

    Args:
        width: bits of the widest intermediate; beyond int64, Python's integers are used.
    """

    def __init__(self, *, width: int) -> None:
        self._type: Any = np.int64 if width <= _INT64_WIDTH else object

    def lift(self, values: npt.NDArray[np.int64]) -> Integers:
        """Integers in the type that the widest intermediate needs."""
        return np.asarray(values).astype(self._type)

    def matmul(self, x: Integers, w: Integers) -> Integers:
        """The product x · w."""
        return np.asarray(x @ w)

    def transposed_matmul(self, x: Integers, e: Integers) -> Integers:
        """The product xᵀ · e."""
        return np.asarray(x.T @ e)

    def multiply(self, a: Integers, b: Integers) -> Integers:
        """Element by element."""
        return np.asarray(a * b)

    def truncate(self, *products: tuple[Integers, int]) -> list[Integers]:
        """Exact floors."""
        return [np.asarray(product >> bits) for product, bits in products]

    def add(self, a: Integers, b: Integers) -> Integers:
        """The sum a + b."""
        return np.asarray(a + b)

    def subtract(self, a: Integers, b: Integers) -> Integers:
        """The difference a − b."""
        return np.asarray(a - b)

    def scale(self, a: Integers, factor: int) -> Integers:
        """The product of a and an integer."""
        return np.asarray(a * factor)

    def scale_columns(self, a: Integers, factors: Sequence[int]) -> Integers:
        """Each column times an integer of its own."""
        return np.asarray(a * np.array(factors, a.dtype))

    def shift(self, a: Integers, value: int) -> Integers:
        """The sum of a and an integer."""
        return np.asarray(a + value)

    def transposed(self, a: Integers) -> Integers:
        """(n, k) as (k, n)."""
        return np.ascontiguousarray(a.T)

    def rows(self, a: Integers) -> int:
        """The n of (n, k)."""
        return int(a.shape[0])

    def claim(self, a: Integers, bound: int) -> Integers:  # noqa: ARG002 - proven elsewhere
        """Nothing to do on integers."""
        return a
