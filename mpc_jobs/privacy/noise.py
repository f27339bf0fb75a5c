"""Noise for gradients on shares: nobody knows it, and no coalition can take it away.

Every party samples discrete Gaussian noise of variance σ² / (n − t) for each step of an epoch, and
deals it before the epoch starts. A coalition of t can subtract its own parts; what the other n − t
added still has variance σ². The sum is added to the gradient product before it is truncated
(:class:`NoisyArithmetic`), where it costs no round.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic

import numpy as np
import numpy.typing as npt

from mpc_jobs import field
from mpc_jobs.arithmetic import Arithmetic, V
from mpc_jobs.kernels import Elements
from mpc_jobs.privacy.accounting import LEAST_DEVIATION, Spent, rho_of, spent
from mpc_jobs.privacy.discrete_gaussian import RandomBelow, discrete_gaussian, tail_bound
from mpc_jobs.sharing import RandomBytes, Scheme
from redactory.errors import PolicyError

_TAIL_BITS = 100


@dataclass(frozen=True)
class NoisePlan:
    """The noise of a job.

    Attributes:
        scheme: parties and threshold.
        sensitivity: of a gradient product, an integer (:mod:`~mpc_jobs.privacy.sensitivity`).
        multiplier: the deviation σ over the sensitivity.
        epochs: how often each record is used.
        delta: the job's δ.

    Raises:
        PolicyError: the noise would be too fine for the accounting.
    """

    scheme: Scheme
    sensitivity: int
    multiplier: float
    epochs: int
    delta: float

    def __post_init__(self) -> None:
        """Refuse noise that is not the accounted one."""
        if self.party_variance < LEAST_DEVIATION**2:
            raise PolicyError(
                "the noise of a party is too fine to be counted as Gaussian",
                hint="use more fractional bits, or a smaller ε",
            )

    @property
    def party_variance(self) -> Fraction:
        """Of each party's part in each entry; σ² / (n − t), rounded up."""
        sigma = Fraction(self.multiplier) * self.sensitivity
        honest = self.scheme.n - self.scheme.t
        return Fraction(-(-(sigma**2).__ceil__() // honest))

    @property
    def bound(self) -> int:
        """All parties' noise in one entry is below this but for a probability of n · 2^−100."""
        return self.scheme.n * tail_bound(self.party_variance, _TAIL_BITS)

    @property
    def spent(self) -> Spent:
        """What the whole training costs; opened metrics come on top."""
        return spent(rho_of(self.multiplier, self.epochs), self.delta)

    def draw(
        self, shape: tuple[int, ...], below: RandomBelow = secrets.randbelow
    ) -> npt.NDArray[np.object_]:
        """One party's noise for an array of gradients, Python integers."""
        count = int(np.prod(shape))
        return np.array(discrete_gaussian(self.party_variance, count, below), object).reshape(shape)

    def deal(
        self,
        shape: tuple[int, ...],
        random_bytes: RandomBytes,
        below: RandomBelow = secrets.randbelow,
    ) -> list[Elements]:
        """One party's noise as shares for parties 1 … n; it keeps its own and nothing else."""
        noise = self.draw(shape, below)
        return self.scheme.share(field.from_integers(noise.reshape(-1), shape), random_bytes)


class NoisyArithmetic(Generic[V]):
    """An arithmetic that adds the next noise to every gradient product.

    For linear models: their one ``transposed_matmul`` a step is the gradient. Everything else is
    passed on.

    Args:
        inner: carries out everything.
        noise: one value a step, in the representation of ``inner``.
    """

    def __init__(self, inner: Arithmetic[V], noise: Iterator[V]) -> None:
        self._inner = inner
        self._noise = noise
        self.matmul = inner.matmul
        self.multiply = inner.multiply
        self.truncate = inner.truncate
        self.add = inner.add
        self.subtract = inner.subtract
        self.scale = inner.scale
        self.scale_columns = inner.scale_columns
        self.shift = inner.shift
        self.transposed = inner.transposed
        self.rows = inner.rows
        self.claim = inner.claim

    def transposed_matmul(self, x: V, e: V) -> V:
        """The product xᵀ · e with noise.

        Raises:
            PolicyError: there is no noise left; nothing goes out without.
        """
        noise = next(self._noise, None)
        if noise is None:
            raise PolicyError("the noise is used up, and no gradient may go without")
        return self._inner.add(self._inner.transposed_matmul(x, e), noise)
