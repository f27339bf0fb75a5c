"""The whole audit of one way of preparing texts: membership and canaries, with and without noise.

1. *Membership*: models on random halves of the rows; every row is in half of them.
2. *Canaries*: one model on all rows and all canaries. The model's confidence in each candidate
   gives the canary's exposure.

Everything is repeated for every privacy budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpc_jobs.features import FeatureSpec, open_featuriser
from mpc_jobs.privacy.audit.exposure import Exposure, exposure, summed_up
from mpc_jobs.privacy.audit.membership import Attack, halves, likelihood_ratio, loss_threshold
from mpc_jobs.privacy.audit.shadows import Floats, Recipe, confidence, train, with_constant
from redactory.errors import InputError

_LEAST_ROWS = 20


@dataclass(frozen=True)
class Canary:
    """A secret that is planted.

    Attributes:
        candidates: texts that differ in the secret only, prepared as the rows are.
        planted: place of the one that goes into the training set.
        repeated: how often it goes in.
        label: place of its class.
    """

    candidates: tuple[str, ...]
    planted: int
    repeated: int
    label: int


@dataclass(frozen=True)
class Prepared:
    """Rows and canaries after one way of preparing texts.

    Attributes:
        name: such as ``raw`` or ``redacted``.
        texts: one a row.
        labels: places of their classes ``[n]``.
        canaries: planted beside them.
    """

    name: str
    texts: Sequence[str]
    labels: NDArray[np.int32]
    canaries: Sequence[Canary]


@dataclass(frozen=True)
class Finding:
    """What the attacks achieve on one kind of model.

    Attributes:
        texts: how the texts were prepared.
        epsilon: the budget; None for training without noise.
        accuracy: on rows that a model was not trained on.
        loss_threshold: membership by one threshold.
        likelihood_ratio: membership by LiRA.
        exposures: of canaries, by how often they were planted.
    """

    texts: str
    epsilon: float | None
    accuracy: float
    loss_threshold: Attack
    likelihood_ratio: Attack
    exposures: tuple[Exposure, ...]

    def as_json(self) -> dict[str, Any]:
        """For reports."""
        return {
            "texts": self.texts,
            "epsilon": self.epsilon,
            "accuracy": round(self.accuracy, 4),
            "loss_threshold": self.loss_threshold.as_json(),
            "likelihood_ratio": self.likelihood_ratio.as_json(),
            "exposures": [each.as_json() for each in self.exposures],
        }


def attack(
    prepared: Prepared,
    spec: FeatureSpec,
    recipe: Recipe,
    *,
    epsilons: Sequence[float | None],
    models: int = 32,
    seed: int = 0,
) -> list[Finding]:
    """Attack models trained on these texts, one finding a budget.

    Args:
        prepared: rows and canaries.
        spec: how texts become rows.
        recipe: how models are trained; its own budget is replaced.
        epsilons: budgets; None for training without noise.
        models: shadows, an even number.
        seed: of the choice of rows and the noise of this audit.

    Raises:
        InputError: too few rows or classes.
    """
    if len(prepared.texts) < _LEAST_ROWS or len(set(prepared.labels.tolist())) < 2:
        raise InputError(f"an audit needs at least {_LEAST_ROWS} rows of two classes")
    featuriser = open_featuriser(spec)

    def rows(texts: Sequence[str]) -> Floats:
        return with_constant(featuriser.rows(texts), spec.scale_bits)

    x = rows(prepared.texts)
    candidates = [rows(canary.candidates) for canary in prepared.canaries]
    findings = []
    for epsilon in epsilons:
        random = np.random.default_rng(seed)
        told = replace(recipe, epsilon=epsilon)
        members = halves(len(x), models, random)
        weights = train(x, prepared.labels, members, told, random)
        sure = confidence(x, prepared.labels, weights)
        findings.append(
            Finding(
                texts=prepared.name,
                epsilon=epsilon,
                accuracy=float((sure[~members] > 0).mean()),
                loss_threshold=loss_threshold(sure, members),
                likelihood_ratio=likelihood_ratio(sure, members),
                exposures=_exposures(prepared, x, candidates, told, random),
            )
        )
    return findings


def _exposures(
    prepared: Prepared,
    x: Floats,
    candidates: Sequence[Floats],
    recipe: Recipe,
    random: np.random.Generator,
) -> tuple[Exposure, ...]:
    """One model on everything; the canaries are spread among the rows."""
    planted = [
        (rows[canary.planted], canary.label)
        for rows, canary in zip(candidates, prepared.canaries, strict=True)
        for _ in range(canary.repeated)
    ]
    if not planted:
        return ()
    all_x = np.vstack([x, [row for row, _ in planted]])
    all_labels = np.append(prepared.labels, [label for _, label in planted]).astype(np.int32)
    order = random.permutation(len(all_x))
    everyone = np.ones((len(all_x), 1), np.bool_)
    weights = train(all_x[order], all_labels[order], everyone, recipe, random)
    by_count: dict[int, list[float]] = {}
    sizes: dict[int, int] = {}
    for rows, canary in zip(candidates, prepared.canaries, strict=True):
        labels = np.full(len(rows), canary.label, np.int32)
        found = exposure(confidence(rows, labels, weights)[:, 0], canary.planted)
        by_count.setdefault(canary.repeated, []).append(found)
        sizes[canary.repeated] = len(rows)
    return tuple(
        summed_up(found, candidates=sizes[count], repeated=count)
        for count, found in sorted(by_count.items())
    )
