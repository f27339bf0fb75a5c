"""The triage label: what four graded features say together, never one of them alone.

Each document grades severity, course over time, impact on the person, and what is asked for,
each from 0 to 2. The sum decides: up to 2 is ``information``, 3 to 5 ``routine``, from 6 on
``urgent``. So a terrible event that ended long ago and asks for nothing is not urgent, and a
mild one may be. A few labels are wrong on purpose, as in any real desk's archive.
"""

from __future__ import annotations

from itertools import product
from random import Random
from typing import NamedTuple

LABELS = ("urgent", "routine", "information")
_LABEL_NOISE = 0.03
# How often a class shows each sum: mostly clear cases, some near the border.
_SUM_WEIGHTS = {
    "information": {0: 5, 1: 4, 2: 1},
    "routine": {3: 1, 4: 8, 5: 1},
    "urgent": {6: 1, 7: 4, 8: 5},
}
_USUAL = 100
_CLASS_WEIGHTS = {"urgent": 30, "routine": 38, "information": 32}


class Features(NamedTuple):
    """Grades from 0 (calm) to 2 (grave)."""

    severity: int
    course: int
    impact: int
    request: int

    @property
    def label(self) -> str:
        """The class these grades stand for."""
        total = sum(self)
        return "urgent" if total >= 6 else "routine" if total >= 3 else "information"


def _by_sum() -> dict[int, list[Features]]:
    by_sum: dict[int, list[Features]] = {total: [] for total in range(9)}
    for grades in product(range(3), repeat=4):
        # Calm and grave in one document is rare, or nobody would believe the texts.
        weight = 1 if max(grades) - min(grades) == 2 else _USUAL
        by_sum[sum(grades)] += [Features(*grades)] * weight
    return by_sum


_BY_SUM = _by_sum()


def draw_features(random: Random) -> Features:
    """Draw grades so that the three classes come out in their intended shares."""
    label = random.choices(list(_CLASS_WEIGHTS), list(_CLASS_WEIGHTS.values()))[0]
    sums = _SUM_WEIGHTS[label]
    return random.choice(_BY_SUM[random.choices(list(sums), list(sums.values()))[0]])


def draw_label(random: Random, features: Features) -> str:
    """The label of ``features``, or now and then another one."""
    if random.random() < _LABEL_NOISE:
        return random.choice([label for label in LABELS if label != features.label])
    return features.label
