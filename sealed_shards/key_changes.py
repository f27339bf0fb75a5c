"""Changing who may open a shard, without touching the shard (design page 20, "changing keys").

A change replaces the wraps file and nothing else, in three durable steps:

1. the new wraps go to ``wraps/<stem>.json.next``;
2. the log states the digests of the old and of the new bytes, for a whole batch at once;
3. the new file takes the place of the old one.

Shredding is a change to the empty wraps file; the ciphertext goes after it. After a crash the
log decides. Before step 2 the change never happened, and the next writer removes the new file.
After it the change is in force: reading takes the new file from where it waits, verification
says that the change is unfinished, and the next writer does the rest
(:mod:`sealed_shards.settling`). Writers exclude each other; the caller holds that lock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from redactory.canonical import sha256_hex
from redactory.durable import Folder
from redactory.errors import KeyringError
from sealed_shards.access import RecordedShard
from sealed_shards.dataset import read_wraps
from sealed_shards.layout import next_wraps_file, shard_file
from sealed_shards.parallel import for_each
from sealed_shards.recipients import Identity, Recipient
from sealed_shards.shard import unwrap_data_key
from sealed_shards.wraps import EMPTY_WRAPS, change_wraps, parse_wraps, wrap_for

ChangeKind = Literal["granted", "revoked", "rewrapped", "shredded"]


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
    folder: Folder,
    shard: RecordedShard,
    *,
    add: Sequence[Recipient] = (),
    drop: Collection[str] = (),
    identity: Identity | None = None,
) -> KeyChange | None:
    """The wraps of a shard with other recipients; None if that changes nothing.

    To grant is to add, to revoke is to drop, to rotate is to add the new key and to drop the
    old one. The caller records the unwrapping first.

    Args:
        folder: of the dataset.
        shard: as the log has it.
        add: recipients to add; those that are there already keep the wrap they have.
        drop: key ids to take out; those that are not there do not matter.
        identity: opens the shard; needed only to add somebody.

    Raises:
        IntegrityError: the wraps file is not the recorded one.
        KeyringError: ``identity`` is missing or cannot open it, or nobody would be left.
    """
    raw = read_wraps(folder, shard)
    where = folder.path(shard_file(shard.area, "wraps", shard.header.stem))
    there = parse_wraps(raw, where=where)
    new = [recipient for recipient in add if recipient.kid not in there]
    added = EMPTY_WRAPS
    if new:
        if identity is None:
            raise KeyringError("adding a reader needs a key that opens the shard", where=where)
        data_key = unwrap_data_key(folder, shard.area, shard.header, raw, identity)
        added = wrap_for(data_key, shard.header.context, new)
    wraps = change_wraps(raw, add=added, drop=drop, where=where)
    return None if wraps == raw else KeyChange(shard, wraps)


def shredded(shard: RecordedShard) -> KeyChange:
    """The change after which nobody can open the shard, whatever its wraps file is now."""
    return KeyChange(shard, EMPTY_WRAPS)


def apply_changes(
    folder: Folder,
    kind: ChangeKind,
    shards: Sequence[RecordedShard],
    change_of: Callable[[RecordedShard], KeyChange | None],
    log: KeyLog,
) -> int:
    """Do a batch of changes: prepare all, state all, put all in place.

    Args:
        folder: of the dataset.
        kind: what the log calls it.
        shards: which to change.
        change_of: works the change of a shard out, from several threads; None if there is none.
        log: states them.

    Returns:
        How many changes there were.

    Raises:
        KeyringError: raised by ``change_of``; nothing changed.
        LedgerError: the log cannot be written; the old keys stay in force.
    """
    changes = _prepare(folder, shards, change_of)
    if changes:
        log.keys_changed(kind, changes)
        with folder.batch() as batch:
            for_each(lambda change: _finish(batch, change), changes)
    return len(changes)


def put_in_place(folder: Folder, shard: RecordedShard) -> None:
    """Let the new wraps take the place of the old ones."""
    folder.move_over(_next(shard), shard_file(shard.area, "wraps", shard.header.stem))


def delete_ciphertext(folder: Folder, area: str, stem: str) -> None:
    """Remove what nobody can read any more."""
    folder.delete(shard_file(area, "shards", stem))
    folder.delete(shard_file(area, "chunks", stem))


def _prepare(
    folder: Folder,
    shards: Sequence[RecordedShard],
    change_of: Callable[[RecordedShard], KeyChange | None],
) -> list[KeyChange]:
    """Write new wraps beside the old ones; all of them are durable, or none is there."""
    written: list[str] = []

    def prepare(shard: RecordedShard) -> KeyChange | None:
        change = change_of(shard)
        if change is not None:
            with batch.writing(_next(shard)) as file:  # never over wraps that wait there
                file.write(change.wraps)
            written.append(_next(shard))
        return change

    try:
        with folder.batch() as batch:
            changes = for_each(prepare, shards)
    except BaseException:
        with folder.batch() as batch:
            for_each(batch.delete, written)
        raise
    return [change for change in changes if change is not None]


def _finish(folder: Folder, change: KeyChange) -> None:
    put_in_place(folder, change.shard)
    if change.wraps == EMPTY_WRAPS:
        delete_ciphertext(folder, change.shard.area, change.shard.header.stem)


def _next(shard: RecordedShard) -> str:
    return next_wraps_file(shard.area, shard.header.stem)
