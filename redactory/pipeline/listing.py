"""The list step: which sources a run reads, in batches of about equal size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from redactory.pipeline import ids
from redactory.pipeline.setup import RunSetup
from redactory.pipeline.state import RunState
from redactory.sources import ReadOptions, Source, columns_not_carried
from sealed_shards.manifest import ManifestShard

MAX_BATCHES = 1024  # Airflow's limit on mapped tasks
_FILES_LOOKED_AT = 100


def list_batches(setup: RunSetup, run_id: str, sources: Sequence[Source]) -> list[dict[str, Any]]:
    """Store the input in batches.

    Args:
        setup: of the run.
        run_id: the run.
        sources: what there is to read.

    Returns:
        ``[{batch_id, manifest_path, sha256}]``, at most 1024.
    """
    state = RunState(setup.folder, run_id)
    state.begin(setup.run_facts())
    setup.settle_keys()
    sources = _unsealed(setup, sources)
    batches = []
    for number, batch in enumerate(_batches(sources, setup.config.bytes_per_batch)):
        batch_id = f"{number:04d}"
        digest = state.write_batch(batch_id, batch, setup.subkeys["work"])
        batches.append(
            {"batch_id": batch_id, "manifest_path": state.batch_name(batch_id), "sha256": digest}
        )
    if not batches:
        state.finish()  # nobody else would: there is nothing to seal, record or publish
    return batches


def columns_left_out(sources: Sequence[Source], options: ReadOptions) -> list[str]:
    """Columns of the first hundred files that are not carried, sorted."""
    looked_at = sources[:_FILES_LOOKED_AT]
    return sorted({name for source in looked_at for name in columns_not_carried(source, options)})


def _batches(sources: Sequence[Source], size: int) -> Iterator[list[Source]]:
    size = max(size, -(-sum(source.size for source in sources) // (MAX_BATCHES // 2)))
    batch: list[Source] = []
    filled = 0
    for source in sources:
        if batch and filled + source.size > size:
            yield batch
            batch, filled = [], 0
        batch.append(source)
        filled += source.size
    if batch:
        yield batch


def _unsealed(setup: RunSetup, sources: Sequence[Source]) -> list[Source]:
    """``sources`` without the whole-file records that the dataset holds already.

    Such files share shards, so a new neighbour would shift them into other shards; files
    that are sealed and unchanged are left out instead. When one file of a shard changed,
    its neighbours are read again with it, so that the new shards replace the old whole.
    Sources with a shard of their own are simply read: their shard ids tell what is new.
    """
    if setup.overlay:
        return list(sources)  # which shards a decision concerns, only their text can tell
    published = setup.published
    whole = [s for s in sources if s.format == "txt" and setup.options.text_unit == "file"]
    sealed = {seg.source_id: (entry, seg) for entry in published for seg in entry.segments}
    if not whole or not sealed:
        return list(sources)
    known = {s.uri: ids.source_id(setup.subkeys["id"], s.uri) for s in whole}
    current = _ids_in_force(setup, published)
    unchanged = {
        source.uri
        for source in whole
        if known[source.uri] in sealed
        and sealed[known[source.uri]][0].shard in current
        and sealed[known[source.uri]][1].input_digest == _digest(setup, source)
    }
    changed = {known[s.uri] for s in whole if s.uri not in unchanged}
    stale = {
        entry.shard for entry in published for seg in entry.segments if seg.source_id in changed
    }
    neighbours = {uri for uri in unchanged if sealed[known[uri]][0].shard in stale}
    return [s for s in sources if s.uri not in unchanged or s.uri in neighbours]


def _ids_in_force(setup: RunSetup, published: Iterable[ManifestShard]) -> set[str]:
    """Published shards that this very configuration would make again."""
    key, dataset, digest = setup.subkeys["id"], setup.dataset, setup.config_digest
    return {
        entry.shard
        for entry in published
        if ids.shard_id(key, dataset, entry.segments, digest) == entry.shard
    }


def _digest(setup: RunSetup, source: Source) -> str:
    for shard in setup.planner().plan([source]):
        return shard.segments[0].input_digest
    return ""
