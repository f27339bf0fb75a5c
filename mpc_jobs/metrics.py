"""Metrics on shares: nothing is opened but the numbers that the job names.

Sums over all validation rows are made on shares and opened at the end, so no metric tells
anything about a single row beyond what the sum does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from mpc_jobs import field
from mpc_jobs.comparing import are_negative, largest_column
from mpc_jobs.job import Job
from mpc_jobs.kernels import Elements
from mpc_jobs.models import Model
from mpc_jobs.public_random import public_words
from mpc_jobs.share_source import Batch, ShareSource
from mpc_jobs.shared import SharedArithmetic
from mpc_jobs.training_spec import AUC_PAIRS, Training


def epoch_metrics(
    arithmetic: SharedArithmetic, job: Job, source: ShareSource, weights: Sequence[Elements]
) -> dict[str, Any]:
    """What the job opens after every epoch."""
    return _measured(job.training.epoch_metrics, arithmetic, job, source, weights)


def final_metrics(
    arithmetic: SharedArithmetic, job: Job, source: ShareSource, integers: Sequence[Elements]
) -> dict[str, Any]:
    """What the job opens at the end, of the very integers that are revealed."""
    finer = 1 << (job.training.weight_bits - job.training.model_bits)
    weights = [arithmetic.scale(w, finer) for w in integers]
    return _measured(job.training.metrics, arithmetic, job, source, weights)


def has_stalled(training: Training, history: Sequence[dict[str, Any]]) -> bool:
    """Whether early stopping says that it is enough."""
    stop = training.early_stopping
    if stop is None or len(history) <= stop.patience:
        return False
    sign = -1.0 if stop.metric == "squared_error" else 1.0
    values = [sign * entry[stop.metric] for entry in history]
    before, recent = values[: -stop.patience], values[-stop.patience :]
    return bool(max(recent) <= max(before) + stop.least_gain)


def _measured(
    names: Sequence[str],
    arithmetic: SharedArithmetic,
    job: Job,
    source: ShareSource,
    weights: Sequence[Elements],
) -> dict[str, Any]:
    rows = sum(owner.validation_rows for owner in job.owners)
    if not names or not rows:
        return {}
    measure = _Measure(arithmetic, job, job.program().model, weights)
    scored = [(measure.scores(batch), batch.y) for batch in source.batches("validation")]
    ways: dict[str, Callable[[list[tuple[Elements, Elements]], int], Any]] = {
        "squared_error": measure.squared_error,
        "accuracy": measure.accuracy,
        "confusion": measure.confusion,
        "auc": measure.auc,
    }
    return {name: ways[name](scored, rows) for name in names}


Scored = list[tuple[Elements, Elements]]
"""Scores and labels of every validation batch."""


class _Measure:
    def __init__(
        self, arithmetic: SharedArithmetic, job: Job, model: Model, weights: Sequence[Elements]
    ) -> None:
        self._arithmetic, self._job, self._model = arithmetic, job, model
        self._weights = weights
        self._bits = job.training.weight_bits
        # Room for the truncation's error, the sign, and the difference of two scores.
        self._width = model.descent.score_claim(self._bits).bit_length() + 3
        self._predicted: list[Elements] = []

    def scores(self, batch: Batch) -> Elements:
        return self._model.scores(self._arithmetic, self._weights, batch.x)

    def squared_error(self, scored: Scored, rows: int) -> float:
        """Mean of (p(z) − y)² over rows and outputs."""
        descent = self._model.descent.unweighted()
        total = None
        for scores, labels in scored:
            residual = descent.residual(self._arithmetic, scores, labels)
            square = field.total(field.multiply(residual, residual))
            total = square if total is None else field.add(total, square)
        outputs = self._job.labels.outputs
        return float(sum(self._opened(total)) / 2 ** (2 * self._bits) / (rows * outputs))

    def accuracy(self, scored: Scored, rows: int) -> float:
        """Share of rows whose class is predicted."""
        total = field.zeros((1, 1))
        for predicted, labels in self._predictions(scored):
            right = field.multiply(predicted, labels)
            if self._job.labels.outputs == 1:
                # y = ŷ is 1 − ŷ − y + 2 ŷ y
                either = field.add(predicted, labels)
                right = field.shift(field.subtract(field.scale(right, 2), either), 1)
            columns = field.total(right)
            ones = field.filled((columns.shape[2], 1), 1)
            total = field.add(total, field.matmul(columns, ones))
        return int(self._opened(total)[0]) / rows

    def confusion(self, scored: Scored, _rows: int) -> list[list[int]]:
        """Rows of each true class (first index) that were predicted as each class (second)."""
        outputs = self._job.labels.outputs
        total = field.zeros((max(outputs, 2),) * 2)
        for predicted, labels in self._predictions(scored):
            total = field.add(total, field.transposed_matmul(_both(labels), _both(predicted)))
        flat = [int(v) for v in self._opened(total)]
        side = total.shape[2]
        return [flat[i * side : (i + 1) * side] for i in range(side)]

    def auc(self, scored: Scored, rows: int) -> float | None:
        """Estimated from public random pairs: how often the positive one of a pair scores higher.

        Opens two numbers: the pairs of a positive and a negative row, and those in order.
        """
        scores = np.concatenate([s for s, _ in scored], axis=1)[:, :, 0]
        labels = np.concatenate([y for _, y in scored], axis=1)[:, :, 0]
        words = public_words(self._job.digest, "pairs", 2 * AUC_PAIRS) % np.uint64(rows)
        one, two = words.astype(np.int64).reshape(2, AUC_PAIRS)
        positive, negative = _take(labels, one), _take(labels, two)
        (mixed,) = self._arithmetic.reduce(
            field.multiply(positive, field.shift(field.scale(negative, -1), 1))
        )
        behind = are_negative(
            self._arithmetic,
            field.subtract(_take(scores, two), _take(scores, one)),
            bits=self._width,
        )
        ordered = field.multiply(mixed, behind)
        sums = field.total(np.stack([mixed, ordered], axis=2))
        pairs, right = (int(v) for v in self._opened(sums))
        return right / pairs if pairs else None

    def _predictions(self, scored: Scored) -> Iterator[tuple[Elements, Elements]]:
        if not self._predicted:
            self._predicted = [self._predict(scores) for scores, _ in scored]
        for predicted, (_, labels) in zip(self._predicted, scored, strict=True):
            yield predicted, labels

    def _predict(self, scores: Elements) -> Elements:
        if self._job.labels.outputs > 1:
            return largest_column(self._arithmetic, scores, bits=self._width)
        negative = are_negative(self._arithmetic, scores, bits=self._width)
        return field.shift(field.scale(negative, -1), 1)

    def _opened(self, value: Elements | None) -> list[Any]:
        if value is None:
            return [0]
        (opened,) = self._arithmetic.reveal(value)
        return list(field.to_signed(opened).reshape(-1))


def _both(flags: Elements) -> Elements:
    """One column of flags as two: those that are not set, and those that are."""
    if flags.shape[2] > 1:
        return flags
    return np.concatenate([field.shift(field.scale(flags, -1), 1), flags], axis=2)


def _take(values: Elements, rows: np.typing.NDArray[np.int64]) -> Elements:
    return np.ascontiguousarray(values[:, rows])
