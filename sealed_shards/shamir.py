"""Shamir's secret sharing (Communications of the ACM 22(11), 1979) over the field of 2²⁵⁵ - 19.

A secret is the value at 0 of a random polynomial of degree threshold - 1; share ``x`` is its
value at ``x``. Fewer than the threshold say nothing about the secret. Nothing here notices a
wrong share: :mod:`sealed_shards.custodians` does.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping

PRIME = 2**255 - 19
ELEMENT_BYTES = 32


def draw() -> int:
    """A uniformly random element of the field."""
    return secrets.randbelow(PRIME)


def split(
    secret: int, *, threshold: int, shares: int, draw: Callable[[], int] = draw
) -> dict[int, int]:
    """Shares of ``secret`` by their number, from 1.

    Args:
        secret: an element of the field.
        threshold: how many rebuild it, at least 1.
        shares: how many there are, at least ``threshold``.
        draw: source of random elements.
    """
    if not 1 <= threshold <= shares < PRIME or not 0 <= secret < PRIME:
        raise ValueError("no such sharing")
    coefficients = [secret, *(draw() for _ in range(threshold - 1))]
    return {x: _value(coefficients, x) for x in range(1, shares + 1)}


def combine(shares: Mapping[int, int]) -> int:
    """The value at 0 of the polynomial through ``shares`` (Lagrange).

    Args:
        shares: value by number; exactly as many as the threshold, or more of the same sharing.
    """
    if not shares or any(not 0 < x < PRIME for x in shares):
        raise ValueError("no such shares")
    total = 0
    for x, y in shares.items():
        above = below = 1
        for other in shares:
            if other != x:
                above = above * other % PRIME
                below = below * (other - x) % PRIME
        total += y * above * pow(below, -1, PRIME)
    return total % PRIME


def _value(coefficients: list[int], x: int) -> int:
    value = 0
    for coefficient in reversed(coefficients):
        value = (value * x + coefficient) % PRIME
    return value
