"""The task that every engine gets, and gradient descent on it in plain numpy.

Two classes from a noisy linear rule, ``d`` features and a constant, rows of norm about 4, rounded
to 16 fractional bits so that all engines see the same numbers. Logistic regression by mini-batch
gradient descent from 0, with the cubic in place of the logistic function.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FRACTION_BITS = 16
TEST_ROWS = 2000
RATE = 0.8

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Task:
    """What is trained.

    Attributes:
        rows: of training.
        d: features, without the constant.
        epochs: passes over the rows.
        batch: rows of a mini-batch.
    """

    rows: int
    d: int
    epochs: int

    @property
    def batch(self) -> int:
        """As in the tables of the design: four batches of 500, or ten of 1,000 and more."""
        return 500 if self.rows <= 2000 else 1000

    @property
    def cells(self) -> int:
        """Numbers in its rows, which the work of an epoch goes with."""
        return self.rows * self.d

    @property
    def name(self) -> str:
        """For tables."""
        return f"{self.rows}x{self.d}"

    def parameters(self) -> dict[str, Any]:
        """What a peer's script needs."""
        return {**asdict(self), "batch": self.batch, "rate": RATE}


@dataclass(frozen=True)
class Rows:
    """A task's rows: the constant is the last column."""

    x: Floats
    y: Floats
    test_x: Floats
    test_y: Floats

    def save(self, path: Path) -> None:
        """For peers in other interpreters."""
        np.savez(path, x=self.x, y=self.y, test_x=self.test_x, test_y=self.test_y)

    def accuracy(self, weights: Floats) -> float:
        """On the test rows."""
        return float(np.mean((self.test_x @ weights > 0) == (self.test_y > 0.5)))


def draw(task: Task, seed: int = 7) -> Rows:
    """The rows of a task."""
    random = np.random.default_rng(seed)
    count = task.rows + TEST_ROWS
    x = random.standard_normal((count, task.d)).clip(-3, 3)
    rule = random.standard_normal(task.d)
    scores = 4 * (x @ (rule / np.linalg.norm(rule)))
    y = (random.random(count) < 1 / (1 + np.exp(-scores))).astype(np.float64)
    scaled = np.round(x * (4 / np.sqrt(task.d)) * 2**FRACTION_BITS) / 2**FRACTION_BITS
    full = np.hstack([scaled, np.ones((count, 1))])
    return Rows(full[: task.rows], y[: task.rows], full[task.rows :], y[task.rows :])


def cubic(z: Floats) -> Floats:
    """In place of the logistic function."""
    return np.asarray(0.5 + 0.197 * z - 0.004 * z**3)


def descend(task: Task, rows: Rows) -> tuple[Floats, list[float]]:
    """Plain gradient descent: the weights, and seconds of each epoch."""
    weights, seconds = np.zeros(task.d + 1), []
    for _ in range(task.epochs):
        began = time.perf_counter()
        for start in range(0, task.rows, task.batch):
            x, y = rows.x[start : start + task.batch], rows.y[start : start + task.batch]
            weights = weights - RATE / len(x) * (x.T @ (cubic(x @ weights) - y))
        seconds.append(time.perf_counter() - began)
    return weights, seconds
