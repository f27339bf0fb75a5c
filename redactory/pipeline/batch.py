"""The seal step for one batch: its shards one after the other, or on worker processes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from redactory.pipeline import ids
from redactory.pipeline.outcome import BatchResult, ShardOutcome
from redactory.pipeline.planning import ShardInput
from redactory.pipeline.pool import ordered_map
from redactory.pipeline.sanitise import Sanitiser
from redactory.pipeline.sealing import SealContext, ShardSealer, Tick
from redactory.pipeline.setup import RunSetup
from redactory.pipeline.state import RunState

Progress = Callable[[ShardOutcome], None]
Seal = Callable[[Iterable[ShardInput]], Iterator[ShardOutcome]]


def seal_batch(
    setup: RunSetup,
    run_id: str,
    batch: dict[str, Any],
    *,
    context: SealContext,
    seal: Seal,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """Seal every shard of a batch into the run's staging area.

    Args:
        setup: of the run.
        run_id: the run.
        batch: an entry of what the list step returned.
        context: what the sealing processes hold.
        seal: seals shard inputs in order (:func:`sealing`).
        progress: told of each shard.

    Returns:
        ``{batch_id, result_path, sha256, rows_in, rows_out, quarantined}``.

    Raises:
        InputError: the run was published or dropped, or begun with another configuration.
    """
    state = RunState(setup.folder, run_id)
    state.require()
    state.begin(setup.run_facts())
    sources = state.read_batch(batch["batch_id"], batch["sha256"], setup.subkeys["work"])
    outcomes = []
    for outcome in seal(setup.planner().plan(sources)):
        outcomes.append(outcome)
        progress(outcome)
    published = {entry.shard for entry in setup.published}
    new = [o for o in outcomes if o.shard not in published]
    read = {segment.source_id for o in new for segment in o.segments}
    full = {segment.source_id for o in outcomes for segment in o.segments}
    known = {ids.source_id(setup.subkeys["id"], source.uri) for source in sources}
    rows: list[dict[str, object]] = [
        {"source_id": source_id, "uri": s.uri, "format": s.format, "bytes": s.size}
        for s in sources
        if (source_id := ids.source_id(setup.subkeys["id"], s.uri)) in read
    ]
    result = BatchResult(
        batch_id=batch["batch_id"],
        outcomes=tuple(outcomes),
        sources=ShardSealer(context).seal_sources(rows) if rows else None,
        empty=tuple(sorted(known - full)),
    )
    name = state.name("results", f"{batch['batch_id']}.json")
    digest = state.store(name, result.encode())
    return {
        "batch_id": batch["batch_id"],
        "result_path": name,
        "sha256": digest,
        **result.summary(),
    }


def sealing(
    context: SealContext,
    workers: int,
    sanitiser: Sanitiser | None = None,
    tick: Tick | None = None,
) -> AbstractContextManager[Seal]:
    """A function that seals shard inputs in order, in this process or on ``workers``.

    Args:
        context: what the sealing processes hold.
        workers: 1 for this process only.
        sanitiser: in place of the configured policy.
        tick: told of progress within a shard, if this process does the work.
    """
    return ordered_map(_process, (context, sanitiser, tick if workers == 1 else None), workers)


def _process(
    context: SealContext, sanitiser: Sanitiser | None, tick: Tick | None
) -> Callable[[ShardInput], ShardOutcome]:
    return ShardSealer(context, sanitiser, tick).process
