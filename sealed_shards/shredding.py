"""Shredding: keys are destroyed on record, and then the bytes that nobody can read any more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from redactory.durable import Folder
from sealed_shards.access import RecordedShard
from sealed_shards.key_changes import KeyLog, apply_changes, shredded
from sealed_shards.parallel import for_each
from sealed_shards.settling import destroy


def shred_shards(folder: Folder, shards: Sequence[RecordedShard], log: KeyLog) -> int:
    """Destroy the keys of shards, and of their older versions.

    Args:
        folder: of the dataset.
        shards: as the log has them; those that are shredded already must not be among them.
        log: states it first.

    Returns:
        How many there were.

    Raises:
        LedgerError: the log cannot be written; nothing was destroyed.
    """
    count = apply_changes(folder, "shredded", shards, shredded, log)
    destroy_versions(folder, [(s.area, stem) for s in shards for stem in s.replaced])
    return count


def destroy_versions(folder: Folder, versions: Iterable[tuple[str, str]]) -> None:
    """Remove versions of shards, by area and stem; they are gone durably when this returns."""
    with folder.batch() as place:
        for_each(lambda version: destroy(place, *version), list(versions))
