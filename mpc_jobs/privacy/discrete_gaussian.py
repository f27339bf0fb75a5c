"""Exact samples of the discrete Gaussian, in integers only.

Algorithms 1 to 3 of Canonne, Kamath, Steinke, "The Discrete Gaussian for Differential Privacy",
NeurIPS 2020: Bernoulli(exp(−γ)) for rational γ, the discrete Laplace distribution, and rejection
from it. Floating-point samplers leak what they hide (Mironov, CCS 2012).
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable
from fractions import Fraction

from redactory.errors import InputError

RandomBelow = Callable[[int], int]


def discrete_gaussian(
    variance: Fraction | int, count: int, below: RandomBelow = secrets.randbelow
) -> list[int]:
    """Independent samples with probability proportional to exp(−x² / (2 · variance)).

    Args:
        variance: the parameter σ², positive.
        count: how many.
        below: uniform integers below its argument.

    Raises:
        InputError: no such variance.
    """
    exact = Fraction(variance)
    if exact <= 0:
        raise InputError("noise needs a positive variance")
    return [_sample(exact, below) for _ in range(count)]


def tail_bound(variance: Fraction | int, bits: int) -> int:
    """A sample is beyond this with probability below 2^−bits.

    The discrete Gaussian has the tails of the continuous one: 2 exp(−x² / (2σ²)).
    """
    return math.isqrt(math.ceil(2 * Fraction(variance) * math.ceil((bits + 1) * math.log(2)))) + 1


def _sample(variance: Fraction, below: RandomBelow) -> int:
    scale = math.isqrt(variance.numerator // variance.denominator) + 1
    while True:
        value = _discrete_laplace(scale, below)
        # γ = (|value| − σ²/scale)² / (2σ²)
        top = (abs(value) * scale * variance.denominator - variance.numerator) ** 2
        bottom = 2 * variance.numerator * variance.denominator * scale**2
        if _bernoulli_exp(top, bottom, below):
            return value


def _discrete_laplace(scale: int, below: RandomBelow) -> int:
    """Probability proportional to exp(−|x| / scale)."""
    while True:
        low = below(scale)
        if not _bernoulli_exp(low, scale, below):
            continue
        high = 0
        while _bernoulli_exp(1, 1, below):
            high += 1
        value = low + scale * high
        negative = below(2)
        if not (negative and value == 0):
            return -value if negative else value


def _bernoulli_exp(top: int, bottom: int, below: RandomBelow) -> bool:
    """True with probability exp(−top / bottom)."""
    while top > bottom:
        if not _bernoulli_exp(1, 1, below):
            return False
        top -= bottom
    # For γ ≤ 1: the first k with Bernoulli(γ / k) false is odd with probability exp(−γ).
    k = 1
    while below(bottom * k) < top:
        k += 1
    return k % 2 == 1
