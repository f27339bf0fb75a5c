"""Where models, points and proofs lie in a feature dataset's folder, and what the log says.

    models/<model_id>.json              public models
    points/<shard stem>.points          commitments to the rows of a shard
    proofs/<run>/<shard>.proof          one proof file a shard and run

Nothing of this is believed because it lies there: a ``featurised`` statement for each shard
names the root of its points, a ``predicted`` statement the digests of proof and model and
the whole context of the proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from audit_ledger import Draft, Log, Provenance
from redactory.canonical import sha256_hex
from redactory.errors import IntegrityError, KeyringError, LedgerError, ProofError
from redactory.keys import LOG, KeyStore
from redactory.provenance import cli_provenance, under_rules_of
from redactory.trust import CheckedLog, TrustStore, remember
from sealed_shards.access import RecordedShard
from zk_proofs.context import Context
from zk_proofs.generators import LABEL

COMMITTED, PREDICTED, PUBLISHED = "featurised", "predicted", "published"
GENERATORS = LABEL.decode("ascii")


def model_file(model_id: str) -> str:
    """Name of a public model."""
    return f"models/{model_id}.json"


def points_file(shard: RecordedShard) -> str:
    """Name of a shard's points."""
    return f"points/{shard.header.stem}.points"


def proof_file(run: str, shard: str) -> str:
    """Name of a proof."""
    return f"proofs/{run}/{shard}.proof"


def header_digest(shard: RecordedShard) -> str:
    """SHA-256 of a shard's header: ``features`` in the context of a proof."""
    return sha256_hex(shard.header.encode())


@dataclass(frozen=True)
class Prediction:
    """What a ``predicted`` statement says about one proof.

    Attributes:
        context: what the proof is about.
        version: of the shard.
        proof_sha256: of the proof file.
        model_sha256: of the model file.
        whole: whether the run is about every row of the dataset, or about one row.
        of_version: version of the dataset that was in force when this was recorded.
    """

    context: Context
    version: int
    proof_sha256: str
    model_sha256: str
    whole: bool = True
    of_version: int = 0

    @property
    def name(self) -> str:
        """Where the proof lies."""
        return proof_file(self.context.run, self.context.shard)

    def draft(self, dataset: str) -> Draft:
        """The statement."""
        context = self.context
        body = {
            "block_rows": context.block_rows,
            "dataset": dataset,
            "features": context.features,
            "first": context.first,
            "form": context.form,
            "labels": context.labels,
            "model_id": context.model_id,
            "model_sha256": self.model_sha256,
            "points_root": context.points_root,
            "prediction_run": context.run,
            "rows": context.rows,
            "scores": context.scores,
            "shard": context.shard,
            "version": self.version,
            "whole": self.whole,
        }
        if context.label_commitment:
            body["label_commitment"] = context.label_commitment
        subject = ((self.name, self.proof_sha256),)
        return Draft(PREDICTED, subject, body, shard_key=f"{context.run}.{context.shard}")


def commitment_draft(dataset: str, shard: RecordedShard, root: str, features_sha256: str) -> Draft:
    """The statement that a shard's rows are committed to.

    Args:
        dataset: its id.
        shard: the shard.
        root: over its points.
        features_sha256: of ``features.json`` as recorded; the statement stands beside those
            of the builds, and must not seem to change it.
    """
    body = {
        "dataset": dataset,
        "features": header_digest(shard),
        "features_sha256": features_sha256,
        "generators": GENERATORS,
        "points_root": root,
        "rows": shard.header.rows,
        "shard": shard.header.ctx.shard,
        "version": shard.header.ctx.version,
    }
    key = f"points.{shard.header.ctx.shard}"
    return Draft(COMMITTED, ((points_file(shard), root),), body, shard_key=key)


def recorded_roots(log: Log, dataset: str) -> dict[str, str]:
    """Root of the points by header digest of the shard."""
    return {
        body.features: body.points_root
        for body in (entry.statement.body for entry in log.entries(kind=COMMITTED))
        if body.dataset == dataset and hasattr(body, "points_root")
    }


def proven_by(model_id: str, recorded: Iterable[Prediction]) -> frozenset[str]:
    """Header digests of the shards on which the log has a model's whole predictions."""
    return frozenset(
        one.context.features for one in recorded if one.whole and one.context.model_id == model_id
    )


def recorded_predictions(log: Log, dataset: str) -> Iterator[Prediction]:
    """All proofs that the log knows.

    Raises:
        LedgerError: a statement about a proof lacks what must be in it.
    """
    version = 0
    for entry in log.entries():
        if entry.kind not in {PREDICTED, PUBLISHED}:
            continue
        body = entry.statement.body
        if body.dataset != dataset:
            continue
        if entry.kind == PUBLISHED:
            version = body.version
            continue
        if not hasattr(body, "points_root"):
            continue
        try:
            yield _prediction(body, entry.statement.subject[0].digest.sha256, version)
        except (AttributeError, ProofError):
            raise LedgerError("a statement about a proof is incomplete", where="ledger") from None


def _prediction(body: Any, proof_sha256: str, of_version: int) -> Prediction:
    context = Context(
        body.dataset,
        body.shard,
        body.prediction_run,
        body.features,
        body.points_root,
        body.model_id,
        body.first,
        body.rows,
        body.block_rows,
        body.form,
        body.scores,
        body.labels,
        getattr(body, "label_commitment", ""),
    )
    return Prediction(
        context, body.version, proof_sha256, body.model_sha256, body.whole, of_version
    )


def readable_log(checked: CheckedLog) -> Log:
    """The verified log.

    Raises:
        LedgerError: it did not verify.
    """
    if checked.log is None:
        raise LedgerError("the log did not verify", where="ledger")
    return checked.log


class Recorder:
    """Appends statements to a dataset's log; the log key is read once, when first needed.

    Args:
        checked: the verified log.
        keys: hold the log key.
        dataset: its id.
        by: who is at work; None for the user of this process.
    """

    def __init__(
        self, checked: CheckedLog, keys: KeyStore, dataset: str, by: Provenance | None = None
    ) -> None:
        self._checked = checked
        self._keys = keys
        self._dataset = dataset
        self._by = by

    @cached_property
    def _log(self) -> Log:
        reader = readable_log(self._checked)
        if not self._keys.keyring.has(LOG):
            raise KeyringError(
                "this must be recorded, and the log key is not here",
                hint="ask the owner of the log to do it, or for its log key",
            )
        return Log.open(self._checked.folder, self._keys.log_signer(reader.origin))

    @cached_property
    def _provenance(self) -> Provenance:
        return under_rules_of(self._by or cli_provenance(None), self._log, self._dataset)

    def append(self, draft: Draft) -> None:
        """Append one statement; it is durable when this returns.

        Raises:
            KeyringError: the log key is not here.
            LedgerError: the log cannot be written.
        """
        self._log.append([draft], self._provenance)
        remember(TrustStore(self._keys.folder / "trust"), self._log)


def must_be(raw: bytes, digest: str, *, where: str) -> bytes:
    """The bytes, if they are the recorded ones.

    Raises:
        IntegrityError: they are not.
    """
    if sha256_hex(raw) != digest:
        raise IntegrityError("is not the file that was recorded", where=where)
    return raw
