"""What a run put in place and never recorded, and how that goes again.

Files reach their final place before the log vouches for them. A run that is dropped in
between, or resumed over an input that has changed, would leave files there that nobody
vouches for; and one that is dropped just after its ``published`` leaf, a dataset whose
``dataset.json`` is an old one.
"""

from __future__ import annotations

from collections.abc import Collection

from audit_ledger import Log
from redactory.areas import IDENTITY
from redactory.evidence import Evidence
from redactory.pipeline.dataset_file import put_in_place
from redactory.pipeline.identity_names import identity_dataset, whole_head
from redactory.pipeline.outcome import SealedFile
from redactory.pipeline.setup import RunSetup
from redactory.pipeline.state import RunState
from redactory.trust import TrustStore, refuse_rollback
from sealed_shards.access import DatasetHead
from sealed_shards.layout import DATASET_FILE, manifest_file, report_file, shard_files


def discard(setup: RunSetup, run_id: str) -> None:
    """Drop an interrupted run: what it recorded stays, everything else of it goes.

    Args:
        setup: names the dataset's folder and its log.
        run_id: a run whose process is gone.

    Raises:
        LedgerError: the log was rolled back, so what it lacks proves nothing.
    """
    state = RunState(setup.folder, run_id)
    dataset = state.dataset()
    # Without a log nothing was put in place yet: making it comes first.
    if dataset and setup.has_log():
        log = Log.open(setup.ledger_folder)
        refuse_rollback(TrustStore(setup.keys.folder / "trust"), log)
        evidence = Evidence.gather(log.entries())
        head = whole_head(evidence, dataset)
        put_in_place(setup.folder, state.name(DATASET_FILE), head)
        remove_unrecorded(state, head)
        if run_id not in evidence.head(identity_dataset(dataset)).manifests:
            setup.folder.delete(f"{IDENTITY}/{manifest_file(run_id)}")
    state.finish()


def remove_unrecorded(state: RunState, head: DatasetHead, *, settled: Collection[str] = ()) -> None:
    """Remove the run's own files that are in their final place but not in the log.

    Args:
        state: of the run.
        head: what the log says now.
        settled: shards that are known to be recorded; their outcomes are not read again.
    """
    for file in state.sealed_files(settled):
        if not file.adopted and not _is_recorded(file, head):
            for name in shard_files(file.area, file.header.stem).values():
                state.folder.delete(name)
    if state.run_id not in head.manifests:
        state.folder.delete(manifest_file(state.run_id))
        state.folder.delete(report_file(state.run_id))


def _is_recorded(file: SealedFile, head: DatasetHead) -> bool:
    there = head.shards.get((file.area, file.header.ctx.shard))
    return there is not None and file.header.stem in (there.header.stem, *there.replaced)
