"""Odd polynomials in place of the logistic function, and where they may be used.

p(z) = ½ + z · Σ c_i (z/2^ρ)^(2i). Coefficients: degree 3 as in Chen et al., "Logistic regression
over encrypted data from fully homomorphic encryption", BMC Med. Genomics 2018 (it turns over at
|z| ≈ 4.05); degrees 5 and 7 are the least-squares fits on [−8, 8] of Kim et al., "Secure Logistic
Regression Based on Homomorphic Encryption", JMIR Med. Inform. 2018.

Scaling z by 2^ρ keeps every intermediate near 1, whatever the degree, so that no fractional
bits are lost to small coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from mpc_jobs.arithmetic import Arithmetic, V
from redactory.errors import PolicyError

COEFFICIENT_BITS: Final = 14


@dataclass(frozen=True)
class Sigmoid:
    """An odd polynomial plus ½.

    Attributes:
        degree: 3, 5 or 7.
        log2_scale: ρ.
        coefficients: c_0, c_1, … in units of 2^−14.
        usable: the polynomial is near the logistic function for |z| up to this.
    """

    degree: int
    log2_scale: int
    coefficients: tuple[int, ...]
    usable: float

    def centred(self, arithmetic: Arithmetic[V], z: V, *, bits: int) -> V:
        """The value p(z) − ½ for scores with ``bits`` fractional bits; as many in the result.

        Takes (degree + 1) / 2 rounds.
        """
        (square,) = arithmetic.truncate((arithmetic.multiply(z, z), bits + 2 * self.log2_scale))
        *lower, first, last = self.coefficients
        value = arithmetic.shift(arithmetic.scale(square, last), first << bits)
        for coefficient in reversed(lower):
            (value,) = arithmetic.truncate((arithmetic.multiply(square, value), bits))
            value = arithmetic.shift(value, coefficient << bits)
        product = arithmetic.multiply(z, value)
        (result,) = arithmetic.truncate((product, bits + COEFFICIENT_BITS))
        return result

    @cached_property
    def rising(self) -> float:
        """Up to this |z| the polynomial increases."""
        slope = self._slope()
        roots = np.asarray(slope.roots(), np.complex128)
        return float(roots.real[(abs(roots.imag) < 1e-9) & (roots.real > 0)].min())

    @cached_property
    def steepest(self) -> float:
        """The greatest slope where p increases."""
        return float(self._slope()(np.linspace(0.0, self.rising, 4096)).max())

    def __call__(self, z: np.typing.NDArray[np.float64]) -> np.typing.NDArray[np.float64]:
        """The value p(z) in floating point."""
        return np.asarray(self._polynomial()(z) + 0.5)

    def _polynomial(self) -> np.polynomial.Polynomial:
        coefficients = np.zeros(self.degree + 1)
        for i, c in enumerate(self.coefficients):
            coefficients[2 * i + 1] = c / 2 ** (COEFFICIENT_BITS + 2 * i * self.log2_scale)
        return np.polynomial.Polynomial(coefficients)

    def _slope(self) -> np.polynomial.Polynomial:
        return self._polynomial().deriv()


def _sigmoid(degree: int, log2_scale: int, usable: float, *coefficients: float) -> Sigmoid:
    scaled = tuple(round(c * 2**COEFFICIENT_BITS) for c in coefficients)
    return Sigmoid(degree, log2_scale, scaled, usable)


SIGMOIDS: Final = {
    3: _sigmoid(3, 2, 4.0, 0.197, -0.004 * 16),
    5: _sigmoid(5, 3, 8.0, 1.53048 / 8, -2.3533056 / 8, 1.3511295 / 8),
    7: _sigmoid(7, 3, 8.0, 1.73496 / 8, -4.19407 / 8, 5.43402 / 8, -2.50739 / 8),
}


def sigmoid_of(degree: int) -> Sigmoid:
    """The polynomial of a degree.

    Raises:
        PolicyError: there is none.
    """
    if degree not in SIGMOIDS:
        raise PolicyError(f"no sigmoid of degree {degree}", hint="3, 5 or 7")
    return SIGMOIDS[degree]
