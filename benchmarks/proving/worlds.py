"""Random models and shards of committed rows, as the provers and the peers get them.

Weights and inputs are integers of twelve bits with their sign, biases multiples of 4,096 below
2^20: what EZKL makes of the same numbers at a scale of twelve bits, so that both prove the
same statement about the same integers. The network has weights of eight bits.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from zk_proofs.auditing import Evidence
from zk_proofs.inputs import points_root
from zk_proofs.model import Model, Opening, blinded, commit_layer
from zk_proofs.pedersen import commit_inputs
from zk_proofs.quantisation import Activation, Interval, LayerShape, Quantisation
from zk_proofs.randomness import random_scalar
from zk_proofs.shards import Proven, Request, Subject, prove_shard
from zk_proofs.statement import Rows

SCALE_BITS = 12
_TWELVE_BITS = Interval(-(2**11), 2**11 - 1)
_EIGHT_BITS = Interval(-128, 127)
_BIAS = Interval(-(2**20), 2**20 - 1)


@dataclass(frozen=True)
class Shape:
    """A model and how many rows it meets.

    Attributes:
        d: inputs.
        classes: outputs; one for a sign.
        rows: of the shard.
        hidden: units of the hidden layer, with ReLU; 0 for a linear model.
    """

    d: int = 256
    classes: int = 1
    rows: int = 1
    hidden: int = 0

    @property
    def name(self) -> str:
        """As tables call it."""
        middle = f"{self.hidden}-" if self.hidden else ""
        return f"{self.d}-{middle}{self.classes}"


@dataclass(frozen=True)
class World:
    """A committed model, a shard of rows, and the commitments to them."""

    shape: Shape
    model: Model
    opening: Opening
    rows: Rows
    points: list[bytes]

    @classmethod
    def draw(cls, shape: Shape, seed: int = 1) -> World:
        """A world that is the same for the same seed, blindings apart."""
        rng = np.random.default_rng(seed)
        weight = _EIGHT_BITS if shape.hidden else _TWELVE_BITS
        outputs = [shape.hidden, shape.classes] if shape.hidden else [shape.classes]
        shapes = tuple(LayerShape(k, weight, _BIAS) for k in outputs)
        activation: Activation = "relu" if shape.hidden else "none"
        policy = Quantisation(shape.d, _TWELVE_BITS, shapes, activation, 2 if shape.hidden else 0)
        layers, width = [], shape.d
        for each in shapes:
            weights = _draw(rng, weight, (each.outputs, width))
            biases = rng.integers(-255, 256, each.outputs) << SCALE_BITS
            layers.append(blinded(weights, biases, os.urandom))
            width = each.outputs
        model = Model(policy, tuple(map(commit_layer, layers)), "0" * 64, "")
        values = _draw(rng, _TWELVE_BITS, (shape.rows, shape.d))
        rows = Rows(values, [random_scalar(os.urandom) for _ in range(shape.rows)])
        return cls(shape, model, Opening(tuple(layers)), rows, [])

    def commit(self) -> World:
        """The same with commitments to the rows."""
        points = commit_inputs(np.asarray(self.rows.values, np.int64), list(self.rows.blindings))
        return World(self.shape, self.model, self.opening, self.rows, points)

    def prove(self, request: Request | None = None) -> Proven:
        """Labels of all rows, with their proof."""
        subject = Subject("benchmark", "shard", "run", "0" * 64, self.points)
        return prove_shard(self.model, self.opening, self.rows, subject, request)

    def evidence(self, proven: Proven) -> Evidence:
        """What a verifier gets."""
        context = proven.file.context
        assert context.points_root == points_root(self.points)
        return Evidence(proven.file.encode(), context, self.model, self.points)


def _draw(rng: np.random.Generator, bounds: Interval, shape: tuple[int, int]) -> Any:
    return rng.integers(bounds.low, bounds.high + 1, shape)
