"""The publish step: what was recorded becomes a new version of the dataset.

Order: report, manifest, ``published`` leaf, ``dataset.json``, then the run's state goes.
A manifest without its leaf counts for nothing, so everything before the leaf may be
repeated, and everything after it follows from it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from audit_ledger import Draft, Log, Provenance
from pii_rules.utility import Utility
from redactory.canonical import sha256_hex
from redactory.checkpoints import publish_run_checkpoint
from redactory.errors import LedgerError, PolicyError
from redactory.evidence import Evidence
from redactory.exclusive import one_writer
from redactory.pipeline.approval import doubt, is_released
from redactory.pipeline.dataset_file import put_in_place, recorded_info, refuse_other_columns
from redactory.pipeline.departed import RunLog, move_watermark
from redactory.pipeline.identity import publish_identity
from redactory.pipeline.identity_names import whole_head
from redactory.pipeline.leftovers import remove_unrecorded
from redactory.pipeline.outcome import BatchResult, SealedFile, ShardOutcome
from redactory.pipeline.recording import open_log
from redactory.pipeline.residual import check_groups, check_residual, measured
from redactory.pipeline.sanitise import check_number_of_classes
from redactory.pipeline.setup import RunSetup
from redactory.pipeline.state import RunState
from redactory.provenance import under_rules
from redactory.report import ReportFacts, render_report
from redactory.suppression import suppressed
from redactory.trust import TrustStore, remember
from sealed_shards.access import DatasetHead
from sealed_shards.dataset import current_shards, published_manifests
from sealed_shards.layout import DATASET_FILE, manifest_file, report_file
from sealed_shards.manifest import DatasetInfo, Manifest, ManifestShard


@dataclass(frozen=True)
class Published:
    """What a run added, in counts and digests only; ``new`` is false if that was nothing.

    ``departed`` counts the sources that were found deleted or emptied.
    """

    run_id: str
    dataset: str
    dataset_version: int
    checkpoint_size: int
    root: str
    shards: int
    records: int
    quarantined: int
    new: bool
    departed: int = 0

    def as_json(self) -> dict[str, Any]:
        """For XCom, asset events and ``--json``."""
        return dict(vars(self))


def publish_run(
    setup: RunSetup,
    run_id: str,
    results: Sequence[Mapping[str, Any]],
    provenance: Provenance,
    *,
    asked: bool = False,
) -> Published:
    """Publish a recorded run; without anything new the dataset stays as it is.

    Args:
        setup: of the run.
        run_id: the run.
        results: what the seal step returned, one a batch.
        provenance: who publishes.
        asked: whether a person is asked about doubtful runs, whose release must then be on record.

    Raises:
        LeakError: on the labelled sample more survives than the policy allows, or more records
            are singled out by their quasi-identifiers.
        PolicyError: more records were quarantined than the policy allows, and nobody released them.
    """
    state = RunState(setup.folder, run_id)
    log = open_log(setup)
    provenance = under_rules(provenance, setup.policy.digest, setup.detector)
    if not state.exists():
        # An earlier try finished and could not say so, or could not reach a target below.
        publish_run_checkpoint(log, setup.keys, setup.config.publish_checkpoint)
        return _published(setup, log, _head(setup, log), run_id)
    batches = [state.read_result(result) for result in results]
    with one_writer(setup.ledger_folder):
        head = _head(setup, log)
        if run_id not in head.manifests:
            _check_quarantine(setup, run_id, results, batches, asked=asked)
            check_residual(setup.config)
            check_groups(setup.policy, _cost(batches))
            head = _publish(setup, state, log, head, batches, provenance=provenance)
        put_in_place(setup.folder, state.name(DATASET_FILE), head)
        departed = move_watermark(setup, state, batches, RunLog(log, provenance))
    settled = {outcome.shard for batch in batches for outcome in batch.outcomes}
    remove_unrecorded(state, head, settled=settled)
    remember(TrustStore(setup.keys.folder / "trust"), log)
    published = replace(_published(setup, log, head, run_id), departed=departed)
    state.finish()
    publish_run_checkpoint(log, setup.keys, setup.config.publish_checkpoint)
    return published


def _published(setup: RunSetup, log: Log, head: DatasetHead, run_id: str) -> Published:
    by_run = {manifest.run_id: manifest for manifest in published_manifests(setup.folder, head)}
    manifest = by_run.get(run_id)
    checkpoint = log.checkpoint
    return Published(
        run_id=run_id,
        dataset=setup.dataset,
        dataset_version=head.version,
        checkpoint_size=checkpoint.size,
        root=checkpoint.root.hex(),
        shards=len(manifest.shards) if manifest else 0,
        records=manifest.records_out if manifest else 0,
        quarantined=manifest.quarantined if manifest else 0,
        new=manifest is not None,
    )


def _check_quarantine(
    setup: RunSetup,
    run_id: str,
    results: Sequence[Mapping[str, Any]],
    batches: Sequence[BatchResult],
    *,
    asked: bool,
) -> None:
    """Refuse what was quarantined too much, unless a person released it.

    Raises:
        PolicyError: the share of quarantined records is over the limit, or a person should
            have been asked.
    """
    found = doubt(setup, batches)
    if found is None or not (asked or found.over_limit) or is_released(setup, run_id, results):
        return
    if found.over_limit:
        raise found.refusal()
    raise PolicyError(
        f"{found.quarantined} of {found.rows_in} records are in quarantine and wait for a look; "
        "nothing was published",
        hint="run the release step again, and approve",
    )


def _publish(
    setup: RunSetup,
    state: RunState,
    log: Log,
    head: DatasetHead,
    batches: Sequence[BatchResult],
    *,
    provenance: Provenance,
) -> DatasetHead:
    manifest = _manifest(setup, state, head, batches, report_sha256="0" * 64)
    if not (manifest.shards or manifest.quarantine or manifest.supersedes):
        return head
    info = _dataset_info(setup, log, head, batches).encode()
    report = render_report(_report_facts(setup, manifest, batches, log))
    manifest = manifest.model_copy(update={"report_sha256": sha256_hex(report)})
    publish_identity(
        setup,
        state,
        log,
        batches,
        superseded=manifest.supersedes,
        report_sha256=manifest.report_sha256,
        provenance=provenance,
    )
    manifest_sha256 = sha256_hex(manifest.encode())
    _put(state, report_file(state.run_id), report)
    _put(state, manifest_file(state.run_id), manifest.encode())
    state.store(state.name(DATASET_FILE), info)
    draft = Draft(
        kind="published",
        subject=((manifest_file(state.run_id), manifest_sha256),),
        body={
            "dataset": setup.dataset,
            "version": manifest.version,
            "run_id": state.run_id,
            "manifest_sha256": manifest_sha256,
            "dataset_sha256": sha256_hex(info),
            "shards": len(manifest.shards),
            "records": manifest.records_out,
            "quarantined": manifest.quarantined,
            "report_sha256": manifest.report_sha256,
            "supersedes_count": len(manifest.supersedes),
        },
        shard_key="head",  # one statement a version
    )
    log.append([draft], provenance)
    return _head(setup, log)


def _head(setup: RunSetup, log: Log) -> DatasetHead:
    return whole_head(Evidence.gather(log.entries()), setup.dataset)


def _put(state: RunState, name: str, raw: bytes) -> None:
    """Put a file in its final place by way of the run's folder, where a crash may litter."""
    state.store(state.name(name), raw)
    state.folder.move_over(state.name(name), name)


def _manifest(
    setup: RunSetup,
    state: RunState,
    head: DatasetHead,
    batches: Sequence[BatchResult],
    *,
    report_sha256: str,
) -> Manifest:
    earlier = published_manifests(setup.folder, head)
    current = {(entry.shard, entry.version) for entry in current_shards(earlier)}
    outcomes = [outcome for batch in batches for outcome in batch.outcomes]
    new = [o for o in outcomes if (o.shard, _version(o.data, head)) not in current]
    return Manifest(
        dataset=setup.dataset,
        version=head.version + 1,
        run_id=state.run_id,
        policy=f"{setup.policy.name} {setup.policy.version}",
        policy_digest=setup.config_digest,
        shards=tuple(_entry(head, o, o.data) for o in new),
        quarantine=tuple(_entry(head, o, o.quarantine) for o in new if o.quarantine),
        sources=tuple(_entry(head, None, batch.sources) for batch in batches if batch.sources),
        supersedes=tuple(_superseded(earlier, outcomes)),
        records_in=sum(o.rows_in for o in new),
        records_out=sum(o.rows_out for o in new),
        quarantined=sum(o.quarantined for o in new),
        report_sha256=report_sha256,
    )


def _version(file: SealedFile, head: DatasetHead) -> int:
    recorded = head.shards.get((file.area, file.header.ctx.shard))
    return (recorded.header if recorded else file.header).ctx.version


def _entry(head: DatasetHead, outcome: ShardOutcome | None, file: SealedFile) -> ManifestShard:
    """The manifest's line on a shard: always the version that the log holds."""
    recorded = head.shards.get((file.area, file.header.ctx.shard))
    if recorded is None:
        raise LedgerError(
            "a shard of the run is not in the log",
            where=f"shard {file.header.ctx.shard}",
            hint="record the run before it is published",
        )
    header = recorded.header
    return ManifestShard(
        shard=header.ctx.shard,
        version=header.ctx.version,
        sha256=header.sha256,
        rows=header.rows,
        segments=outcome.segments if outcome else (),
    )


def _superseded(earlier: Sequence[Manifest], outcomes: Sequence[ShardOutcome]) -> list[str]:
    """Current shards over sources that this run has read again into other shards."""
    ours = {o.shard for o in outcomes}
    read = {segment.source_id for o in outcomes for segment in o.segments}
    return [
        entry.shard
        for entry in current_shards(earlier)
        if entry.shard not in ours and any(seg.source_id in read for seg in entry.segments)
    ]


def _dataset_info(
    setup: RunSetup, log: Log, head: DatasetHead, batches: Sequence[BatchResult]
) -> DatasetInfo:
    known = recorded_info(setup.folder, head)
    # Of two runs that make the dataset at once, the second meets the first one's columns here.
    refuse_other_columns(known, setup.fields, where=setup.folder.path(DATASET_FILE))
    labels = {label for batch in batches for o in batch.outcomes for label in o.labels}
    labels.update(known.label_classes if known else ())
    check_number_of_classes(len(labels))
    return DatasetInfo(
        id=setup.dataset,
        fields=setup.fields,
        label_classes=tuple(sorted(labels)),
        log_key_fingerprint=log.verifier.fingerprint,
        log_origin=log.origin,
    )


def _cost(batches: Sequence[BatchResult]) -> Utility:
    """What redaction cost the records that this run sealed."""
    total = Utility()
    for batch in batches:
        for outcome in batch.outcomes:
            if outcome.utility is not None:
                total.merge(Utility.from_json(outcome.utility))
    return total


def _report_facts(
    setup: RunSetup, manifest: Manifest, batches: Sequence[BatchResult], log: Log
) -> ReportFacts:
    entities: Counter[str] = Counter()
    operators: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for batch in batches:
        for outcome in batch.outcomes:
            entities.update(outcome.entities)
            operators.update(outcome.operators)
            reasons.update(outcome.reasons)
    checkpoint = log.checkpoint
    limit = setup.suppress_below
    counts = suppressed({"entities": entities, "operators": operators}, limit)
    return ReportFacts(
        manifest=manifest,
        entities=counts["entities"],
        operators=counts["operators"],
        reasons=suppressed({"reasons": reasons}, limit)["reasons"],
        detector=setup.detector,
        same_quarantine_key=setup.config.same_quarantine_key,
        leak_gate=setup.config.leak_gate,
        residuals=measured(setup.config),
        utility=_cost(batches),
        collisions=sum(o.collisions for batch in batches for o in batch.outcomes),
        k=setup.policy.quasi_identifiers.k,
        checkpoint_size=checkpoint.size,
        checkpoint_root=checkpoint.root.hex(),
        log_origin=log.origin,
        log_key_fingerprint=log.verifier.fingerprint,
    )
