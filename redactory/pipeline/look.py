"""The list step's look around: what is new, what is as it was, and what is gone.

An input under which nothing at all is left counts as an error, never as a deletion: a volume that
is not mounted and a bucket with the wrong prefix look exactly so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from redactory.errors import InputError
from redactory.pipeline import ids
from redactory.pipeline.setup import RunSetup
from redactory.sources import Listing
from redactory.watermark import Look, Seen, Watermark
from sealed_shards.layout import DATA, shard_files, shard_folders


@dataclass(frozen=True)
class LookAround:
    """What there is, held against the watermark.

    Attributes:
        changes: what the watermark does not hold yet.
        unchanged: URIs of sources that need not be read.
        places: URIs of all objects with records that the watermark holds, by source id.
        gone: ids of those that have none any more.
    """

    changes: Look
    unchanged: frozenset[str]
    places: Mapping[str, str]
    gone: frozenset[str]


def look_at(setup: RunSetup, listing: Listing) -> LookAround:
    """Hold a listing against the watermark.

    Raises:
        InputError: nothing is left under an input that held objects.
        IntegrityError: the watermark was changed.
    """
    mark = setup.load_watermark()
    asked = setup.input_ids()
    now = {
        ids.source_id(setup.subkeys["id"], source.uri): Seen(
            uri=source.uri,
            format=source.format,
            fingerprint=source.fingerprint,
            rules=setup.rules,
            inputs=tuple(sorted(asked[given] for given in listing.found_by[source.uri])),
        )
        for source in listing.sources
    }
    _refuse_emptied(mark, now, asked)
    now = {source: seen.found_again(mark.objects.get(source)) for source, seen in now.items()}
    changed = {source: seen for source, seen in now.items() if mark.objects.get(source) != seen}
    departed = mark.departed(now, asked.values())
    return LookAround(
        Look(changed, tuple(departed)),
        _unchanged(setup, mark, now) if setup.config.only_changed else frozenset(),
        {source: seen.uri for source, seen in mark.objects.items() if seen.records},
        frozenset(s for s, seen in mark.objects.items() if not seen.records).union(departed),
    )


def _refuse_emptied(mark: Watermark, now: dict[str, Seen], asked: dict[str, str]) -> None:
    here = Counter(name for seen in now.values() for name in seen.inputs)
    before = Counter(name for seen in mark.objects.values() if seen.records for name in seen.inputs)
    for given, name in asked.items():
        if before[name] and not here[name]:
            raise InputError(
                f"nothing is left where {before[name]} objects were",
                where=given,
                hint="see whether it is mounted; if all were deleted on purpose, take it out of "
                "the input and shred their shards",
            )


def _unchanged(setup: RunSetup, mark: Watermark, now: dict[str, Seen]) -> frozenset[str]:
    """URIs of objects that are as they were, and whose shards are where they should be."""
    shards: dict[str, list[str]] = {}
    for entry in setup.published:
        for segment in entry.segments:
            shards.setdefault(segment.source_id, []).append(entry.shard)
    in_place = _in_place(setup)
    return frozenset(
        seen.uri
        for source, seen in now.items()
        if (before := mark.objects.get(source)) is not None
        and seen.is_as(before)
        and (not before.records or (source in shards and in_place.issuperset(shards[source])))
    )


def _in_place(setup: RunSetup) -> set[str]:
    """Shards whose files are all there, and shredded ones, which need none.

    Whether the bytes are the recorded ones is the audit's business.
    """
    there = {name for place in shard_folders(DATA) for name in setup.folder.names(place)}
    head = setup.evidence().head(setup.dataset)
    return {
        shard
        for (area, shard), found in head.shards.items()
        if area == DATA
        and (found.shredded or there.issuperset(shard_files(DATA, found.header.stem).values()))
    }
