"""Canary exposure: planting secrets, and asking the model which of many was planted.

Carlini et al., "The Secret Sharer", USENIX Security 2019, section 4: a canary's *exposure* is
log2 of the number of candidates, less log2 of its rank among them by the model's loss. Guessing
gives 1.44 on average (ranks uniform); all candidates alike give 1; the most there is, is log2 of
their number: the secret is read out of the model.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mpc_jobs.privacy.audit.shadows import Floats
from redactory.errors import InputError

GUESSING = math.log2(math.e)


@dataclass(frozen=True)
class Exposure:
    """The exposures of all canaries of one kind.

    Attributes:
        repeated: how often each was planted.
        mean: of the exposures.
        largest: of them.
        limit: the most there could be.
        read_out: canaries that the model ranks first of all candidates.
    """

    repeated: int
    mean: float
    largest: float
    limit: float
    read_out: int

    def as_json(self) -> dict[str, Any]:
        """For reports."""
        return {
            name: round(value, 3) if isinstance(value, float) else value
            for name, value in vars(self).items()
        }


def exposure(confidence: Floats, planted: int) -> float:
    """The exposure of one canary.

    Args:
        confidence: of the model in the planted class, for each candidate ``[candidates]``.
        planted: place of the planted one among them.

    Raises:
        InputError: there is nothing to confuse it with.
    """
    if len(confidence) < 2 or not 0 <= planted < len(confidence):
        raise InputError("a canary needs at least one other candidate")
    mine = confidence[planted]
    better = int((confidence > mine).sum())
    alike = int((confidence == mine).sum()) - 1
    return math.log2(len(confidence)) - math.log2(1 + better + alike / 2)


def summed_up(exposures: Sequence[float], *, candidates: int, repeated: int) -> Exposure:
    """What a row of the report says.

    Args:
        exposures: one a canary.
        candidates: how many there were for each.
        repeated: how often each was planted.
    """
    limit = math.log2(candidates)
    return Exposure(
        repeated=repeated,
        mean=float(np.mean(exposures)),
        largest=float(np.max(exposures)),
        limit=limit,
        read_out=sum(value > limit - 1e-9 for value in exposures),
    )
