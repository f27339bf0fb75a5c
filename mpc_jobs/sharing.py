"""Shamir's secret sharing over GF(2^127 − 1) (Shamir 1979), for whole arrays.

Party i holds the value at point i, 1 ≤ i ≤ n, of a polynomial of degree t whose value at 0 is
the secret. Any t shares are independent of the secret; t + 1 determine it. A product of two
shared values has degree 2t, so n ≥ 2t + 1.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np

from mpc_jobs import field
from mpc_jobs.faults import InconsistentError
from mpc_jobs.field import P
from mpc_jobs.kernels import Elements
from redactory.errors import InputError, PartyError

RandomBytes = Callable[[int], bytes]

MOST_KEY_SETS = 64


@dataclass(frozen=True)
class Scheme:
    """n parties of whom any t together learn nothing.

    Raises:
        InputError: fewer than 2t + 1 parties, or more key sets than are practical.
    """

    n: int
    t: int

    def __post_init__(self) -> None:
        """Refuse what the protocol cannot run with."""
        if self.t < 1 or self.n < 2 * self.t + 1:
            raise InputError(
                f"{self.n} parties cannot withstand {self.t} together",
                hint="use 3, 4, 5 or 7 parties with thresholds 1, 1, 2 or 3",
            )
        if math.comb(self.n, self.t) > MOST_KEY_SETS:
            raise InputError(f"{self.n} parties with threshold {self.t} need too many keys")

    @property
    def parties(self) -> range:
        """Party numbers, which are their points: 1 … n."""
        return range(1, self.n + 1)

    @cached_property
    def key_sets(self) -> tuple[tuple[int, ...], ...]:
        """Every set of n − t parties: a coalition of t misses exactly one of them."""
        return tuple(itertools.combinations(self.parties, self.n - self.t))

    @property
    def mask_bits(self) -> int:
        """R: the length of one set's mask, so that the sum of all stays below p / 2."""
        return 126 - (len(self.key_sets) - 1).bit_length()

    def share(self, secret: Elements, random_bytes: RandomBytes = os.urandom) -> list[Elements]:
        """Shares of ``secret`` for parties 1 … n."""
        return self.extend(secret, random_bytes, at=0)

    def extend(self, value: Elements, random_bytes: RandomBytes, *, at: int) -> list[Elements]:
        """Values at 1 … n of random polynomials of degree t that are ``value`` at ``at``.

        With x − at in place of x the polynomial is that of ordinary sharing.
        """
        shape = value.shape[1:]
        size = field.ELEMENT_BYTES * value[0].size
        coefficients = [field.from_words(random_bytes(size), shape) for _ in range(self.t)]
        shares = []
        for party in self.parties:
            share = coefficients[-1]
            for coefficient in (*reversed(coefficients[:-1]), value):
                share = field.horner_step(share, party - at, coefficient)
            shares.append(share)
        return shares

    def reconstruct(self, shares: Mapping[int, Elements], *, degree: int, at: int = 0) -> Elements:
        """The value at ``at`` of the polynomial of ``degree`` through the shares.

        Every share beyond the ``degree`` + 1 that are needed is checked against them.

        Raises:
            PartyError: too few shares.
            InconsistentError: they lie on no such polynomial.
        """
        if len(shares) < degree + 1:
            raise PartyError(
                f"{len(shares)} shares cannot open what needs {degree + 1}",
                hint="start the missing parties again and resume",
            )
        points = sorted(shares)
        base, rest = tuple(points[: degree + 1]), points[degree + 1 :]
        for extra in rest:
            expected = _combine(shares, base, lagrange(base, extra))
            if not np.array_equal(expected, shares[extra]):
                raise InconsistentError(
                    "the parties' shares do not fit together: one of them computed wrongly",
                    hint="nothing was revealed; find the faulty party before starting again",
                )
        return _combine(shares, base, lagrange(base, at))


def _combine(
    shares: Mapping[int, Elements], points: Sequence[int], weights: Sequence[int]
) -> Elements:
    result = np.zeros_like(shares[points[0]])
    for point, weight in zip(points, weights, strict=True):
        result = field.scale_add(result, shares[point], weight)
    return result


@cache
def lagrange(points: tuple[int, ...], at: int) -> tuple[int, ...]:
    """Weights λ with f(at) = Σ λ_i f(points_i) for polynomials of degree below len(points)."""
    return tuple(lagrange_modulo(points, at, P))


def lagrange_modulo(points: Sequence[int], at: int, modulus: int) -> list[int]:
    """The same over the integers modulo any prime."""
    weights = []
    for i in points:
        top = bottom = 1
        for j in points:
            if j != i:
                top = top * (at - j) % modulus
                bottom = bottom * (i - j) % modulus
        weights.append(top * pow(bottom, -1, modulus) % modulus)
    return weights


@cache
def set_weight(scheme: Scheme, key_set: tuple[int, ...], point: int, modulus: int = P) -> int:
    """f_A(point): degree t, 1 at 0, and 0 at every party outside A (Cramer et al. 2005, §3)."""
    weight = 1
    for outside in scheme.parties:
        if outside not in key_set:
            weight = weight * (outside - point) * pow(outside, -1, modulus) % modulus
    return weight
