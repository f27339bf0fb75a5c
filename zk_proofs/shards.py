"""Proving the predictions on a feature shard: the prover's entry to this package."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from hashlib import sha512
from typing import Any

import numpy as np

from redactory.errors import ProofError
from zk_proofs.context import Context
from zk_proofs.curve import POINT_BYTES, L
from zk_proofs.engine import Engine, default_engine
from zk_proofs.evaluation import labels_of, scores_of
from zk_proofs.inputs import points_root
from zk_proofs.model import Model, Opening
from zk_proofs.proof_file import SALT_BYTES, BlockProof, ProofFile, label_commitment
from zk_proofs.randomness import Nonces, Random
from zk_proofs.statement import Block, Rows
from zk_proofs.statements import block_rows, module_of


@dataclass(frozen=True)
class Subject:
    """What is predicted on, and in which run.

    Attributes:
        dataset, shard, run: identifiers.
        features: SHA-256 (hex) of the feature shard's header.
        points: commitments to all rows of the shard.
    """

    dataset: str
    shard: str
    run: str
    features: str
    points: Sequence[bytes]


@dataclass(frozen=True)
class Proven:
    """A proof file, what it claims, and what opens committed labels.

    Attributes:
        salt: of the label commitment; empty if labels are public.
    """

    file: ProofFile
    labels: tuple[int, ...]
    scores: Any
    salt: bytes = b""


@dataclass(frozen=True)
class Request:
    """How to prove.

    Attributes:
        form: "block", or "row" for one row in the shorter form.
        scores, labels: what the file shows.
        first: first row.
        block_rows: rows of a block, or None for what fills the vectors.
        progress: called with (blocks done, blocks).
    """

    form: str = "block"
    scores: str = "hidden"
    labels: str = "public"
    first: int = 0
    block_rows: int | None = None
    progress: Callable[[int, int], None] = lambda _done, _all: None


def prove_shard(
    model: Model,
    opening: Opening,
    rows: Rows,
    subject: Subject,
    request: Request | None = None,
    *,
    engine: Engine | None = None,
    randomness: Random = os.urandom,
) -> Proven:
    """Predict on rows of a shard and prove it.

    Args:
        model: the public side of the model.
        opening: its secret side.
        rows: the rows to predict on, from row ``request.first`` of the shard on.
        subject: where they are from.
        request: how to prove; hidden scores and public labels by default.
        engine: does the arithmetic.
        randomness: source of nonces and of the salt.

    Raises:
        ProofError: model, opening, rows and policy do not fit together.
    """
    how, chosen = request or Request(), engine or default_engine()
    scores = scores_of(model.policy, opening, rows.values)
    labels = tuple(int(label) for label in labels_of(scores))
    revealed = how.scores == "revealed"
    salt = randomness(SALT_BYTES) if how.labels == "committed" else b""
    per_block = 1 if how.form == "row" else how.block_rows
    context = Context(
        subject.dataset,
        subject.shard,
        subject.run,
        subject.features,
        points_root(subject.points),
        model.model_id,
        how.first,
        len(labels),
        per_block or min(block_rows(model.policy, revealed=revealed), len(labels)),
        how.form,
        how.scores,
        how.labels,
        label_commitment(list(labels), salt) if salt else "",
    )
    if how.first + len(labels) > len(subject.points):
        raise ProofError("there are not as many commitments as rows")
    seed = _digest_of_secrets(opening, rows)
    prove: Any = module_of(model.policy, how.form).prove
    whole = Block(model, subject.points, (0,) * len(subject.points), context.encode())
    done: list[BlockProof] = []
    for start, count in context.blocks():
        part = slice(start - how.first, start - how.first + count)
        shown = tuple(map(tuple, scores[part].tolist())) if revealed else None
        block = replace(
            whole,
            inputs=subject.points[start : start + count],
            labels=labels[part],
            first=start,
            scores=shown,
        )
        secret = Rows(np.asarray(rows.values)[part], rows.blindings[part])
        nonces = Nonces(randomness, seed, whole.context, start.to_bytes(8, "little"))
        proof = prove(block, secret, opening, engine=chosen, nonces=nonces)
        done.append(BlockProof(labels[part] if not salt else None, shown, proof))
        how.progress(len(done), len(context.blocks()))
    return Proven(ProofFile(context, tuple(done)), labels, scores, salt)


def _digest_of_secrets(opening: Opening, rows: Rows) -> bytes:
    """A digest over the whole witness, for hedged nonces."""
    digest = sha512(np.ascontiguousarray(rows.values, np.int64).tobytes())
    blindings = list(rows.blindings)
    for layer in opening.layers:
        for parameters in (layer.weights, layer.biases):
            digest.update(np.ascontiguousarray(parameters, np.int64).tobytes())
        blindings += [*layer.row_blindings, *layer.bias_blindings]
    for blinding in blindings:
        digest.update((blinding % L).to_bytes(POINT_BYTES, "little"))
    return digest.digest()
