"""A committed model: what is public about it, what its owner keeps, and its identity.

Public are commitments to every row of weights and to every bias, and the quantisation
policy. ``model_id`` is a digest of these, of the feature specification and of the training
job. The *opening* (weights, biases and blindings) is what a prover needs and nobody else
may have. A model may also be revealed: its blindings are zero then, and anybody can compute
the commitments from the weights.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha512
from typing import Any, Final

from redactory.canonical import digest_of
from redactory.errors import ProofError
from zk_proofs.curve import POINT_BYTES
from zk_proofs.engine import Engine
from zk_proofs.pedersen import commit_number, commit_rows
from zk_proofs.quantisation import Quantisation
from zk_proofs.randomness import Random, random_scalar

FORMAT: Final = "redactory-model/v1"


@dataclass(frozen=True)
class LayerCommitment:
    """Commitments of one layer: a row and a bias for each output."""

    rows: tuple[bytes, ...]
    biases: tuple[bytes, ...]


@dataclass(frozen=True)
class LayerOpening:
    """Parameters of one layer and their blindings.

    Attributes:
        weights: outputs × inputs integers (a sequence of rows, or an array).
        biases: one integer for each output.
        row_blindings, bias_blindings: scalars; zero for a revealed model.
    """

    weights: Any
    biases: Any
    row_blindings: tuple[int, ...] = field(repr=False)
    bias_blindings: tuple[int, ...] = field(repr=False)


@dataclass(frozen=True)
class Opening:
    """Everything a prover needs to know about a model. Secret unless the model is revealed."""

    layers: tuple[LayerOpening, ...] = field(repr=False)


@dataclass(frozen=True)
class Model:
    """The public side of a model.

    Attributes:
        policy: shapes and bounds.
        layers: commitments.
        feature_spec_digest: which features the inputs are; 64 hex digits.
        job_digest: the training job; 64 hex digits, or empty for a model from elsewhere.
    """

    policy: Quantisation
    layers: tuple[LayerCommitment, ...]
    feature_spec_digest: str
    job_digest: str = ""

    def __post_init__(self) -> None:
        shapes = [layer.outputs for layer in self.policy.layers]
        for kind in ("rows", "biases"):
            held = [getattr(layer, kind) for layer in self.layers]
            if [len(one) for one in held] != shapes:
                raise ProofError("a model has one commitment for each row and bias")
            if any(len(point) != POINT_BYTES for one in held for point in one):
                raise ProofError("a commitment has 32 bytes")

    def described(self) -> dict[str, Any]:
        """What ``model_id`` is the digest of."""
        return {
            "feature_spec_digest": self.feature_spec_digest,
            "format": FORMAT,
            "job_digest": self.job_digest,
            "layers": [
                {
                    "biases": [point.hex() for point in layer.biases],
                    "rows": [point.hex() for point in layer.rows],
                }
                for layer in self.layers
            ],
            "policy": self.policy.as_json(),
        }

    @cached_property
    def model_id(self) -> str:
        """SHA-256 over the canonical JSON of :meth:`described`, in hex."""
        return digest_of(self.described())

    @cached_property
    def commitments_digest(self) -> bytes:
        """SHA-512 over all commitments in order: each layer's rows, then its biases."""
        points = [p for layer in self.layers for p in (*layer.rows, *layer.biases)]
        return sha512(b"".join(points)).digest()


def commit_layer(opening: LayerOpening, *, engine: Engine | None = None) -> LayerCommitment:
    """The commitments of an opened layer."""
    rows = commit_rows(opening.weights, opening.row_blindings, engine=engine)
    pairs = zip(opening.biases, opening.bias_blindings, strict=True)
    biases = [commit_number(int(bias), own, engine=engine) for bias, own in pairs]
    return LayerCommitment(tuple(rows), tuple(biases))


def blinded(weights: Any, biases: Any, randomness: Random) -> LayerOpening:
    """An opening with fresh blindings."""
    own = [random_scalar(randomness) for _ in range(2 * len(biases))]
    return LayerOpening(weights, biases, tuple(own[::2]), tuple(own[1::2]))


def revealed(weights: Any, biases: Any) -> LayerOpening:
    """The opening of a layer that is public: blindings of zero."""
    none = (0,) * len(biases)
    return LayerOpening(weights, biases, none, none)
