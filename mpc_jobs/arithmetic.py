"""The arithmetic that models are written in, apart from what carries it out.

A model (:mod:`mpc_jobs.models`) is written once over this interface. Three things carry it out:
shares and a network (:mod:`mpc_jobs.shared`), plain integers (:mod:`mpc_jobs.twin`, the oracle),
and bounds alone (:mod:`mpc_jobs.bounds`, which proves before a job starts that nothing
overflows). So what is tested, what is proven and what is run cannot drift apart.

Values are matrices of fixed-point numbers; how many fractional bits a value has is the model's
own business. Products are exact and carry the bits of both factors until they are truncated.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

V = TypeVar("V")


class Arithmetic(Protocol[V]):
    """Fixed-point matrices of some representation ``V``."""

    def matmul(self, x: V, w: V) -> V:
        """The product x · w: (n, d) times (d, k). A product: to be truncated or reduced."""

    def transposed_matmul(self, x: V, e: V) -> V:
        """The product xᵀ · e: (n, d) and (n, k) give (d, k). A product."""

    def multiply(self, a: V, b: V) -> V:
        """Element by element. A product."""

    def truncate(self, *products: tuple[V, int]) -> list[V]:
        """⌊v / 2^bits⌋ of each (v, bits), off by a few units in the last place; one round."""

    def add(self, a: V, b: V) -> V:
        """The sum a + b."""

    def subtract(self, a: V, b: V) -> V:
        """The difference a − b."""

    def scale(self, a: V, factor: int) -> V:
        """The product of a and a public integer."""

    def scale_columns(self, a: V, factors: Sequence[int]) -> V:
        """Each column of (n, k) times a public integer of its own."""

    def shift(self, a: V, value: int) -> V:
        """The sum of a and a public integer."""

    def transposed(self, a: V) -> V:
        """(n, k) as (k, n)."""

    def rows(self, a: V) -> int:
        """The n of (n, k)."""

    def claim(self, a: V, bound: int) -> V:
        """``a``, of which the job's owners say that no entry is beyond ±``bound``."""
