"""What is trained: generalised linear models, and a network with one hidden layer.

Each is mini-batch gradient descent written once over :class:`~mpc_jobs.arithmetic.Arithmetic`.

Fixed point: features are integers with ``feature_bits`` fractional bits, weights and scores
have ``weight_bits``. A batch's gradient is scaled by learning rate / rows as an integer of some
``rate_bits`` and truncated together with them, so a step costs one round for the scores, those
of the sigmoid, and one for the gradient. L2 adds λ·w before the same truncation.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mpc_jobs.arithmetic import Arithmetic, V
from mpc_jobs.public_random import public_uniform
from mpc_jobs.sigmoid import Sigmoid

_RATE_PRECISION = 10  # significant bits that learning rate / rows keeps at least
_COUNT_BITS = 8  # fractional bits of class weights


@dataclass(frozen=True)
class FixedPoint:
    """Fractional bits of weights and scores, features, and labels."""

    weight_bits: int
    feature_bits: int
    label_bits: int


@dataclass(frozen=True)
class Descent:
    """What all models have in common.

    Attributes:
        point: the fixed point.
        learning_rate: step length.
        l2: λ of the penalty λ/2 · ‖w‖².
        score_bound: the owners' bound on the magnitude of a score.
        sigmoid: what scores go through; None for the identity (least squares).
        class_weights: for each output, what an example that belongs to it counts; others count
            1. Empty: all count 1.
    """

    point: FixedPoint
    learning_rate: float
    l2: float
    score_bound: float
    sigmoid: Sigmoid | None
    class_weights: tuple[float, ...] = ()

    def unweighted(self) -> Descent:
        """The same without class weights: for metrics."""
        return replace(self, class_weights=())

    def residual(self, arithmetic: Arithmetic[V], scores: V, labels: V) -> V:
        """p(z) − y with ``weight_bits`` fractional bits."""
        bits = self.point.weight_bits
        wanted = arithmetic.scale(labels, 1 << (bits - self.point.label_bits))
        if self.sigmoid is not None:
            predicted = self.sigmoid.centred(arithmetic, scores, bits=bits)
            scores = arithmetic.shift(predicted, 1 << (bits - 1))
        residual = arithmetic.subtract(scores, wanted)
        if not self.class_weights:
            return residual
        counts = self._counts(arithmetic, labels)
        (weighted,) = arithmetic.truncate((arithmetic.multiply(residual, counts), _COUNT_BITS))
        return weighted

    def _counts(self, arithmetic: Arithmetic[V], labels: V) -> V:
        """1 + (class weight − 1) · y, for labels that are 0 or 1."""
        extra = [round((w - 1) * (1 << _COUNT_BITS)) for w in self.class_weights]
        return arithmetic.shift(arithmetic.scale_columns(labels, extra), 1 << _COUNT_BITS)

    def descend(
        self, arithmetic: Arithmetic[V], gradients: Sequence[tuple[V, V, int]], rows: int
    ) -> list[V]:
        """Weights after one step: one (weights, gradient product, its bits) a layer; one round."""
        rate_bits = _RATE_PRECISION + max(0, math.ceil(math.log2(rows / self.learning_rate)))
        rate = round(self.learning_rate / rows * 2**rate_bits)
        products = []
        for weights, gradient, bits in gradients:
            product = arithmetic.scale(gradient, rate)
            if self.l2:
                decay = round(self.learning_rate * self.l2 * 2 ** (bits + rate_bits - self.w))
                product = arithmetic.add(product, arithmetic.scale(weights, decay))
            products.append((product, bits + rate_bits - self.w))
        steps = arithmetic.truncate(*products)
        return [
            arithmetic.subtract(weights, step)
            for (weights, _, _), step in zip(gradients, steps, strict=True)
        ]

    @property
    def w(self) -> int:
        """Fractional bits of weights."""
        return self.point.weight_bits

    def score_claim(self, bits: int) -> int:
        """The score bound as an integer with ``bits`` fractional bits."""
        return math.ceil(math.ldexp(self.score_bound, bits))


class Model(Protocol):
    """A model's program."""

    @property
    def descent(self) -> Descent:
        """Step length, penalty, fixed point and link."""

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Shapes of the weight matrices."""

    def scores(self, arithmetic: Arithmetic[V], weights: Sequence[V], x: V) -> V:
        """(n, k) scores with ``weight_bits`` fractional bits."""

    def step(self, arithmetic: Arithmetic[V], weights: Sequence[V], x: V, y: V) -> list[V]:
        """The weights after one mini-batch."""

    def initial(self) -> list[npt.NDArray[np.int64]]:
        """The weights at the start, public."""


@dataclass(frozen=True)
class LinearModel:
    """Linear or ridge regression, logistic regression, and one-vs-rest of the latter.

    Attributes:
        descent: step length, penalty, fixed point and link.
        features: d, the constant column included.
        outputs: k.
    """

    descent: Descent
    features: int
    outputs: int

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """One matrix (d, k)."""
        return [(self.features, self.outputs)]

    def initial(self) -> list[npt.NDArray[np.int64]]:
        """Zero."""
        return [np.zeros(shape, np.int64) for shape in self.shapes]

    def scores(self, arithmetic: Arithmetic[V], weights: Sequence[V], x: V) -> V:
        """The product x · w; one round."""
        point = self.descent.point
        claim = self.descent.score_claim(point.weight_bits + point.feature_bits)
        product = arithmetic.claim(arithmetic.matmul(x, weights[0]), claim)
        (scores,) = arithmetic.truncate((product, point.feature_bits))
        return scores

    def step(self, arithmetic: Arithmetic[V], weights: Sequence[V], x: V, y: V) -> list[V]:
        """One step of gradient descent."""
        descent = self.descent
        residual = descent.residual(arithmetic, self.scores(arithmetic, weights, x), y)
        gradient = arithmetic.transposed_matmul(x, residual)
        bits = descent.w + descent.point.feature_bits
        return descent.descend(arithmetic, [(weights[0], gradient, bits)], arithmetic.rows(x))


@dataclass(frozen=True)
class SquareNetwork:
    """One hidden layer with the square as activation: scores = (x · w_1)² · w_2.

    The constant column of x serves the hidden layer; a hidden unit that learns only the
    constant serves the output.

    Attributes:
        descent: step length, penalty, fixed point and link.
        features: d, the constant column included.
        hidden: h.
        outputs: k.
        hidden_bound: the owners' bound on the magnitude of a hidden unit before the square.
        seed: of the first weights, which are public.
    """

    descent: Descent
    features: int
    hidden: int
    outputs: int
    hidden_bound: float
    seed: int

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """(d, h) and (h, k)."""
        return [(self.features, self.hidden), (self.hidden, self.outputs)]

    def initial(self) -> list[npt.NDArray[np.int64]]:
        """Small pseudo-random weights: with zeros no gradient would ever move."""
        scales = 1.0, 1 / math.sqrt(self.hidden)
        weights = []
        for number, (shape, scale) in enumerate(zip(self.shapes, scales, strict=True)):
            drawn = public_uniform(self.seed, f"layer {number}", shape[0] * shape[1])
            units = np.rint(drawn * scale * 2**self.descent.w).astype(np.int64)
            weights.append(units.reshape(shape))
        return weights

    def scores(self, arithmetic: Arithmetic[V], weights: Sequence[V], x: V) -> V:
        """Three rounds."""
        return self._forward(arithmetic, weights, x)[2]

    def step(self, arithmetic: Arithmetic[V], weights: Sequence[V], x: V, y: V) -> list[V]:
        """One step of back-propagation."""
        descent, bits = self.descent, self.descent.w
        first, second = weights
        before, active, scores = self._forward(arithmetic, weights, x)
        residual = descent.residual(arithmetic, scores, y)
        back = arithmetic.matmul(residual, arithmetic.transposed(second))
        (passed,) = arithmetic.truncate((back, bits))
        slope = arithmetic.multiply(arithmetic.scale(before, 2), passed)
        (inner,) = arithmetic.truncate((slope, bits))
        return descent.descend(
            arithmetic,
            [
                (first, arithmetic.transposed_matmul(x, inner), bits + descent.point.feature_bits),
                (second, arithmetic.transposed_matmul(active, residual), 2 * bits),
            ],
            arithmetic.rows(x),
        )

    def _forward(self, arithmetic: Arithmetic[V], weights: Sequence[V], x: V) -> tuple[V, V, V]:
        point, bits = self.descent.point, self.descent.w
        limit = math.ceil(self.hidden_bound * 2 ** (bits + point.feature_bits))
        product = arithmetic.claim(arithmetic.matmul(x, weights[0]), limit)
        (before,) = arithmetic.truncate((product, point.feature_bits))
        (active,) = arithmetic.truncate((arithmetic.multiply(before, before), bits))
        claim = self.descent.score_claim(2 * bits)
        product = arithmetic.claim(arithmetic.matmul(active, weights[1]), claim)
        (scores,) = arithmetic.truncate((product, bits))
        return before, active, scores
