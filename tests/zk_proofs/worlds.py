"""Small models, rows and proofs for tests, the same for the same seed."""

from dataclasses import dataclass
from hashlib import shake_256

import numpy as np

from zk_proofs.auditing import Evidence
from zk_proofs.engine import default_engine
from zk_proofs.inputs import points_root
from zk_proofs.model import LayerOpening, Model, Opening, blinded, commit_layer, revealed
from zk_proofs.model_file import ModelFile, publish
from zk_proofs.pedersen import commit_inputs
from zk_proofs.quantisation import Interval, LayerShape, Quantisation
from zk_proofs.randomness import random_scalar
from zk_proofs.shards import Proven, Request, Subject, prove_shard
from zk_proofs.statement import Rows

TWELVE_BITS = Interval(-(2**11), 2**11 - 1)
BIAS = Interval(-(2**19), 2**19)


class Stream:
    """Bytes that follow from a seed: randomness that repeats itself for a test."""

    def __init__(self, seed: str) -> None:
        self._seed, self._drawn = seed.encode(), 0

    def __call__(self, size: int) -> bytes:
        self._drawn += 1
        return shake_256(self._seed + self._drawn.to_bytes(8, "little")).digest(size)


@dataclass(frozen=True)
class World:
    """A model with its opening, and a shard of committed rows."""

    model: Model
    opening: Opening
    rows: Rows
    subject: Subject

    def prove(self, request: Request | None = None, *, seed="proof", engine=None) -> Proven:
        rows = self.rows
        if request is not None and request.first:
            rows = Rows(rows.values[request.first :], rows.blindings[request.first :])
        if request is not None and request.form == "row":
            rows = Rows(rows.values[:1], rows.blindings[:1])
        return prove_shard(
            self.model,
            self.opening,
            rows,
            self.subject,
            request,
            engine=engine,
            randomness=Stream(seed),
        )

    def evidence(self, proven: Proven, **changes) -> Evidence:
        given = {
            "proof": proven.file.encode(),
            "context": proven.file.context,
            "model": self.model,
            "points": self.subject.points,
            "labels": proven.labels if proven.salt else None,
            "salt": proven.salt,
        }
        return Evidence(**(given | changes))

    def published(self, seed="model") -> ModelFile:
        if not any(self.opening.layers[0].row_blindings):
            return ModelFile(self.model, (), self.opening)
        return publish(self.model, self.opening, randomness=Stream(seed))


def draw(rng, bounds: Interval, shape):
    return rng.integers(bounds.low, bounds.high + 1, shape)


def make(
    d=6,
    classes=1,
    rows=5,
    *,
    hidden=0,
    activation="none",
    shift=0,
    weight=TWELVE_BITS,
    inputs=TWELVE_BITS,
    bias=BIAS,
    public=False,
    seed=1,
) -> World:
    """A world of random parameters and rows."""
    rng, stream = np.random.default_rng(seed), Stream(f"world {seed}")
    shapes = [LayerShape(hidden, weight, bias)] if hidden else []
    shapes.append(LayerShape(classes, weight, bias))
    policy = Quantisation(d, inputs, tuple(shapes), activation, shift)
    layers: list[LayerOpening] = []
    width = d
    for shape in shapes:
        parameters = draw(rng, weight, (shape.outputs, width)), draw(rng, bias, shape.outputs)
        layers.append(revealed(*parameters) if public else blinded(*parameters, stream))
        width = shape.outputs
    committed = tuple(commit_layer(layer) for layer in layers)
    model = Model(policy, committed, "5e" * 32, "" if public else "7b" * 32)
    values = draw(rng, inputs, (rows, d))
    blindings = [random_scalar(stream) for _ in range(rows)]
    points = commit_inputs(values, blindings, engine=default_engine())
    subject = Subject("notes/features", "0c" * 16, "run-1", "1f" * 32, points)
    return World(model, Opening(tuple(layers)), Rows(values, blindings), subject)


SMALL = Interval(-127, 127)

# Name → (world, request): one of every statement and mode.
CASES = {
    "linear-sign": ({"classes": 1, "rows": 5}, Request()),
    "linear-classes": ({"classes": 4, "rows": 7}, Request(block_rows=3)),
    "linear-scores": ({"classes": 3, "rows": 4}, Request(scores="revealed")),
    "linear-public-model": ({"classes": 2, "rows": 3, "public": True}, Request()),
    "linear-committed-labels": ({"classes": 2, "rows": 6}, Request(labels="committed")),
    "linear-late-rows": ({"classes": 2, "rows": 6}, Request(first=2)),
    "row-sign": ({"classes": 1, "rows": 3}, Request(form="row")),
    "row-classes": ({"classes": 5, "rows": 3}, Request(form="row", first=1)),
    "mlp-relu": (
        {"classes": 3, "rows": 3, "hidden": 4, "activation": "relu", "shift": 1, "weight": SMALL},
        Request(block_rows=2),
    ),
    "mlp-square": (
        {"classes": 1, "rows": 2, "hidden": 3, "activation": "square", "shift": 2, "weight": SMALL},
        Request(),
    ),
    "mlp-scores": (
        {"classes": 2, "rows": 2, "hidden": 3, "activation": "relu", "weight": SMALL},
        Request(scores="revealed"),
    ),
}


def case(name: str) -> tuple[World, Request]:
    parameters, request = CASES[name]
    return make(**parameters), request


def root_of(world: World) -> str:
    return points_root(world.subject.points)
