"""Membership inference: telling rows that a model was trained on from rows that it was not.

Two attacks. The *loss threshold* (Yeom et al., CSF 2018): a model is surer of rows it has seen.
The *likelihood ratio* (LiRA: Carlini et al., "Membership Inference Attacks From First Principles",
IEEE S&P 2022, sections IV and V): of many models, half have seen a row; how sure models of either
half are of it is close to normal, and the ratio of the two densities is the score. Each
model is the target once, with the others as its shadows; the variance is pooled over rows.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpc_jobs.privacy.audit.shadows import Floats
from redactory.errors import InputError

_LEAST_MODELS = 8
_FEW = 0.01


@dataclass(frozen=True)
class Attack:
    """How well an attack tells members from others.

    Attributes:
        auc: area under the curve; one half is guessing.
        found_at_1_percent: share of members found when 1 % of the others are wrongly accused.
        advantage: greatest difference of the two shares over all thresholds.
    """

    auc: float
    found_at_1_percent: float
    advantage: float

    def as_json(self) -> dict[str, Any]:
        """For reports."""
        return {name: round(value, 4) for name, value in asdict(self).items()}


def halves(rows: int, models: int, random: np.random.Generator) -> NDArray[np.bool_]:
    """Which rows each model uses ``[rows, models]``: every row is in exactly half of them.

    Raises:
        InputError: an odd number of models, or too few.
    """
    if models % 2 or models < _LEAST_MODELS:
        raise InputError(f"the attack needs an even number of models, {_LEAST_MODELS} or more")
    order = random.random((rows, models)).argsort(axis=1)
    return np.asarray(order < models // 2)


def loss_threshold(confidence: Floats, members: NDArray[np.bool_]) -> Attack:
    """The attack with one threshold for all rows, on every model by itself.

    Args:
        confidence: how sure each model is of each row's class ``[rows, models]``.
        members: which rows each model used ``[rows, models]``.
    """
    found = [judged(confidence[:, m], members[:, m]) for m in range(members.shape[1])]
    means = np.mean([(a.auc, a.found_at_1_percent, a.advantage) for a in found], axis=0)
    return Attack(*map(float, means))


def likelihood_ratio(confidence: Floats, members: NDArray[np.bool_]) -> Attack:
    """LiRA, each model in turn as the target; arguments as in :func:`loss_threshold`."""
    values = confidence.astype(np.float64)
    models = members.shape[1]
    statistics = np.empty_like(values)
    for target in range(models):
        shadows = np.arange(models) != target
        inside = members[:, shadows]
        seen, unseen = _normal(values[:, shadows], inside), _normal(values[:, shadows], ~inside)
        mine = values[:, target]
        statistics[:, target] = _log_density(mine, *seen) - _log_density(mine, *unseen)
    return judged(statistics.reshape(-1), members.reshape(-1))


def judged(scores: NDArray[Any], members: NDArray[np.bool_]) -> Attack:
    """What a score that should be higher for members is worth."""
    order = np.argsort(-scores, kind="stable")
    ranked, inside = scores[order], members[order]
    # Rows with equal scores stand or fall together.
    last = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    found = np.concatenate([[0.0], np.cumsum(inside)[last] / max(inside.sum(), 1)])
    accused = np.concatenate([[0.0], np.cumsum(~inside)[last] / max((~inside).sum(), 1)])
    auc = float(np.trapezoid(found, accused))
    few = float(found[accused <= _FEW].max())
    return Attack(auc, few, float(np.max(found - accused)))


def _normal(
    values: NDArray[np.float64], chosen: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], float]:
    """Mean of each row over the chosen models, and the deviation of all rows together."""
    counts = chosen.sum(axis=1)
    means = np.where(chosen, values, 0).sum(axis=1) / np.maximum(counts, 1)
    squares = np.where(chosen, (values - means[:, None]) ** 2, 0).sum()
    freedom = max(int((counts - 1).clip(0).sum()), 1)
    return means, float(np.sqrt(squares / freedom)) + 1e-9


def _log_density(
    x: NDArray[np.float64], mean: NDArray[np.float64], deviation: float
) -> NDArray[np.float64]:
    return np.asarray(-0.5 * ((x - mean) / deviation) ** 2 - np.log(deviation))
