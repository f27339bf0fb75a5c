"""The record step: put staged shards in place and state them in the log.

Order (design page 20): ciphertext, header, wraps and chunk digests durable in their final
place, then the leaves. Only this step holds the log key. It may be repeated at any point:
what is in place stays, what is recorded is not recorded again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from audit_ledger import Draft, Log, Provenance
from redactory.canonical import digest_of
from redactory.errors import IntegrityError, LedgerError
from redactory.evidence import Evidence
from redactory.keys import LOG
from redactory.pipeline.identity_names import whole_head
from redactory.pipeline.outcome import BatchResult, SealedFile, ShardOutcome
from redactory.pipeline.setup import RunSetup
from redactory.pipeline.state import RunState
from redactory.provenance import under_rules
from redactory.suppression import suppressed
from redactory.trust import TrustStore, claimed_origin, new_origin, refuse_rollback, remember
from sealed_shards.layout import shard_files
from sealed_shards.manifest import Segment

_TRIES = 5


def open_log(setup: RunSetup) -> Log:
    """The dataset's log, for writing; made at first use, and then trusted by its maker."""
    folder = setup.ledger_folder
    store = TrustStore(setup.keys.folder / "trust")
    setup.keys.ensure(LOG)
    if setup.has_log():
        reader = Log.open(folder)
        refuse_rollback(store, reader)
        return Log.open(folder, setup.keys.log_signer(reader.origin))
    # An attempt to make the log may have been cut off after it was named.
    origin = claimed_origin(folder) or new_origin()
    log = Log.create(folder, setup.keys.log_signer(origin), origin=origin)
    remember(store, log)
    return log


def record_run(
    setup: RunSetup, run_id: str, results: Sequence[Mapping[str, Any]], provenance: Provenance
) -> dict[str, Any]:
    """Record every batch of a run.

    Args:
        setup: of the run.
        run_id: the run.
        results: what the seal step returned, one a batch.
        provenance: who records.

    Returns:
        ``{run_id, checkpoint_size, root}``.

    Raises:
        InputError: the run was published or dropped.
        IntegrityError: a result was changed, or records were lost.
        LedgerError: the log is broken, or contradicts the staged shards.
    """
    state = RunState(setup.folder, run_id)
    if results:
        state.require()
    log = open_log(setup)
    provenance = under_rules(provenance, setup.policy.digest, setup.detector)
    evidence = Evidence()
    for result in results:
        batch = state.read_result(result)
        record_batch(setup, state, log, batch, evidence=evidence, provenance=provenance)
    remember(TrustStore(setup.keys.folder / "trust"), log)
    checkpoint = log.checkpoint
    return {
        "run_id": run_id,
        "checkpoint_size": checkpoint.size,
        "root": checkpoint.root.hex(),
    }


def record_batch(
    setup: RunSetup,
    state: RunState,
    log: Log,
    batch: BatchResult,
    *,
    evidence: Evidence,
    provenance: Provenance,
) -> None:
    """Put one batch in place and append its leaves; of racing runs the first leaf wins.

    ``evidence`` goes from batch to batch, so that each statement is read only once.
    """
    for outcome in batch.outcomes:
        if outcome.rows_in != outcome.rows_out + outcome.quarantined:
            raise IntegrityError("records were lost", where=f"shard {outcome.shard}")
    for tries_left in reversed(range(_TRIES)):
        evidence.extend(log.entries(evidence.size))
        recorded = whole_head(evidence, setup.dataset).shards
        won: list[SealedFile] = []
        drafts: list[Draft] = []
        for file, its_drafts in _files(setup, batch):
            there = recorded.get((file.area, file.header.ctx.shard))
            if there is None or there.header.ctx.version < file.header.ctx.version:
                won.append(file)
                drafts += its_drafts
            elif there.header != file.header:
                _drop(setup, state, file)
        moves = [
            move
            for file in won
            for move in state.moves(file.area, file.header.ctx.shard, file.header.stem)
        ]
        setup.folder.move_all(moves)
        try:
            if drafts:
                log.append(drafts, provenance)
        except LedgerError:
            if not tries_left:
                raise
            continue  # another run recorded one of these shards a moment ago
        return


def _files(setup: RunSetup, batch: BatchResult) -> Iterator[tuple[SealedFile, list[Draft]]]:
    """Every file that this run staged, with the statements that record it."""
    for outcome in batch.outcomes:
        if not outcome.data.adopted:
            yield outcome.data, _data_drafts(setup, outcome)
        if outcome.quarantine is not None and not outcome.quarantine.adopted:
            yield outcome.quarantine, [_quarantine_draft(setup, outcome, outcome.quarantine)]
        if outcome.identity is not None and not outcome.identity.adopted:
            yield outcome.identity, [_sealed_draft(outcome.identity)]
    if batch.sources is not None and not batch.sources.adopted:
        yield batch.sources, [_sealed_draft(batch.sources)]


def _data_drafts(setup: RunSetup, outcome: ShardOutcome) -> list[Draft]:
    context = outcome.data.header.ctx.model_dump()
    inputs = segments_digest(outcome.segments)
    ingested = Draft(
        kind="ingested",
        subject=((f"input/{outcome.shard}", inputs),),
        body={
            **context,
            "segments_sha256": inputs,
            "sources": len({segment.source_id for segment in outcome.segments}),
            "records": outcome.rows_in,
        },
    )
    limit = setup.suppress_below
    counts = suppressed({"entities": outcome.entities, "operators": outcome.operators}, limit)
    redacted = Draft(
        kind="redacted",
        subject=((f"input/{outcome.shard}", inputs),),
        body={
            **context,
            "detector": setup.detector,
            "records_in": outcome.rows_in,
            "records_out": outcome.rows_out,
            "quarantined": outcome.quarantined,
            **counts,
            "suppressed_below": limit or None,
        },
    )
    return [ingested, redacted, _sealed_draft(outcome.data)]


def _sealed_draft(file: SealedFile) -> Draft:
    return Draft(kind="sealed", subject=_ciphertext(file), body=_sealed_body(file))


def _quarantine_draft(setup: RunSetup, outcome: ShardOutcome, file: SealedFile) -> Draft:
    reasons = suppressed({"reasons": outcome.reasons}, setup.suppress_below)
    body = _sealed_body(file) | {
        **reasons,
        "records": outcome.quarantined,
        "of_shard": outcome.shard,
    }
    return Draft(kind="quarantined", subject=_ciphertext(file), body=body)


def _sealed_body(file: SealedFile) -> dict[str, Any]:
    return {
        **file.header.ctx.model_dump(),
        "header": file.header.as_json(),
        "keyring_sha256": file.wraps_sha256,
        "kids": file.kids,
        "replaces": file.replaces.model_dump() if file.replaces else None,
    }


def _ciphertext(file: SealedFile) -> tuple[tuple[str, str], ...]:
    return ((shard_files(file.area, file.header.stem)["shards"], file.header.sha256),)


def segments_digest(segments: Iterable[Segment]) -> str:
    """Digest over the keyed digests of a shard's inputs; the manifest holds them in full."""
    return digest_of([segment.model_dump() for segment in segments])


def _drop(setup: RunSetup, state: RunState, file: SealedFile) -> None:
    """Remove the files of a shard that another run recorded first: ours only."""
    for staged, final in state.moves(file.area, file.header.ctx.shard, file.header.stem):
        setup.folder.delete(staged)
        setup.folder.delete(final)
