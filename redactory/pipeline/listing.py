"""The list step: which sources a run reads, in batches of about equal size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from redactory.errors import InputError
from redactory.pipeline import ids
from redactory.pipeline.look import LookAround, look_at
from redactory.pipeline.setup import RunSetup
from redactory.pipeline.state import RunState
from redactory.sources import Listing, ReadOptions, Source, columns_not_carried, list_sources
from sealed_shards.manifest import ManifestShard

MAX_BATCHES = 1024  # Airflow's limit on mapped tasks
_FILES_LOOKED_AT = 100


def list_batches(setup: RunSetup, run_id: str, listing: Listing) -> list[dict[str, Any]]:
    """Store the input in batches.

    Args:
        setup: of the run.
        run_id: the run.
        listing: what there is to read.

    Returns:
        ``[{batch_id, manifest_path, sha256}]``, at most 1024; nothing if the run was published
        before: what came since is for the next one.

    Raises:
        InputError: nothing is left under an input that held objects.
    """
    state = RunState(setup.folder, run_id)
    if state.is_finished(setup.evidence().head(setup.dataset)):
        return []
    state.begin(setup.run_facts())
    setup.settle_keys()
    look = look_at(setup, listing)
    state.write_look(look.changes, setup.subkeys["work"])
    sources = _unsealed(setup, listing.sources, look)
    batches = []
    for number, batch in enumerate(_batches(sources, setup.config.bytes_per_batch)):
        batch_id = f"{number:04d}"
        digest = state.write_batch(batch_id, batch, setup.subkeys["work"])
        batches.append(
            {"batch_id": batch_id, "manifest_path": state.batch_name(batch_id), "sha256": digest}
        )
    if not (batches or look.changes):
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


def _unsealed(setup: RunSetup, sources: Sequence[Source], look: LookAround) -> list[Source]:
    """``sources`` without those that the dataset holds already, as far as that is known.

    With ``only_changed`` the watermark knows. Without, sources with a shard of their own are
    simply read: their shard ids tell what is new. Whole-file records share shards, so a new
    neighbour would shift them into other shards; files that are sealed and unchanged are left
    out instead. When one file of a shard changed, or is to be destroyed, its neighbours are
    read again with it, so that the new shards replace the old whole.
    """
    unchanged = set(look.unchanged)
    published = setup.published
    whole = [s for s in sources if s.format == "txt" and setup.options.text_unit == "file"]
    sealed = {seg.source_id: (entry, seg) for entry in published for seg in entry.segments}
    known = {s.uri: ids.source_id(setup.subkeys["id"], s.uri) for s in whole}
    replaced = {known[s.uri] for s in whole if s.uri not in unchanged}
    # Which shards a review decision concerns, only their text can tell.
    if sealed and not setup.overlay:
        current = _ids_in_force(setup, published)
        for source in whole:
            entry, segment = sealed.get(known[source.uri], (None, None))
            if entry is None or segment is None or source.uri in unchanged:
                continue
            if entry.shard not in current:
                continue  # all of its files are read again
            digest = _digest(setup, source)
            if segment.input_digest == digest:
                unchanged.add(source.uri)
                replaced.discard(known[source.uri])
            elif not digest and setup.config.on_deleted == "keep":
                replaced.discard(known[source.uri])  # emptied: what it held stays in force
    if setup.config.on_deleted == "shred":
        replaced.update(look.changes.departed)
    touched = {
        source_id
        for entry in published
        if any(segment.source_id in replaced for segment in entry.segments)
        for source_id in (segment.source_id for segment in entry.segments)
    }
    neighbours = {uri for uri, source_id in known.items() if source_id in touched}
    chosen = [s for s in sources if s.uri not in unchanged or s.uri in neighbours]
    here = {ids.source_id(setup.subkeys["id"], source.uri) for source in sources}
    elsewhere = touched - replaced - here - look.gone
    return sorted([*chosen, *_out_of_reach(elsewhere, look)]) if elsewhere else chosen


def _out_of_reach(neighbours: Iterable[str], look: LookAround) -> list[Source]:
    """Neighbours that this run's input does not name: without them their records would be lost."""
    missing = [source_id for source_id in neighbours if source_id not in look.places]
    if missing:
        raise InputError(
            f"a changed file shares a shard with {len(missing)} files that this run does not read",
            hint="give the input of the earlier runs as well",
        )
    return list_sources(sorted(look.places[s] for s in neighbours), format="txt").sources


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
