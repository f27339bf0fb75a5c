"""Many logistic models at once, on rows chosen for each: the shadows of an attack.

One-vs-rest logistic regression by mini-batch gradient descent from 0, as a job trains it, in
floating point. All models of a call share every matrix product.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mpc_jobs.privacy.accounting import multiplier_for

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Recipe:
    """How a model is trained.

    Attributes:
        epochs: passes over the rows.
        batch_rows: rows of a mini-batch, before each model leaves out those it does not use.
        learning_rate: step length.
        epsilon: privacy budget; None for no noise.
        delta: its δ.
    """

    epochs: int = 20
    batch_rows: int = 512
    learning_rate: float = 4.0
    epsilon: float | None = None
    delta: float = 1e-5

    def noise(self, outputs: int) -> float:
        """Deviation of the noise in each entry of a gradient sum.

        A row of features has norm 1 at most, the constant another 1, and a residual lies
        between −1 and 1 in each output.
        """
        if self.epsilon is None:
            return 0.0
        sensitivity = float(np.sqrt(2 * outputs))
        return multiplier_for(self.epsilon, self.delta, self.epochs) * sensitivity


def train(
    x: Floats,
    labels: NDArray[np.int32],
    members: NDArray[np.bool_],
    recipe: Recipe,
    random: np.random.Generator,
) -> Floats:
    """The weights of all models.

    Args:
        x: features ``[n, d]``, the constant included.
        labels: places of the classes ``[n]``.
        members: which rows each model uses ``[n, models]``.
        recipe: how.
        random: for the noise, which hides nothing here.

    Returns:
        Weights ``[d, models, outputs]``; one output for two classes.
    """
    targets = one_hot(labels)
    outputs, models = targets.shape[1], members.shape[1]
    weights = np.zeros((x.shape[1], models, outputs), np.float32)
    deviation = recipe.noise(outputs)
    rows = np.maximum(members.mean(axis=0), 1e-9)[None, :, None]
    for _ in range(recipe.epochs):
        for start in range(0, len(x), recipe.batch_rows):
            part = slice(start, start + recipe.batch_rows)
            residual = _logistic(scores(x[part], weights)) - targets[part, None, :]
            residual *= members[part, :, None]
            gradient = np.einsum("nd,nm->dm", x[part], residual.reshape(len(residual), -1))
            gradient = gradient.reshape(weights.shape)
            if deviation:
                gradient += deviation * random.standard_normal(weights.shape, np.float32)
            weights -= (recipe.learning_rate / (len(x[part]) * rows) * gradient).astype(np.float32)
    return weights


def scores(x: Floats, weights: Floats) -> Floats:
    """Scores ``[n, models, outputs]``."""
    return (x @ weights.reshape(len(weights), -1)).reshape(len(x), *weights.shape[1:])


def confidence(x: Floats, labels: NDArray[np.int32], weights: Floats) -> Floats:
    """How sure each model is of the right class ``[n, models]``, as a difference of scores."""
    found = scores(x, weights)
    if found.shape[2] == 1:
        return np.where(labels[:, None] == 1, found[:, :, 0], -found[:, :, 0])
    right = np.take_along_axis(found, labels[:, None, None], axis=2)[:, :, 0]
    others = found.copy()
    np.put_along_axis(others, labels[:, None, None], -np.inf, axis=2)
    best: Floats = others.max(axis=2)
    return right - best


def one_hot(labels: NDArray[np.int32]) -> Floats:
    """One column a class; only the second of two."""
    classes = int(labels.max(initial=1)) + 1
    full: NDArray[Any] = np.eye(classes, dtype=np.float32)[labels]
    return full[:, 1:] if classes == 2 else full


def with_constant(features: NDArray[np.int32], scale_bits: int) -> Floats:
    """Feature rows in real units, with the constant column."""
    real = features.astype(np.float32) / np.float32(2**scale_bits)
    return np.hstack([real, np.ones((len(real), 1), np.float32)])


def _logistic(z: Floats) -> Floats:
    found: Floats = 0.5 * (1 + np.tanh(0.5 * z))
    return found
