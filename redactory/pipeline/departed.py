"""Sources that are gone, deleted or emptied: said in the log, and kept or shredded.

The list step notices objects that are not there any more, the seal step those that hold no record
any more. The publish step, which holds the log key, states what becomes of their records as a
``decided`` statement about ``departed_sources``: ``keep`` leaves the shards in force, ``shred``
destroys their keys, those of the quarantine and identity shards beside them, and those of every
older version. A shard in force that also holds records of other sources is never shredded here:
when its neighbours are part of the input they were sealed again without the gone one before, and
when they are not, the decision on record is to keep.

Last of all the watermark moves on, so a crash at any point leaves this to be done again; what the
run has stated already it does not state twice.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from audit_ledger import Draft, Log, Provenance
from redactory.canonical import digest_of
from redactory.evidence import Evidence
from redactory.ledger_access import change_drafts
from redactory.pipeline.identity_names import identity_dataset, identity_shard
from redactory.pipeline.ids import quarantine_shard
from redactory.pipeline.outcome import BatchResult
from redactory.pipeline.setup import RunSetup
from redactory.pipeline.state import RunState
from sealed_shards.access import DatasetHead
from sealed_shards.dataset import current_shards, published_manifests
from sealed_shards.key_changes import ChangeKind, KeyChange
from sealed_shards.layout import DATA, QUARANTINE
from sealed_shards.settling import settle
from sealed_shards.shredding import shred_shards

ABOUT = "departed_sources"
_SOURCES_IN_A_LEAF = 1000


@dataclass(frozen=True)
class RunLog:
    """The log as a run writes it; a ``KeyLog`` for changes of keys."""

    log: Log
    by: Provenance

    def keys_changed(self, kind: ChangeKind, changes: Sequence[KeyChange]) -> None:
        """State the changes durably."""
        self.log.append(change_drafts(kind, changes), self.by)


def move_watermark(
    setup: RunSetup, state: RunState, batches: Sequence[BatchResult], log: RunLog
) -> int:
    """Decide on the sources that are gone, then let the watermark say what this run has seen.

    Args:
        setup: of the run; the caller holds the writers' lock.
        state: of the run, whose shards are published.
        batches: what its seal step left.
        log: the dataset's.

    Returns:
        How many sources are gone.
    """
    look = state.read_look(setup.subkeys["work"])
    mark = setup.load_watermark()
    full = {segment.source_id for b in batches for o in b.outcomes for segment in o.segments}
    empty = {source for batch in batches for source in batch.empty}
    held = {source for source, seen in mark.objects.items() if seen.records}
    unknown = empty - mark.objects.keys()
    if unknown:  # read before there was a watermark, or never
        held |= {seg.source_id for entry in setup.published for seg in entry.segments}
    emptied = empty & held
    deleted = held.intersection(look.departed)
    if emptied or deleted:
        _decide(setup, state, log, deleted=deleted, emptied=emptied)
    before = dict(mark.objects)
    mark.objects.update(look.seen)
    for source in full | empty:
        if source in mark.objects:
            mark.objects[source] = replace(mark.objects[source], records=source in full)
    for source in deleted:
        mark.objects[source] = replace(mark.objects[source], records=False, fingerprint="")
    if mark.objects != before:
        setup.store_watermark(mark)
    return len(deleted | emptied)


@dataclass
class _Shards:
    """Shards over sources that are gone."""

    may_go: set[str]
    shared: set[str]  # sources that share a shard in force with others


def _decide(
    setup: RunSetup, state: RunState, log: RunLog, *, deleted: set[str], emptied: set[str]
) -> None:
    evidence = Evidence.gather(log.log.entries())
    head = evidence.head(setup.dataset)
    gone = deleted | emptied
    shards = _over(setup, head, gone)
    shred = gone - shards.shared if setup.config.on_deleted == "shred" else set()
    for decision, sources in (("keep", gone - shred), ("shred", shred)):
        left = sorted(sources - _stated(log.log, state.run_id, setup.dataset))
        for start in range(0, len(left), _SOURCES_IN_A_LEAF):
            named = left[start : start + _SOURCES_IN_A_LEAF]
            body = {
                "dataset": setup.dataset,
                "about": ABOUT,
                "decision": decision,
                "sources": named,
                "deleted": len(deleted.intersection(named)),
                "emptied": len(emptied.intersection(named)),
                "dataset_version": head.version,
            }
            draft = Draft(kind="decided", subject=(("sources", digest_of(named)),), body=body)
            log.log.append([draft], log.by)
    if shred:
        _shred(setup, evidence, shards.may_go, log)


def _over(setup: RunSetup, head: DatasetHead, gone: Collection[str]) -> _Shards:
    manifests = published_manifests(setup.folder, head)
    current = {entry.shard for entry in current_shards(manifests)}
    found = _Shards(set(), set())
    for manifest in manifests:
        for entry in manifest.shards:
            over = {segment.source_id for segment in entry.segments}
            if not over & set(gone):
                continue
            if entry.shard in current and not over <= set(gone):
                found.shared |= over & set(gone)
            else:
                found.may_go.add(entry.shard)
    return found


def _stated(log: Log, run_id: str, dataset: str) -> set[str]:
    """Sources on which this very run has decided before it was interrupted."""
    return {
        source
        for entry in log.entries(kind="decided")
        if (run := entry.statement.predicate.run) is not None and run.run_id == run_id
        if getattr(entry.statement.body, "about", None) == ABOUT
        and entry.statement.body.dataset == dataset
        for source in entry.statement.body.sources
    }


def _shred(setup: RunSetup, evidence: Evidence, shards: Iterable[str], log: RunLog) -> None:
    key = setup.subkeys["id"]
    named = list(shards)
    data = {(DATA, shard) for shard in named}
    data |= {(QUARANTINE, quarantine_shard(key, shard)) for shard in named}
    mapped = {(DATA, identity_shard(key, shard)) for shard in named}
    places = (
        (setup.folder, evidence.head(setup.dataset), data),
        (setup.identity_folder, evidence.head(identity_dataset(setup.dataset)), mapped),
    )
    for folder, head, wanted in places:
        found = [s for shard_key, s in head.shards.items() if shard_key in wanted]
        if found:
            settle(folder, head)
            shred_shards(folder, [s for s in found if not s.shredded], log)
