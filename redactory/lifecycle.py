"""Who may read a dataset, over its life: grant, revoke, rotate, reseal, shred (design page 20).

Every change holds the writers' lock, verifies the log as a reader would, finishes what an
earlier change left unfinished, and states itself in the log before it is in force. The files
follow :mod:`sealed_shards.key_changes` and :mod:`sealed_shards.resealing`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from audit_ledger import Log
from redactory.canonical import digest_of
from redactory.durable import Folder, open_folder
from redactory.errors import InputError, KeyringError, LedgerError
from redactory.exclusive import one_writer
from redactory.keys import LOG, KeyStore
from redactory.reading import Trust, checked_head
from redactory.reseal_log import LifeCycleLog
from redactory.trust import CheckedLog, TrustStore, has_log, refuse_rollback
from redactory.verification import locate_log
from sealed_shards.access import DatasetHead, RecordedShard
from sealed_shards.dataset import published_manifests
from sealed_shards.key_changes import (
    ChangeKind,
    KeyChange,
    apply_changes,
    rewrapped,
)
from sealed_shards.layout import CHANGES_FOLDER, DATA, QUARANTINE, SOURCES
from sealed_shards.recipients import Identity, Recipient
from sealed_shards.resealing import Resealed, reseal
from sealed_shards.settling import settle
from sealed_shards.shredding import destroy_versions, shred_shards

DATA_AREAS = (DATA,)
WITHHELD_AREAS = (QUARANTINE, SOURCES)
_RESEALED_AT_ONCE = 16
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Changed:
    """What a change did.

    Attributes:
        shards: how many shards it concerned.
        lost: key ids that could read before and cannot any more.
        settled: files that an earlier, interrupted change had left unfinished.
    """

    shards: int
    lost: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()


@dataclass
class Change:
    """A change under way: the writers' lock is held, the log verified.

    Attributes:
        folder: of the dataset.
        head: what the log says of it.
        log: states the change.
        checked: the log as it was verified.
        settled: what an earlier change had left unfinished.
    """

    folder: Folder
    head: DatasetHead
    log: LifeCycleLog
    checked: CheckedLog
    settled: tuple[str, ...]

    def shards(
        self, areas: Collection[str], *, shard: str | None = None, run: str | None = None
    ) -> list[RecordedShard]:
        """Those that hold keys, in these areas."""
        found = [
            s
            for (area, name), s in self.head.shards.items()
            if area in areas and shard in (None, name) and not s.shredded
        ]
        if run is not None:
            listed = self._of_run(run)
            found = [s for s in found if (s.area, s.header.ctx.shard) in listed]
        if shard is not None and not found:
            raise InputError("the dataset has no such shard", where=shard)
        return found

    def _of_run(self, run: str) -> set[tuple[str, str]]:
        for manifest in published_manifests(self.folder, self.head):
            if manifest.run_id == run:
                areas = (manifest.shards, manifest.quarantine, manifest.sources)
                named = zip((DATA, QUARANTINE, SOURCES), areas, strict=True)
                return {(area, entry.shard) for area, entries in named for entry in entries}
        raise InputError("the dataset has no such run", where=run, hint="redactory dataset show")

    def record_unwrapping(
        self, shards: Sequence[RecordedShard], identity: Identity, purpose: str
    ) -> None:
        """State that ``identity`` is about to open these shards, if there are any."""
        if not shards:
            return
        self.log.unwrapped(
            dataset=self.head.dataset,
            purpose=purpose,
            shard_set_sha256=digest_of([s.header.stem for s in shards]),
            shards=len(shards),
            kid=identity.kid,
        )

    def apply(
        self,
        kind: ChangeKind,
        shards: Sequence[RecordedShard],
        change_of: Callable[[RecordedShard], KeyChange | None],
    ) -> int:
        """Change the keys of these shards; how many did change comes back."""
        return apply_changes(self.folder, kind, shards, change_of, self.log)


def grant(
    path: str,
    trust: Trust,
    identity: Identity,
    recipients: Sequence[Recipient],
    *,
    areas: Collection[str] = DATA_AREAS,
    shard: str | None = None,
) -> Changed:
    """Let more recipients read.

    Args:
        path: the dataset's folder.
        trust: which log to believe.
        identity: opens the shards now.
        recipients: who shall read as well.
        areas: which areas.
        shard: only this shard.

    Raises:
        KeyringError: the identity cannot open a shard, or the log key is not here.
        IntegrityError: something is not as recorded.
        LedgerError: the log is broken or cannot be written; nothing changed.
    """
    with changing(path, trust) as change:
        shards = change.shards(areas, shard=shard)
        change.record_unwrapping(shards, identity, "grant")
        wider = partial(rewrapped, change.folder, add=recipients, identity=identity)
        return Changed(change.apply("granted", shards, wider), settled=change.settled)


def revoke(
    path: str,
    trust: Trust,
    kids: Collection[str],
    *,
    areas: Collection[str] = DATA_AREAS,
    shard: str | None = None,
) -> Changed:
    """Take the wraps of these key ids away; needs no private key but the log's.

    A reader who kept a copy of a wrap can still open the file: see :func:`reseal_shards`.

    Raises:
        KeyringError: nobody could read any more, or the log key is not here.
        IntegrityError: something is not as recorded.
        LedgerError: the log is broken or cannot be written; nothing changed.
    """
    with changing(path, trust) as change:
        shards = change.shards(areas, shard=shard)
        count = change.apply("revoked", shards, partial(rewrapped, change.folder, drop=kids))
        return Changed(count, tuple(kids) if count else (), change.settled)


def rotate(
    path: str,
    trust: Trust,
    identity: Identity,
    recipient: Recipient,
    *,
    areas: Collection[str] = DATA_AREAS,
) -> Changed:
    """Replace the wraps of one key by those of another; ciphertexts and other readers stay.

    Raises:
        KeyringError: the identity cannot open a shard, or the log key is not here.
        IntegrityError: something is not as recorded.
        LedgerError: the log is broken or cannot be written; nothing changed.
    """
    if recipient.kid == identity.kid:
        raise KeyringError("the new key is the old one", where=recipient.kid[:16])
    with changing(path, trust) as change:
        shards = change.shards(areas)
        change.record_unwrapping(shards, identity, "rotate")
        moved = partial(
            rewrapped, change.folder, add=[recipient], drop=[identity.kid], identity=identity
        )
        return Changed(change.apply("rewrapped", shards, moved), (identity.kid,), change.settled)


def reseal_shards(
    path: str,
    trust: Trust,
    identity: Identity,
    recipients: Sequence[Recipient],
    *,
    areas: Collection[str] = DATA_AREAS,
    shard: str | None = None,
    progress: Progress = lambda _done, _all: None,
) -> Changed:
    """Seal shards again under new data keys for exactly these recipients; shred the old ones.

    An interruption leaves some shards resealed and the others as they were; the same command
    again does them all.

    Raises:
        KeyringError: the identity cannot open a shard, or the log key is not here.
        IntegrityError: something is not as recorded.
        LedgerError: the log is broken or cannot be written.
    """
    with changing(path, trust) as change:
        shards = change.shards(areas, shard=shard)
        change.record_unwrapping(shards, identity, "reseal")
        for start in range(0, len(shards), _RESEALED_AT_ONCE):
            part = shards[start : start + _RESEALED_AT_ONCE]
            done = reseal(change.folder, part, identity, recipients, change.log)
            _destroy_old(change.folder, done)
            progress(start + len(part), len(shards))
        return Changed(len(shards), settled=change.settled)


def shred(
    path: str,
    trust: Trust,
    *,
    shard: str | None = None,
    run: str | None = None,
) -> Changed:
    """Destroy the keys of a shard, of everything a run made, or (with neither) of the dataset.

    Raises:
        InputError: there is no such shard or run.
        KeyringError: the log key is not here.
        LedgerError: the log is broken or cannot be written; nothing was destroyed.
    """
    with changing(path, trust) as change:
        shards = change.shards((DATA, QUARANTINE, SOURCES), shard=shard, run=run)
        count = shred_shards(change.folder, shards, change.log)
        return Changed(count, settled=change.settled)


def finish_changes(path: str, trust: Trust) -> Changed:
    """Finish what an interrupted change left; nothing else."""
    with changing(path, trust) as change:
        return Changed(0, settled=change.settled)


@contextmanager
def changing(path: str, trust: Trust) -> Iterator[Change]:
    """Keep other writers out, verify the log, and finish what an earlier change left.

    Raises:
        KeyringError: the log key is not here, or the log is not trusted.
        LedgerError: there is no log, or it is broken.
    """
    ledger = locate_log(path, trust.ledger)
    if not has_log(ledger):
        raise LedgerError("there is no ledger here", where=path)
    keys = trust.keys()
    with one_writer(ledger):
        _repair(ledger, keys)
        checked, head = checked_head(path, trust, keys)
        folder = open_folder(path)
        settled = tuple(settle(folder, head))
        log = LifeCycleLog(keys, checked, head, trust.by)
        yield Change(folder, head, log, checked, settled)


def _repair(ledger: Path | str, keys: KeyStore) -> None:
    """Let the log drop what an interrupted append left; a broken log is judged afterwards."""
    if not keys.keyring.has(LOG):
        raise KeyringError(
            "a change must be recorded, and the log key is not here",
            hint="ask the owner of the log to make the change",
        )
    reader = Log.open(ledger)
    refuse_rollback(TrustStore(keys.folder / "trust"), reader)
    Log.open(ledger, keys.log_signer(reader.origin))


def _destroy_old(folder: Folder, batch: Sequence[Resealed]) -> None:
    olds = [resealed.old for resealed in batch]
    destroy_versions(
        folder, [(old.area, stem) for old in olds for stem in (old.header.stem, *old.replaced)]
    )
    folder.delete_tree(CHANGES_FOLDER)
