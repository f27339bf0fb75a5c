"""Changing who may open a shard, without touching the shard (design page 20, "changing keys").

A change replaces the wraps file and nothing else, in three durable steps:

1. the new wraps go to ``wraps/<stem>.json.next``;
2. the log states the digests of the old and of the new bytes;
3. the new file takes the place of the old one.

After a crash the log decides. Before step 2 the change never happened, and the next writer
removes the new file. After it the change is in force: reading takes the new file from where it
waits, verification says that the change is unfinished, and the next writer does step 3
(:func:`settle`). Writers exclude each other; the caller holds that lock.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from redactory.canonical import sha256_hex
from redactory.durable import Folder
from sealed_shards.access import DatasetHead, RecordedShard
from sealed_shards.dataset import is_change_unfinished, read_wraps
from sealed_shards.layout import AREAS, next_wraps_file, shard_file
from sealed_shards.recipients import Identity, Recipient
from sealed_shards.shard import unwrap_data_key
from sealed_shards.wraps import parse_wraps, wrap_for

ChangeKind = Literal["granted", "revoked", "rewrapped"]


@dataclass(frozen=True)
class KeyChange:
    """The new wraps file of one shard.

    Attributes:
        shard: as the log has it now.
        wraps: the new file.
    """

    shard: RecordedShard
    wraps: bytes

    @property
    def new_sha256(self) -> str:
        """Digest of the new file."""
        return sha256_hex(self.wraps)

    @property
    def kids(self) -> tuple[str, ...]:
        """Who may open the shard after the change."""
        return tuple(sorted(parse_wraps(self.wraps, where=self.shard.header.stem)))


class KeyLog(Protocol):
    """The log that must know of a change before it is in force."""

    def keys_changed(self, kind: ChangeKind, changes: Sequence[KeyChange]) -> None:
        """State the changes durably; raise if that is impossible."""


def rewrapped(
    folder: Folder, shard: RecordedShard, identity: Identity, recipients: Iterable[Recipient]
) -> KeyChange:
    """The same data key, wrapped for ``recipients`` instead.

    The caller records the unwrapping first.

    Raises:
        IntegrityError: the wraps file is not the recorded one.
        KeyringError: ``identity`` is not a recipient now, or there are none in future.
    """
    raw = read_wraps(folder, shard)
    data_key = unwrap_data_key(folder, shard.area, shard.header, raw, identity)
    return KeyChange(shard, wrap_for(data_key, shard.header.context, recipients))


def apply_changes(
    folder: Folder, kind: ChangeKind, changes: Sequence[KeyChange], log: KeyLog
) -> None:
    """Do a batch of changes: prepare all, state all, put all in place.

    Raises:
        LedgerError: the log cannot be written; the old keys stay in force.
    """
    for change in changes:
        folder.replace(_next(change.shard), change.wraps)
    log.keys_changed(kind, changes)
    for change in changes:
        _put_in_place(folder, change.shard)


def settle(folder: Folder, head: DatasetHead) -> list[str]:
    """Finish recorded changes and drop those that were never recorded.

    Args:
        folder: the dataset's folder.
        head: from the log, read by a writer that holds it.

    Returns:
        The names of the wraps files that were settled.
    """
    waiting = {
        name
        for area in AREAS
        for name in folder.names(f"{area}/wraps" if area else "wraps")
        if name.endswith(".next")
    }
    for shard in head.shards.values():
        if _next(shard) in waiting and is_change_unfinished(folder, shard):
            _put_in_place(folder, shard)
    for name in waiting:
        folder.delete(name)
    return sorted(waiting)


def _next(shard: RecordedShard) -> str:
    return next_wraps_file(shard.area, shard.header.stem)


def _put_in_place(folder: Folder, shard: RecordedShard) -> None:
    folder.move_over(_next(shard), shard_file(shard.area, "wraps", shard.header.stem))
