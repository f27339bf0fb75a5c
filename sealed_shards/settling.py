"""Finishing what an interrupted change of keys began. Every writer does this first.

The log decides what is in force (:mod:`sealed_shards.key_changes`,
:mod:`sealed_shards.resealing`): what it states is finished, what it does not know is removed.
"""

from __future__ import annotations

from collections.abc import Iterator

from redactory.durable import Folder, is_temporary
from sealed_shards.access import DatasetHead, RecordedShard
from sealed_shards.dataset import is_change_unfinished, is_shred_unfinished
from sealed_shards.key_changes import delete_ciphertext, put_in_place
from sealed_shards.layout import (
    AREAS,
    CHANGES_FOLDER,
    next_wraps_file,
    shard_file,
    shard_files,
    shard_folders,
)
from sealed_shards.resealing import PLAN_FILE, read_plan
from sealed_shards.wraps import EMPTY_WRAPS


def settle(folder: Folder, head: DatasetHead) -> list[str]:
    """Finish recorded changes and drop those that were never recorded.

    Args:
        folder: the dataset's folder.
        head: from the log, read by a writer that holds it.

    Returns:
        The names of the files that were settled.
    """
    with folder.batch() as batch:
        settled = _settled(batch, head) | set(_drop_planned(batch, head))
    # The plan goes when all that it names is gone durably.
    folder.delete(PLAN_FILE)
    folder.delete_tree(CHANGES_FOLDER)
    return sorted(settled)


def _settled(folder: Folder, head: DatasetHead) -> set[str]:
    waiting = {
        name
        for area in AREAS
        for place in shard_folders(area)
        for name in folder.names(place)
        if name.endswith(".next") or is_temporary(name)
    }
    settled = set(waiting)
    for shard in head.shards.values():
        if next_wraps_file(shard.area, shard.header.stem) in waiting and is_change_unfinished(
            folder, shard
        ):
            put_in_place(folder, shard)
        settled |= _shred(folder, shard)
    for name in waiting:
        folder.delete(name)
    return settled


def _shred(folder: Folder, shard: RecordedShard) -> set[str]:
    """Remove the keys of a shredded shard, and of shredded versions of any shard."""
    settled = set()
    for stem in shard.destroyed:
        if any(folder.exists(name) for name in shard_files(shard.area, stem).values()):
            destroy(folder, shard.area, stem)
            settled.add(shard_file(shard.area, "wraps", stem))
    if shard.shredded:
        stem = shard.header.stem
        name = shard_file(shard.area, "wraps", stem)
        if is_shred_unfinished(folder, shard):
            folder.replace(name, EMPTY_WRAPS)
            settled.add(name)
        if folder.exists(shard_file(shard.area, "shards", stem)):
            delete_ciphertext(folder, shard.area, stem)
            settled.add(name)
    return settled


def destroy(folder: Folder, area: str, stem: str) -> None:
    """Remove all files of a version: its keys first."""
    names = shard_files(area, stem)
    folder.delete(names["wraps"])
    folder.delete(next_wraps_file(area, stem))
    delete_ciphertext(folder, area, stem)
    folder.delete(names["headers"])


def _drop_planned(folder: Folder, head: DatasetHead) -> Iterator[str]:
    """Remove the new versions of an interrupted reseal that the log never heard of."""
    recorded = {
        (shard.area, stem)
        for shard in head.shards.values()
        for stem in (shard.header.stem, *shard.replaced)
    }
    for area, stem in read_plan(folder):
        if (area, stem) not in recorded:
            destroy(folder, area, stem)
            yield shard_file(area, "shards", stem)
