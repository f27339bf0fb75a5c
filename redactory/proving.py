"""Predictions on a feature dataset, with a proof for every shard.

1. The dataset is opened along its trust chain, which records the access.
2. Rows that are not committed to yet are committed to: points file, then the statement.
3. Each shard is predicted on and proven; proof and model are durable before the statement
   that names their digests.

A run that was interrupted is continued by asking for what is not proven yet (``only_new``), which
is also how a dataset that grows is kept up with: shards that the model has a proof for stay as
they are, and count for every later run of that model.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from audit_ledger import Draft, Log
from redactory.canonical import sha256_hex
from redactory.durable import Folder, open_folder
from redactory.errors import InputError, IntegrityError
from redactory.featurising.document import FEATURES_FILE
from redactory.featurising.opening import FeatureDataset, open_features
from redactory.featurising.writing import recorded_digests
from redactory.proving_files import (
    Prediction,
    Recorder,
    commitment_draft,
    header_digest,
    model_file,
    must_be,
    points_file,
    proof_file,
    proven_by,
    readable_log,
    recorded_predictions,
    recorded_roots,
)
from redactory.proving_models import OwnModel
from redactory.reading import Trust, checked_head, own_identity
from sealed_shards.access import RecordedShard
from sealed_shards.dataset import published_manifests, recorded_shards
from sealed_shards.key_files import AnyIdentity
from sealed_shards.layout import DATA, shard_file
from sealed_shards.shard import unwrap_data_key
from zk_proofs.evaluation import labels_of, scores_of
from zk_proofs.inputs import points_root, row_blindings, split_points
from zk_proofs.pedersen import commit_inputs
from zk_proofs.shards import Request, Subject, prove_shard
from zk_proofs.statement import Rows

PURPOSE = "predict"


@dataclass(frozen=True)
class Predicting:
    """What to do.

    Attributes:
        dataset: folder of the feature dataset.
        trust: which log to believe.
        key_file: private key that opens the rows; the user's own by default.
        request: what the proofs show.
        run: name of the prediction run.
        record: id of the only row to predict on; None for all rows.
        only_new: pass over the shards that this model has proven predictions on.
        keep: given the predictions on a shard before the statement about them is recorded, so
            that what it writes is there whenever the log says so.
        progress: told how many shards of how many are done.
    """

    dataset: str
    run: str
    trust: Trust = field(default_factory=Trust)
    key_file: str | None = None
    request: Request = field(default_factory=Request)
    record: str | None = None
    only_new: bool = False
    keep: Callable[[Predicted], None] = lambda _: None
    progress: Callable[[int, int], None] = lambda _done, _all: None


@dataclass(frozen=True)
class Predicted:
    """The predictions on one shard.

    Attributes:
        record_ids: one a row.
        labels: one a row, places of the classes.
        classes: their names, if the dataset has as many as the model has labels.
        salt: what opens a label commitment, if labels are committed.
        proof: name of the proof file, or empty.
    """

    shard: str
    record_ids: tuple[str, ...]
    labels: tuple[int, ...]
    classes: tuple[str, ...] = ()
    salt: bytes = field(default=b"", repr=False)
    proof: str = ""


@dataclass
class _Opened:
    """An opened feature dataset with everything a prover needs beside the model."""

    features: FeatureDataset
    folder: Folder
    log: Log
    recorder: Recorder
    identity: AnyIdentity
    features_sha256: str

    @classmethod
    def of(cls, task: Predicting) -> _Opened:
        features = open_features(task.dataset, task.trust, key_file=task.key_file, purpose=PURPOSE)
        keys = task.trust.keys()
        checked, head = checked_head(task.dataset, task.trust, keys)
        log = readable_log(checked)
        digest = recorded_digests(log, head)[FEATURES_FILE]
        identity = own_identity(keys, DATA, task.key_file)
        recorder = Recorder(checked, keys, head.dataset, task.trust.by)
        return cls(features, open_folder(task.dataset), log, recorder, identity, digest)

    @property
    def dataset(self) -> str:
        return self.features.dataset.info.id

    def shards(
        self, passed_over: frozenset[str] = frozenset()
    ) -> Iterator[tuple[RecordedShard, tuple[str, ...], Any]]:
        """(shard, record ids, rows of integers), one shard at a time.

        Args:
            passed_over: header digests of shards that are not wanted.
        """
        for number, shard in enumerate(self.features.dataset.shards):
            if header_digest(shard) in passed_over:
                continue
            picked = FeatureDataset(self.features.dataset.pick([number]), self.features.info)
            parts = list(picked.rows())
            ids = tuple(name for part in parts for name in part.record_ids)
            if parts:
                yield shard, ids, np.concatenate([part.features for part in parts])

    def blindings(self, shard: RecordedShard) -> list[int]:
        wraps = self.folder.read(shard_file(DATA, "wraps", shard.header.stem))
        key = unwrap_data_key(self.folder, DATA, shard.header, wraps, self.identity)
        return row_blindings(key, shard.header.context.aad(), shard.header.rows)

    def points(self, shard: RecordedShard, root: str) -> list[bytes]:
        name = points_file(shard)
        points = split_points(self.folder.read(name), where=name)
        if points_root(points) != root:
            raise IntegrityError("is not the file that was recorded", where=name)
        return points

    def commit(self, shard: RecordedShard, values: Any, blindings: list[int]) -> list[bytes]:
        """Write a shard's points and record their root."""
        points = commit_inputs(np.asarray(values, np.int64), blindings)
        self.folder.replace(points_file(shard), b"".join(points))
        root = points_root(points)
        self.recorder.append(commitment_draft(self.dataset, shard, root, self.features_sha256))
        return points


def commit_rows(task: Predicting) -> tuple[int, int]:
    """Commit to the rows of every shard that is not committed to yet.

    Returns:
        (shards committed to now, shards there before).

    Raises:
        InputError: there is no feature dataset.
        KeyringError: a key is missing.
        IntegrityError: something is not as recorded.
        LedgerError: the log is broken or cannot be written.
    """
    opened = _Opened.of(task)
    known = recorded_roots(opened.log, opened.dataset)
    made = before = 0
    for shard, _, values in opened.shards():
        if header_digest(shard) in known:
            before += 1
            continue
        opened.commit(shard, values, opened.blindings(shard))
        made += 1
        task.progress(made + before, len(opened.features.dataset.shards))
    return made, before


def unproven(path: str, trust: Trust, model_id: str) -> int:
    """How many shards in force a model has no whole proven predictions on; opens nothing.

    Raises:
        InputError: there is no dataset.
        KeyringError: the log is not trusted.
        LedgerError: the log is broken.
        IntegrityError: a manifest is not as recorded.
    """
    checked, head = checked_head(path, trust, trust.keys())
    done = proven_by(model_id, recorded_predictions(readable_log(checked), head.dataset))
    shards = recorded_shards(published_manifests(open_folder(path), head), head, DATA)
    held = [one for one in shards if one.header.rows and not one.shredded]
    return sum(header_digest(one) not in done for one in held)


def predict(task: Predicting, own: OwnModel, *, prove: bool) -> Iterator[Predicted]:
    """Predict on every shard of a feature dataset, with a proof if wanted.

    Raises:
        InputError: dataset and model do not fit together.
        KeyringError: a key is missing.
        IntegrityError: something is not as recorded.
        LedgerError: the log is broken or cannot be written.
        ProofError: rows or parameters are beyond the model's bounds.
    """
    opened = _Opened.of(task)
    _refuse_other_features(opened.features, own)
    roots = recorded_roots(opened.log, opened.dataset)
    recorded = list(recorded_predictions(opened.log, opened.dataset))
    done = {one.name for one in recorded}
    passed_over = proven_by(own.model.model_id, recorded) if task.only_new else frozenset()
    model_sha256 = _publish_model(opened.folder, own) if prove else ""
    count = len(opened.features.dataset.shards)
    found = False
    for number, (shard, ids, values) in enumerate(opened.shards(passed_over)):
        if task.record not in {None, *ids}:
            continue
        found = True
        if prove:
            name = proof_file(task.run, shard.header.ctx.shard)
            if name in done:
                raise InputError(
                    "this run has proven that shard before",
                    where=name,
                    hint="choose another --run, or continue it with --only-new",
                )
            points = _points(opened, roots, shard, values)
            yield _proven(opened, task, own, _Part(shard, ids, values, points, model_sha256))
        else:
            chosen = _chosen(task, ids)
            labels = labels_of(scores_of(own.model.policy, own.opening, values[chosen]))
            names = _classes(opened.features, own)
            made = Predicted(shard.header.ctx.shard, ids[chosen], tuple(labels.tolist()), names)
            task.keep(made)
            yield made
        task.progress(number + 1, count - len(passed_over))
    if not found and not task.only_new:
        raise InputError("the dataset has no such rows", hint="record ids are those of its rows")
    if not prove:
        _record_plain(opened, task, own)


def _points(
    opened: _Opened, roots: dict[str, str], shard: RecordedShard, values: Any
) -> list[bytes]:
    digest = header_digest(shard)
    if digest in roots:
        return opened.points(shard, roots[digest])
    return opened.commit(shard, values, opened.blindings(shard))


@dataclass(frozen=True)
class _Part:
    """One shard in the hands of the prover."""

    shard: RecordedShard
    ids: tuple[str, ...]
    values: Any
    points: list[bytes]
    model_sha256: str


def _proven(opened: _Opened, task: Predicting, own: OwnModel, part: _Part) -> Predicted:
    header = part.shard.header
    shard, digest = header.ctx.shard, header_digest(part.shard)
    chosen, blindings = _chosen(task, part.ids), opened.blindings(part.shard)
    rows = Rows(part.values[chosen], blindings[chosen])
    subject = Subject(opened.dataset, shard, task.run, digest, part.points)
    request = replace(task.request, first=chosen.start or 0)
    if task.record is not None and _has_short_form(own, request):
        request = replace(request, form="row")
    made = prove_shard(own.model, own.opening, rows, subject, request)
    raw = made.file.encode()
    context, version = made.file.context, header.ctx.version
    whole = task.record is None
    prediction = Prediction(context, version, sha256_hex(raw), part.model_sha256, whole)
    names = _classes(opened.features, own)
    ids = part.ids[chosen]
    predicted = Predicted(shard, ids, made.labels, names, made.salt, prediction.name)
    opened.folder.replace(prediction.name, raw)
    task.keep(predicted)
    opened.recorder.append(prediction.draft(opened.dataset))
    return predicted


def _chosen(task: Predicting, ids: tuple[str, ...]) -> slice:
    """Which rows of a shard: all, or the one asked for."""
    if task.record is None:
        return slice(0, len(ids))
    row = ids.index(task.record)
    return slice(row, row + 1)


def _has_short_form(own: OwnModel, request: Request) -> bool:
    modes = request.scores, request.labels
    return not own.model.policy.hidden and modes == ("hidden", "public")


def _classes(features: FeatureDataset, own: OwnModel) -> tuple[str, ...]:
    return features.classes if len(features.classes) == own.model.policy.labels else ()


def _refuse_other_features(features: FeatureDataset, own: OwnModel) -> None:
    if own.model.feature_spec_digest != features.info.spec_digest:
        raise InputError(
            "the model was made for other features than those of the dataset",
            hint="both name the digest of their feature spec",
        )
    if own.model.policy.inputs != features.info.spec.d:
        raise InputError("the model does not take rows of this length")


def _publish_model(folder: Folder, own: OwnModel) -> str:
    name, raw = model_file(own.model.model_id), own.file.encode()
    if folder.exists(name):
        must_be(folder.read(name), sha256_hex(raw), where=name)
    else:
        folder.replace(name, raw)
    return sha256_hex(raw)


def _record_plain(opened: _Opened, task: Predicting, own: OwnModel) -> None:
    """A run without proofs is on record as well, and says so by naming none."""
    body = {
        "dataset": opened.dataset,
        "model_id": own.model.model_id,
        "prediction_run": task.run,
        "proven": False,
        "shards": len(opened.features.dataset.shards),
        "version": opened.features.dataset.head.version,
    }
    subject = (("model", own.model.model_id),)
    opened.recorder.append(Draft("predicted", subject, body, shard_key=task.run))
