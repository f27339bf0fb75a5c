"""``model.json``: a model with the proof that its rows are bounded and lie over G only.

A verifier must not use a model before :meth:`ModelFile.check`: without it, a committed row
could hide parts that make any score provable. The opening is a separate, secret file.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from redactory.canonical import canonical_json, parse_canonical_json
from redactory.errors import IntegrityError, PolicyError, ProofError
from zk_proofs import bounded_rows, linear_form
from zk_proofs.accumulator import Accumulator
from zk_proofs.bounded_rows import BoundedRows, RowsOpening
from zk_proofs.engine import Engine, default_engine
from zk_proofs.generators import basis_for
from zk_proofs.lookup import TABLE
from zk_proofs.model import (
    FORMAT,
    LayerCommitment,
    LayerOpening,
    Model,
    Opening,
    commit_layer,
    revealed,
)
from zk_proofs.quantisation import Quantisation
from zk_proofs.randomness import Nonces, Random
from zk_proofs.reader import ElementReader
from zk_proofs.session import Verifier
from zk_proofs.statements import MOST_GENERATORS

OPENING_FORMAT: Final = "redactory-model-opening/v1"
_VECTOR: Final = 4096


def chunks(policy: Quantisation) -> Iterator[tuple[int, int, int]]:
    """(layer, first row, rows) of every bounded-rows proof of a model, in order."""
    width = policy.inputs
    for number, shape in enumerate(policy.layers):
        one = sum(
            count * bounds.digits * (1 if bounds.is_full else 2)
            for count, bounds in ((width, shape.weight), (1, shape.bias))
        )
        step = max(1, (_VECTOR - TABLE) // one)
        for first in range(0, shape.outputs, step):
            yield number, first, min(step, shape.outputs - first)
        width = shape.outputs


def _statement(model: Model, layer: int, first: int, rows: int) -> BoundedRows:
    shape, committed = model.policy.layers[layer], model.layers[layer]
    width = model.policy.inputs if layer == 0 else model.policy.layers[layer - 1].outputs
    context = {"first": first, "layer": layer, "model_id": model.model_id}
    part = slice(first, first + rows)
    return BoundedRows(
        linear_form.LEFT,
        committed.rows[part],
        width,
        shape.weight,
        canonical_json(context),
        committed.biases[part],
        shape.bias,
    )


def _statements(model: Model) -> list[BoundedRows]:
    found = [_statement(model, *one) for one in chunks(model.policy)]
    if any(one.basis_size > MOST_GENERATORS for one in found):
        raise ProofError("a row of the model is too long to be proven")
    return found


@dataclass(frozen=True)
class ModelFile:
    """A published model.

    Attributes:
        model: the public side.
        proofs: one bounded-rows proof for each of :func:`chunks`; none if it is revealed.
        opening: parameters of a revealed model, else None.
    """

    model: Model
    proofs: tuple[bytes, ...]
    opening: Opening | None = None

    def encode(self) -> bytes:
        """Canonical JSON."""
        shown = None
        if self.opening is not None:
            shown = [
                {"biases": _integers(one.biases), "weights": [_integers(r) for r in one.weights]}
                for one in self.opening.layers
            ]
        document = self.model.described() | {
            "model_id": self.model.model_id,
            "parameters": shown,
            "proofs": [proof.hex() for proof in self.proofs],
        }
        return canonical_json(document)

    @classmethod
    def decode(cls, raw: bytes, *, where: str = "model.json") -> ModelFile:
        """Parse a stored model; :meth:`check` must follow.

        Raises:
            ProofError: it is not a model of version 1.
        """
        try:
            document = parse_canonical_json(raw, where=where)
            found = _decoded(document)
        except (IntegrityError, PolicyError, KeyError, TypeError, ValueError, AttributeError):
            raise ProofError("is not a model of version 1", where=where) from None
        if found.encode() != raw:
            raise ProofError("is not a model of version 1", where=where)
        return found

    def check(self, *, engine: Engine | None = None, randomness: Random = os.urandom) -> None:
        """Verify that the commitments are to bounded rows over G, or to the revealed ones.

        Raises:
            ProofError: they are not.
        """
        chosen = engine or default_engine()
        if self.opening is not None:
            self._check_revealed(chosen)
            return
        statements = _statements(self.model)
        if len(statements) != len(self.proofs):
            raise ProofError("the model does not have a proof for each of its rows")
        size = max(one.basis_size for one in statements)
        accumulator = Accumulator(basis_for(chosen, size), randomness)
        for statement, proof in zip(statements, self.proofs, strict=True):
            reader = ElementReader(proof, where="proof of the model")
            verifier = Verifier(accumulator, statement.transcript(chosen), reader)
            bounded_rows.verify(verifier, statement)
            reader.end()
        if not accumulator.holds():
            raise ProofError("the model's rows are not proven to be within their bounds")

    def _check_revealed(self, engine: Engine) -> None:
        opening = self.opening
        if opening is None or self.proofs:
            raise ProofError("a revealed model has parameters and no proofs")
        _check_bounds(self.model.policy, opening)
        layers = tuple(commit_layer(layer, engine=engine) for layer in opening.layers)
        if layers != self.model.layers:
            raise ProofError("the model's commitments are not those of its parameters")


def _integers(values: Any) -> list[int]:
    return [int(value) for value in values]


def _check_bounds(policy: Quantisation, opening: Opening) -> None:
    width = policy.inputs
    for shape, layer in zip(policy.layers, opening.layers, strict=True):
        if any(len(row) != width for row in layer.weights):
            raise ProofError("the model's parameters do not have its shapes")
        for values, bounds in ((layer.weights, shape.weight), ([layer.biases], shape.bias)):
            if any(not bounds.low <= int(v) <= bounds.high for row in values for v in row):
                raise ProofError("a parameter of the model is beyond its bounds")
        width = shape.outputs


def _decoded(document: Any) -> ModelFile:
    if document["format"] != FORMAT:
        raise ValueError
    layers = tuple(
        LayerCommitment(
            tuple(bytes.fromhex(one) for one in layer["rows"]),
            tuple(bytes.fromhex(one) for one in layer["biases"]),
        )
        for layer in document["layers"]
    )
    policy = Quantisation.from_json(document["policy"])
    digests = document["feature_spec_digest"], document["job_digest"]
    if not all(isinstance(digest, str) for digest in digests):
        raise ValueError
    model = Model(policy, layers, *digests)
    opening = None
    if document["parameters"] is not None:
        shown = document["parameters"]
        if not all(map(_is_layer, shown)):
            raise ValueError
        if [len(one["weights"]) for one in shown] != [one.outputs for one in policy.layers]:
            raise ValueError
        opening = Opening(tuple(revealed(one["weights"], one["biases"]) for one in shown))
    return ModelFile(model, tuple(bytes.fromhex(one) for one in document["proofs"]), opening)


def _is_layer(shown: Any) -> bool:
    """Whether the parameters of a layer are lists of integers, as JSON has them."""
    rows = shown["weights"]
    return isinstance(rows, list) and all(
        isinstance(row, list) and all(type(value) is int for value in row)
        for row in [*rows, shown["biases"]]
    )


def publish(
    model: Model, opening: Opening, *, engine: Engine | None = None, randomness: Random = os.urandom
) -> ModelFile:
    """A model with the proofs that its rows are bounded.

    Raises:
        ProofError: a parameter is beyond its bounds, or a row too long.
    """
    chosen, proofs = engine or default_engine(), []
    places = zip(chunks(model.policy), _statements(model), strict=True)
    for (layer, first, rows), statement in places:
        held, part = opening.layers[layer], slice(first, first + rows)
        secret = RowsOpening(
            held.weights[part],
            held.row_blindings[part],
            held.biases[part],
            held.bias_blindings[part],
        )
        bound = b"".join(one.to_bytes(32, "little") for one in secret.blindings)
        nonces = Nonces(randomness, statement.context, bound)
        proofs.append(bounded_rows.prove(statement, secret, engine=chosen, nonces=nonces))
    return ModelFile(model, tuple(proofs))


def encode_opening(model: Model, opening: Opening) -> bytes:
    """The secret file of a model's owner, as canonical JSON."""
    layers = [
        {
            "bias_blindings": [f"{one:064x}" for one in layer.bias_blindings],
            "biases": _integers(layer.biases),
            "row_blindings": [f"{one:064x}" for one in layer.row_blindings],
            "weights": [_integers(row) for row in layer.weights],
        }
        for layer in opening.layers
    ]
    document = {"format": OPENING_FORMAT, "layers": layers, "model_id": model.model_id}
    return canonical_json(document)


def decode_opening(
    raw: bytes, model: Model, *, where: str, engine: Engine | None = None
) -> Opening:
    """The opening of ``model``, checked against its commitments.

    Raises:
        ProofError: it is not this model's opening.
    """
    try:
        document = parse_canonical_json(raw, where=where)
        named = document["format"] == OPENING_FORMAT and document["model_id"] == model.model_id
        layers = tuple(_layer_opening(one) for one in document["layers"])
        sound = named and tuple(commit_layer(one, engine=engine) for one in layers) == model.layers
    except (IntegrityError, KeyError, TypeError, ValueError, AttributeError):
        sound, layers = False, ()
    if not sound:
        raise ProofError("is not the opening of this model", where=where)
    return Opening(layers)


def _layer_opening(one: Any) -> LayerOpening:
    return LayerOpening(
        one["weights"],
        one["biases"],
        tuple(int(text, 16) for text in one["row_blindings"]),
        tuple(int(text, 16) for text in one["bias_blindings"]),
    )
