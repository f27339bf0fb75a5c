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

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from redactory.canonical import sha256_hex
from redactory.durable import Folder
from redactory.errors import KeyringError, RedactoryError
from sealed_shards.access import RecordedShard
from sealed_shards.dataset import read_wraps
from sealed_shards.layout import next_wraps_file, shard_file
from sealed_shards.recipients import Identity, Recipient
from sealed_shards.shard import unwrap_data_key
from sealed_shards.wraps import EMPTY_WRAPS, change_wraps, parse_wraps, wrap_for

ChangeKind = Literal["granted", "revoked", "rewrapped", "shredded"]

# Each durable write waits for the disk or the store, not for the processor.
_AT_ONCE = 16
_Item = TypeVar("_Item")


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
    folder: Folder, kind: ChangeKind, changes: Iterable[KeyChange], log: KeyLog
) -> int:
    """Do a batch of changes: prepare all, state all, put all in place.

    Args:
        folder: of the dataset.
        kind: what the log calls it.
        changes: may be worked out one by one; each is written while the next is worked out.
        log: states them.

    Returns:
        How many there were.

    Raises:
        KeyringError: raised by ``changes``; nothing changed.
        LedgerError: the log cannot be written; the old keys stay in force.
    """
    begun: list[KeyChange] = []

    def noted() -> Iterator[KeyChange]:
        for change in changes:
            begun.append(change)
            yield change

    def prepare(change: KeyChange) -> None:
        folder.replace(_next(change.shard), change.wraps)

    def finish(change: KeyChange) -> None:
        put_in_place(folder, change.shard)
        if change.wraps == EMPTY_WRAPS:
            delete_ciphertext(folder, change.shard.area, change.shard.header.stem)

    try:
        for_each(prepare, noted())
    except RedactoryError:
        for_each(lambda change: folder.delete(_next(change.shard)), begun)
        raise
    if begun:
        log.keys_changed(kind, begun)
        for_each(finish, begun)
    return len(begun)


def put_in_place(folder: Folder, shard: RecordedShard) -> None:
    """Let the new wraps take the place of the old ones."""
    folder.move_over(_next(shard), shard_file(shard.area, "wraps", shard.header.stem))


def delete_ciphertext(folder: Folder, area: str, stem: str) -> None:
    """Remove what nobody can read any more."""
    folder.delete(shard_file(area, "shards", stem))
    folder.delete(shard_file(area, "chunks", stem))


def for_each(action: Callable[[_Item], None], items: Iterable[_Item]) -> None:
    """Do ``action`` for all items, several at once; the first error is raised at the end."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        done = [pool.submit(action, item) for item in items]
    for future in done:
        future.result()


def _next(shard: RecordedShard) -> str:
    return next_wraps_file(shard.area, shard.header.stem)
