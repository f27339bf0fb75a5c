"""Checking the proofs of a dataset against its log: no key, no parameters, no input.

1. The log is verified and must be trusted; it says which proofs there are, and about what.
2. Model, points and proof files must be the recorded ones.
3. Each model's own proofs are checked, then all predictions in one sum; a bad file is named.
4. The proofs of a run must cover every row of every shard that the dataset had when the run
   began, together with what the same model had proven before.

Needs the core of the package only; with the ``prove`` extra it is some hundred times faster.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit_ledger import Draft
from redactory.canonical import digest_of
from redactory.durable import Folder, open_folder
from redactory.errors import InputError, ProofError, RedactoryError
from redactory.proving_files import (
    Prediction,
    Recorder,
    header_digest,
    model_file,
    must_be,
    points_file,
    readable_log,
    recorded_predictions,
    recorded_roots,
)
from redactory.reading import Trust, checked_head
from redactory.trust import CheckedLog
from sealed_shards.access import DatasetHead, RecordedShard
from sealed_shards.dataset import current_shards, published_manifests
from sealed_shards.layout import DATA
from zk_proofs.auditing import Evidence, audit
from zk_proofs.coverage import check_coverage
from zk_proofs.engine import Engine, default_engine
from zk_proofs.inputs import split_points
from zk_proofs.model import Model
from zk_proofs.model_file import ModelFile


@dataclass(frozen=True)
class Finding:
    """The verdict on one proof, or on the coverage of one run.

    Attributes:
        run: of the prediction.
        place: the proof file, or the shard.
        fault: what is wrong, or empty.
        rows: proven rows.
        model_id: the model.
    """

    run: str
    place: str
    fault: str = ""
    rows: int = 0
    model_id: str = ""


@dataclass(frozen=True)
class ProofVerdict:
    """What an audit found."""

    dataset: str
    checkpoint_size: int
    findings: tuple[Finding, ...] = field(default_factory=tuple)

    @property
    def ok(self) -> bool:
        """Whether everything is proven."""
        return not any(one.fault for one in self.findings)

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return {
            "checkpoint_size": self.checkpoint_size,
            "dataset": self.dataset,
            "findings": [vars(one) for one in self.findings],
            "ok": self.ok,
        }


def audit_dataset(
    path: str,
    trust: Trust,
    *,
    run: str | None = None,
    proof: str | None = None,
    record: bool = False,
    label_keys: str | None = None,
    notice: Callable[[str], None] | None = None,
) -> ProofVerdict:
    """Verify the recorded proofs of a feature dataset.

    Args:
        path: its folder.
        trust: which log to believe.
        run: only the proofs of this prediction run.
        proof: only this proof file, as the log names it.
        record: append the verdict to the log.
        label_keys: file that opens committed labels.
        notice: told if the first use compiles.

    Raises:
        InputError: no such dataset, run or proof.
        KeyringError: the log is not trusted; the log key is not here.
        LedgerError: the log is broken.
    """
    keys = trust.keys()
    checked, head = checked_head(path, trust, keys)
    recorded = list(recorded_predictions(readable_log(checked), head.dataset))
    chosen = [
        one for one in recorded if run in {None, one.context.run} and proof in {None, one.name}
    ]
    if not chosen:
        raise InputError("the log names no such proofs", where=path)
    engine = default_engine(notice)
    keys_by_proof = _load_label_keys(label_keys) if label_keys else {}
    judge = _Judge(open_folder(path), checked, head, engine, keys_by_proof)
    findings = judge.proofs(chosen)
    if proof is None:
        findings += judge.coverage(recorded, chosen, findings)
    verdict = ProofVerdict(head.dataset, checked.verdict.size, tuple(findings))
    if record:
        state = "proofs-hold" if verdict.ok else "proofs-broken"
        body = {
            "checkpoint_size": verdict.checkpoint_size,
            "dataset": head.dataset,
            "verdict": state,
        }
        subject = (("proofs", digest_of([one.proof_sha256 for one in chosen])),)
        Recorder(checked, keys, head.dataset, trust.by).append(Draft("verified", subject, body))
    return verdict


def _load_label_keys(path: str) -> dict[str, tuple[list[int], bytes]]:
    """Labels and salt by the name of the proof."""
    try:
        document = json.loads(Path(path).read_bytes())
        return {
            name: ([int(label) for label in one["labels"]], bytes.fromhex(one["salt"]))
            for name, one in document.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise InputError("is no file of label keys", where=path) from None


@dataclass
class _Judge:
    folder: Folder
    checked: CheckedLog
    head: DatasetHead
    engine: Engine
    label_keys: dict[str, tuple[list[int], bytes]]
    models: dict[str, Model | str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.roots = recorded_roots(readable_log(self.checked), self.head.dataset)

    def proofs(self, chosen: Iterable[Prediction]) -> list[Finding]:
        """One finding for each proof."""
        findings: list[Finding] = []
        ready: list[tuple[Prediction, Evidence]] = []
        for one in chosen:
            try:
                ready.append((one, self._evidence(one)))
            except (RedactoryError, OSError) as error:
                fault = "is missing" if isinstance(error, OSError) else str(error)
                findings.append(Finding(one.context.run, one.name, fault))
        judged = audit([evidence for _, evidence in ready], engine=self.engine)
        for (one, _), verdict in zip(ready, judged, strict=True):
            context = one.context
            rows = 0 if verdict.fault else context.rows
            finding = Finding(context.run, one.name, verdict.fault, rows, context.model_id)
            findings.append(finding)
        return findings

    def _evidence(self, one: Prediction) -> Evidence:
        context = one.context
        shard = self._shard(one)
        if self.roots.get(context.features) != context.points_root:
            raise ProofError("its points are not those that were recorded for the shard")
        name = points_file(shard)
        points = split_points(self.folder.read(name), where=name)
        raw = must_be(self.folder.read(one.name), one.proof_sha256, where=one.name)
        labels, salt = self.label_keys.get(one.name, (None, b""))
        return Evidence(raw, context, self._model(one), points, labels, salt, one.name)

    def _shard(self, one: Prediction) -> RecordedShard:
        shard = self.head.shards.get((DATA, one.context.shard))
        if shard is None or header_digest(shard) != one.context.features:
            raise ProofError("the shard it is about is not in the dataset")
        return shard

    def _model(self, one: Prediction) -> Model:
        """The model, its own proofs checked once."""
        key = one.model_sha256
        if key not in self.models:
            name = model_file(one.context.model_id)
            try:
                raw = must_be(self.folder.read(name), key, where=name)
                found = ModelFile.decode(raw, where=name)
                found.check(engine=self.engine)
                self.models[key] = found.model
            except (RedactoryError, OSError) as error:
                missing = isinstance(error, OSError)
                self.models[key] = f"{name}: is missing" if missing else str(error)
        known = self.models[key]
        if isinstance(known, str):
            raise ProofError(known)
        return known

    def coverage(
        self, recorded: list[Prediction], chosen: list[Prediction], findings: list[Finding]
    ) -> list[Finding]:
        """A finding for each run over the whole dataset that leaves rows unproven.

        A run answers for the shards that were published before its first statement and are in
        force now. Those that it passed over must have a recorded proof by the same model in an
        earlier run; a proof that this audit found bad is none.
        """
        bad = {one.place for one in findings if one.fault}
        good = [one for one in recorded if one.whole and one.name not in bad]
        manifests = published_manifests(self.folder, self.head)
        current = {one.shard for one in current_shards(manifests)}
        faults = []
        for run in dict.fromkeys(one.context.run for one in chosen if one.whole):
            first = next(one for one in recorded if one.whole and one.context.run == run)
            then = current_shards([m for m in manifests if m.version <= first.of_version])
            shards = {one.shard: one.rows for one in then if one.rows and one.shard in current}
            earlier = recorded[: recorded.index(first)]
            held = {
                one.context.shard: one.context
                for one in good
                if one.context.model_id == first.context.model_id
                and (one.context.run == run or (one in earlier and self._is_in_force(one)))
            }
            try:
                check_coverage([c for shard, c in held.items() if shard in shards], shards)
            except ProofError as error:
                faults.append(Finding(run, error.where, error.what))
        return faults

    def _is_in_force(self, one: Prediction) -> bool:
        """Whether the shard is still the one that was predicted on."""
        shard = self.head.shards.get((DATA, one.context.shard))
        return shard is not None and header_digest(shard) == one.context.features
