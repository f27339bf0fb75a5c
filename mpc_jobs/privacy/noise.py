"""Noise for gradients on shares: nobody knows it, and no coalition can take it away.

Every party samples discrete Gaussian noise of variance σ² / (n − t) for each step of an epoch, and
deals it before the epoch starts (:func:`epoch_noise`), n being the parties that are present then. A
coalition of t can subtract its own parts; what the others added still has variance σ². The sum is
added to the gradient product before it is truncated (:class:`NoisyArithmetic`), where it costs no
round.
"""

from __future__ import annotations

import math
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Generic

import numpy as np

from mpc_jobs import field
from mpc_jobs.arithmetic import Arithmetic, V
from mpc_jobs.kernels import Elements
from mpc_jobs.mesh import Mesh
from mpc_jobs.privacy.accounting import LEAST_DEVIATION, Spent, rho_of, spent
from mpc_jobs.privacy.discrete_gaussian import RandomBelow, discrete_gaussian, tail_bound
from mpc_jobs.sharing import RandomBytes, Scheme
from redactory.errors import PartyError, PolicyError

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
        if self.party_variance(self.scheme.n) < LEAST_DEVIATION**2:
            raise PolicyError(
                "the noise of a party is too fine to be counted as Gaussian",
                hint="use more fractional bits, or a smaller ε",
            )

    def party_variance(self, present: int) -> Fraction:
        """Of one party's part in each entry: σ² / (present − t), rounded up.

        Args:
            present: how many parties deal.

        Raises:
            PartyError: so few that a coalition could take all the noise away.
        """
        honest = present - self.scheme.t
        if honest < 1:
            raise PartyError(f"{present} parties cannot make noise that none of them knows")
        sigma = Fraction(self.multiplier) * self.sensitivity
        return Fraction(-(-(sigma**2).__ceil__() // honest))

    @property
    def bound(self) -> int:
        """All parties' noise in one entry is below this but for a probability of n · 2^−100."""
        least = 2 * self.scheme.t + 1
        return self.scheme.n * tail_bound(self.party_variance(least), _TAIL_BITS)

    def norm(self, entries: int, bits: int) -> float:
        """The noise of one step is shorter than this but for a probability of 2^−bits.

        The parts are sub-Gaussian; Hsu, Kakade, Zhang, "A tail inequality for quadratic forms of
        subgaussian random vectors", 2012. A proof of the range of scores needs it.
        """
        least = 2 * self.scheme.t + 1
        deviation = math.sqrt(self.scheme.n * self.party_variance(least))
        return deviation * (math.sqrt(entries) + math.sqrt(2 * bits * math.log(2)))

    @property
    def spent(self) -> Spent:
        """What the whole training costs; opened metrics come on top."""
        return spent(rho_of(self.multiplier, self.epochs), self.delta)

    def deal(
        self,
        shape: tuple[int, ...],
        *,
        present: int,
        random_bytes: RandomBytes = os.urandom,
        below: RandomBelow = secrets.randbelow,
    ) -> list[Elements]:
        """One party's noise as shares for parties 1 … n; it keeps its own and nothing else.

        Args:
            shape: of the gradients, steps included.
            present: how many parties deal.
            random_bytes: for the shares.
            below: for the noise.
        """
        noise = discrete_gaussian(self.party_variance(present), math.prod(shape), below)
        return self.scheme.share(field.from_integers(noise, shape), random_bytes)


def epoch_noise(
    plan: NoisePlan, mesh: Mesh, shape: tuple[int, int], *, steps: int
) -> Iterator[Elements]:
    """Deal this party's noise for an epoch, and give its shares of everybody's, step by step.

    One exchange.

    Args:
        plan: the job's.
        mesh: the connections.
        shape: of a gradient.
        steps: mini-batches of the epoch.

    Raises:
        PartyError: a party sent something else, or too few are left.
    """
    parts = plan.deal((steps, *shape), present=len(mesh.present))
    payloads = {n: field.encode(parts[n - 1]) for n in mesh.present if n != mesh.me}
    received = mesh.exchange(payloads, own=field.encode(parts[mesh.me - 1]))
    if len(received) != len(payloads) + 1:
        raise PartyError(
            "a party was lost while noise was dealt", hint="start all parties again and resume"
        )
    total = field.zeros((steps, *shape))
    for number, raw in sorted(received.items()):
        total = field.add(total, field.decode(raw, (steps, *shape), where=f"party {number}"))
    for step in range(steps):
        yield np.ascontiguousarray(total[:, step])


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
