"""Proof before the start: how large any intermediate can get, and that its masks hide it.

A model's program is run on bounds alone (interval arithmetic on magnitudes). What comes out is
l, the width in bits that every truncated value fits, and how many elements are opened. With R
bits of mask that one coalition always lacks (:attr:`Scheme.mask_bits`), opening a value of l bits
is within 2^(l−R) of independent of it; the job is refused unless

    R − l ≥ κ,    κ = max(55, 40 + log2(elements opened in the job)).

So over a whole job the sum of all statistical distances stays below 2^−40.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from mpc_jobs.sharing import Scheme
from redactory.errors import PolicyError

LEAST_KAPPA = 55
JOB_KAPPA = 40


@dataclass(frozen=True)
class Bound:
    """A matrix of which only its shape and the greatest magnitude of an entry are known."""

    rows: int
    columns: int
    magnitude: int


class BoundsArithmetic:
    """Carries out a model's program on bounds.

    Args:
        scheme: decides the error of a truncation.

    Attributes:
        largest: the greatest magnitude of a truncated value, its error included.
        opened: elements opened.
        rounds: rounds of communication.
    """

    def __init__(self, scheme: Scheme) -> None:
        self._sets = len(scheme.key_sets)
        self.largest = 0
        self.opened = 0
        self.rounds = 0

    def matmul(self, x: Bound, w: Bound) -> Bound:
        """The product x · w."""
        return Bound(x.rows, w.columns, x.columns * x.magnitude * w.magnitude)

    def transposed_matmul(self, x: Bound, e: Bound) -> Bound:
        """The product xᵀ · e."""
        return Bound(x.columns, e.columns, x.rows * x.magnitude * e.magnitude)

    def multiply(self, a: Bound, b: Bound) -> Bound:
        """Element by element."""
        return replace(a, magnitude=a.magnitude * b.magnitude)

    def truncate(self, *products: tuple[Bound, int]) -> list[Bound]:
        """Records what is opened; the result may be off by one unit for each key set."""
        self.rounds += 1
        results = []
        for product, bits in products:
            self.largest = max(self.largest, product.magnitude + (self._sets << bits))
            self.opened += product.rows * product.columns
            results.append(replace(product, magnitude=(product.magnitude >> bits) + self._sets))
        return results

    def add(self, a: Bound, b: Bound) -> Bound:
        """The sum a + b."""
        return replace(a, magnitude=a.magnitude + b.magnitude)

    def subtract(self, a: Bound, b: Bound) -> Bound:
        """The difference a − b."""
        return self.add(a, b)

    def scale(self, a: Bound, factor: int) -> Bound:
        """The product of a and a public integer."""
        return replace(a, magnitude=a.magnitude * abs(factor))

    def scale_columns(self, a: Bound, factors: Sequence[int]) -> Bound:
        """Each column times a public integer of its own."""
        return self.scale(a, max(map(abs, factors)))

    def shift(self, a: Bound, value: int) -> Bound:
        """The sum of a and a public integer."""
        return replace(a, magnitude=a.magnitude + abs(value))

    def transposed(self, a: Bound) -> Bound:
        """Rows and columns change places."""
        return Bound(a.columns, a.rows, a.magnitude)

    def rows(self, a: Bound) -> int:
        """The n of (n, k)."""
        return a.rows

    def claim(self, a: Bound, bound: int) -> Bound:
        """Take the owners' word, or the tighter bound."""
        return replace(a, magnitude=min(a.magnitude, bound))

    @property
    def width(self) -> int:
        """l: every truncated value is below 2^(l−1) in magnitude."""
        return self.largest.bit_length() + 1


def required_kappa(opened: int) -> int:
    """κ for a job that opens so many elements."""
    return max(LEAST_KAPPA, JOB_KAPPA + math.ceil(math.log2(max(opened, 1))))


def require_hiding(scheme: Scheme, *, width: int, opened: int) -> None:
    """Refuse a job whose values are too wide for its masks.

    Raises:
        PolicyError: says by how many bits.
    """
    kappa = required_kappa(opened)
    excess = width - (scheme.mask_bits - kappa)
    if excess > 0:
        raise PolicyError(
            f"intermediate values of {width} bits cannot be hidden: {excess} bits too many "
            f"for masks of {scheme.mask_bits} bits and κ = {kappa}",
            hint="fewer fractional bits, a smaller range of features, or a smaller learning rate",
        )
