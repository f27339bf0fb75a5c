"""Models for predictions with proofs: from numbers to committed integers, and back from disk.

A model folder holds ``model.json``, which is public, and ``opening.json``, which is not: it
lets its holder predict, prove, and know the parameters. The integers are made as follows,
with 2^f the unit of the features (f is the spec's ``scale_bits``):

1. Each layer's weights are scaled by the largest power of two that keeps them within
   ``weight_bits`` bits, and rounded; biases by the scale that scores then have.
2. Behind a hidden layer the ``shift`` low bytes are dropped, as many as still leave its
   values 16 bits, which keeps the scores below seven bytes.

Scaling by a positive factor changes no label; rounding can, and the caller sees how often.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from redactory.durable import LocalFolder
from redactory.errors import InputError, PolicyError
from zk_proofs.model import Model, Opening, blinded, commit_layer, revealed
from zk_proofs.model_file import ModelFile, decode_opening, encode_opening, publish
from zk_proofs.quantisation import Activation, Interval, LayerShape, Quantisation, byte_length

MODEL_FILE, OPENING_FILE = "model.json", "opening.json"
_HIDDEN_BYTES = 2
_FEWEST_BITS, _MOST_BITS = 4, 16  # of a weight, where nobody chose


@dataclass(frozen=True)
class Parameters:
    """A model in real numbers: features in [−1, 1], one affine layer or two.

    Attributes:
        layers: (weights outputs × inputs, biases) of each layer.
        activation: between them.
    """

    layers: tuple[tuple[Any, Any], ...]
    activation: Activation

    @classmethod
    def load(cls, path: str) -> Parameters:
        """Parameters from JSON: ``{"layers": [{"weights", "biases"}], "activation"}``.

        Raises:
            InputError: not such a file.
        """
        try:
            document = json.loads(Path(path).read_bytes())
            layers = tuple(
                (np.array(one["weights"], np.float64), np.array(one["biases"], np.float64))
                for one in document["layers"]
            )
            activation = document.get("activation", "none")
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            raise InputError("is no file of model parameters", where=path) from None
        sound = all(
            w.ndim == 2 and b.shape == (len(w),) and np.isfinite(w).all() and np.isfinite(b).all()
            for w, b in layers
        )
        chained = all(len(before[0]) == after[0].shape[1] for before, after in pairwise(layers))
        if not (layers and sound and chained):
            raise InputError("the parameters are not finite tables that fit together", where=path)
        return cls(layers, activation)


@dataclass(frozen=True)
class Integers:
    """A quantised model."""

    policy: Quantisation
    layers: tuple[tuple[Any, Any], ...]


def quantise(
    parameters: Parameters, *, scale_bits: int, weight_bits: int | None = None
) -> Integers:
    """Integers in the place of the parameters.

    Args:
        parameters: the model.
        scale_bits: the integer 2^scale_bits stands for a feature of 1.
        weight_bits: of each weight, with its sign; None for the most, up to 16, with which
            scores and biases stay within their bounds.

    Raises:
        PolicyError: scores would grow too large; fewer bits are needed.
        InputError: the number of layers and the activation do not fit.
    """
    if len(parameters.layers) != (1 if parameters.activation == "none" else 2):
        raise InputError("one layer, or two with an activation between them, can be proven")
    if weight_bits is not None:
        return _quantised(parameters, scale_bits, weight_bits)
    for bits in range(_MOST_BITS, _FEWEST_BITS, -1):
        try:
            return _quantised(parameters, scale_bits, bits)
        except (InputError, PolicyError):
            continue
    return _quantised(parameters, scale_bits, _FEWEST_BITS)


def _quantised(parameters: Parameters, scale_bits: int, weight_bits: int) -> Integers:
    bounds = Interval(-(2 ** (weight_bits - 1)), 2 ** (weight_bits - 1) - 1)
    largest, unit = 2**scale_bits, float(scale_bits)
    inputs = Interval(-largest, largest)
    layers, shapes, shift = [], [], 0
    for number, (weights, biases) in enumerate(parameters.layers):
        top = max(float(np.abs(weights).max(initial=0.0)), 2.0**-60)
        power = weight_bits - 1 - int(np.floor(np.log2(top))) - 1
        whole = np.clip(np.rint(weights * 2.0**power), bounds.low, bounds.high).astype(np.int64)
        unit += power
        if np.abs(biases * 2.0**unit).max(initial=0.0) >= 2**31 - 1:
            raise InputError("a bias is too large beside the weights", hint="fewer --weight-bits")
        offsets = np.rint(biases * 2.0**unit).astype(np.int64)
        most = int(np.abs(offsets).max(initial=1))
        layers.append((whole, offsets))
        shapes.append(LayerShape(len(whole), bounds, Interval(-most, most)))
        if number + 1 < len(parameters.layers):
            before = whole.shape[1] * bounds.largest * largest + most
            square = parameters.activation == "square"
            active = before * before if square else before
            shift = max(0, byte_length(active) - _HIDDEN_BYTES)
            unit = (2 * unit if square else unit) - 8 * shift
            largest = active >> 8 * shift
    width = int(parameters.layers[0][0].shape[1])
    policy = Quantisation(width, inputs, tuple(shapes), parameters.activation, shift)
    return Integers(policy, tuple(layers))


@dataclass(frozen=True)
class OwnModel:
    """A model that can be predicted with."""

    file: ModelFile
    opening: Opening

    @property
    def model(self) -> Model:
        """The public side."""
        return self.file.model


def commit_model(
    integers: Integers, *, spec_digest: str, job_digest: str = "", public: bool = False
) -> OwnModel:
    """Commit to a quantised model and prove that it is within its bounds.

    Args:
        integers: the model.
        spec_digest: of the features it reads.
        job_digest: of the training job, or empty.
        public: whether anybody may know the parameters.
    """
    layers = tuple(
        revealed(w.tolist(), b.tolist()) if public else blinded(w, b, os.urandom)
        for w, b in integers.layers
    )
    opening = Opening(layers)
    commitments = tuple(commit_layer(layer) for layer in layers)
    model = Model(integers.policy, commitments, spec_digest, job_digest)
    if public:
        return OwnModel(ModelFile(model, (), opening), opening)
    return OwnModel(publish(model, opening), opening)


def save_model(own: OwnModel, path: str) -> None:
    """Write both files; the opening for its owner's eyes only.

    Raises:
        InputError: the folder cannot be written.
    """
    folder = LocalFolder(Path(path))
    try:
        folder.replace(MODEL_FILE, own.file.encode())
        opening = Path(path) / OPENING_FILE
        descriptor = os.open(opening, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(encode_opening(own.model, own.opening))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=path) from None


def load_model(path: str) -> OwnModel:
    """A model folder.

    Raises:
        InputError: there is none, or the opening is not there.
        ProofError: the opening is not the model's.
    """
    folder = Path(path)
    try:
        public = ModelFile.decode((folder / MODEL_FILE).read_bytes(), where=MODEL_FILE)
        if public.opening is not None:
            return OwnModel(public, public.opening)
        raw = (folder / OPENING_FILE).read_bytes()
    except OSError:
        raise InputError(
            f"holds no {MODEL_FILE} with an {OPENING_FILE}",
            where=path,
            hint="redactory proof model makes one",
        ) from None
    return OwnModel(public, decode_opening(raw, public.model, where=OPENING_FILE))


def agreement(integers: Integers, parameters: Parameters, rows: Sequence[Any]) -> float:
    """On which share of rows (integers) the quantised model gives the label of the real one."""
    from zk_proofs.evaluation import labels_of, scores_of  # noqa: PLC0415 - beside its use

    values = np.asarray(rows, np.int64)
    layers = tuple(revealed(w, b) for w, b in integers.layers)
    ours = labels_of(scores_of(integers.policy, Opening(layers), values))
    real = values / integers.policy.input.high
    for number, (weights, biases) in enumerate(parameters.layers):
        real = real @ weights.T + biases
        if number + 1 < len(parameters.layers):
            relu = parameters.activation == "relu"
            real = np.maximum(real, 0) if relu else real * real
    return float((ours == labels_of(real)).mean())
