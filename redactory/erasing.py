"""Erasing one subject from the identity map (design page 20, "Promises"; GDPR Article 17).

Every shard of the map that holds entries of the subject is sealed again without them, under a new
data key, and the old version is shredded, in the durable order of :mod:`sealed_shards.resealing`.
Afterwards nobody can undo the redaction of that subject's records through this map; the proof is
the log: it states the erasure, the new versions, and the end of the old keys.

What stays out of reach: copies of the old files together with their wraps, made elsewhere; the
source files; and whoever holds the scope's pseudonym key can still compute the surrogate or token
of a name that they already know.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from audit_ledger import Draft, Log
from redactory.canonical import canonical_json, digest_of, sha256_hex
from redactory.durable import Folder, open_folder
from redactory.errors import InputError, IntegrityError, KeyringError
from redactory.exclusive import one_writer
from redactory.keys import LOG
from redactory.reading import Trust, checked_head
from redactory.reidentify import identity_path, identity_trust
from redactory.reseal_log import LifeCycleLog
from redactory.trust import TrustStore, refuse_rollback
from redactory.verification import locate_log
from sealed_shards.access import DatasetHead, RecordedShard
from sealed_shards.dataset import read_wraps
from sealed_shards.key_files import AnyIdentity
from sealed_shards.layout import CHANGES_FOLDER, DATA, shard_file, shard_files
from sealed_shards.recipients import Recipient
from sealed_shards.resealing import PLAN_FILE, Resealed
from sealed_shards.settling import destroy, settle
from sealed_shards.shard import SealedShard, read_table, seal, unwrap_data_key


@dataclass(frozen=True)
class Erased:
    """What an erasure did.

    Attributes:
        entries: how many entries of the subject went.
        shards: how many shards were sealed again without them.
        gone: SHA-256 of the old ciphertexts, whose keys are shredded.
        new: SHA-256 of the new ones.
        checkpoint_size: statements in the log that now states it.
    """

    entries: int
    shards: int
    gone: tuple[str, ...]
    new: tuple[str, ...]
    checkpoint_size: int


class ErasureLog(LifeCycleLog):
    """The log of an identity map, which also knows how to state an erasure."""

    def erased(self, *, entries: int, gone: Sequence[str], kid: str) -> None:
        """State durably that a subject's entries are about to go.

        Raises:
            KeyringError: the log key is not here; nothing changed.
            LedgerError: the log cannot be written; nothing changed.
        """
        digest = digest_of(list(gone))
        body = {
            "dataset": self.head().dataset,
            "entries": entries,
            "shards": len(gone),
            "shard_set_sha256": digest,
            "kid": kid,
        }
        self._append([Draft(kind="erased", subject=(("shards", digest),), body=body)])


def erase_subject(
    path: str,
    trust: Trust,
    identity: AnyIdentity,
    subjects: Collection[str],
    *,
    recipients: Sequence[Recipient] = (),
) -> Erased:
    """Remove every entry of a subject from the identity map of the dataset at ``path``.

    Args:
        path: the dataset's folder.
        trust: which log to believe.
        identity: opens the map.
        subjects: the subject or record id as released, in every form that it may have.
        recipients: who may open the new versions; default ``identity`` alone.

    Raises:
        InputError: the map holds no such subject.
        KeyringError: the identity cannot open the map, or the log key is not here.
        IntegrityError: something is not as recorded, or an entry is still there afterwards.
        LedgerError: the log cannot be written; nothing changed.
    """
    with _changing(path, trust) as (folder, head, log):
        shards = [shard for shard in head.shards.values() if not shard.shredded]
        log.unwrapped(
            dataset=head.dataset,
            purpose="erase",
            shard_set_sha256=digest_of([shard.header.stem for shard in shards]),
            shards=len(shards),
            kid=identity.kid,
        )
        kept = {}
        entries = 0
        for shard in shards:
            table = _table(folder, shard, identity)
            rest = table.filter(pc.invert(_is_of(table, subjects)))
            if rest.num_rows < table.num_rows:
                kept[shard.header.ctx.shard] = (shard, rest)
                entries += table.num_rows - rest.num_rows
        if not kept:
            raise InputError(
                "the identity map holds no such subject",
                where=path,
                hint="name it as redactory dataset read shows it, or give --as-in-source",
            )
        gone = tuple(shard.header.sha256 for shard, _ in kept.values())
        log.erased(entries=entries, gone=gone, kid=identity.kid)
        batch = _resealed(folder, list(kept.values()), recipients or [identity.recipient])
        log.resealed(batch)
        _destroy(folder, batch)
        _prove(folder, batch, identity, subjects)
    new = tuple(resealed.header.sha256 for resealed in batch)
    checked, _ = checked_head(identity_path(path), identity_trust(path, trust), trust.keys())
    return Erased(entries, len(batch), gone, new, checked.verdict.size)


@contextmanager
def _changing(path: str, trust: Trust) -> Iterator[tuple[Folder, DatasetHead, ErasureLog]]:
    """The identity map, verified and settled, while no other process writes beside the log."""
    ledger, keys = locate_log(path, trust.ledger), trust.keys()
    if not keys.keyring.has(LOG):
        raise KeyringError(
            "an erasure must be recorded, and the log key is not here",
            hint="ask the owner of the log to erase",
        )
    with one_writer(ledger):
        reader = Log.open(ledger)
        refuse_rollback(TrustStore(keys.folder / "trust"), reader)
        Log.open(ledger, keys.log_signer(reader.origin))  # drops what a crash left half-appended
        checked, head = checked_head(identity_path(path), identity_trust(path, trust), keys)
        folder = open_folder(identity_path(path))
        settle(folder, head)
        yield folder, head, ErasureLog(keys, checked, head)


def _is_of(table: pa.Table, subjects: Collection[str]) -> pa.ChunkedArray:
    names = pa.array(sorted(subjects), pa.string())
    by_subject = pc.is_in(table.column("subject"), value_set=names)
    return pc.or_(by_subject, pc.is_in(table.column("record_id"), value_set=names))


def _table(folder: Folder, shard: RecordedShard, identity: AnyIdentity) -> pa.Table:
    data_key = unwrap_data_key(folder, DATA, shard.header, read_wraps(folder, shard), identity)
    return read_table(folder, DATA, shard.header, data_key)


def _resealed(
    folder: Folder,
    kept: Sequence[tuple[RecordedShard, pa.Table]],
    recipients: Sequence[Recipient],
) -> list[Resealed]:
    """Steps 1 to 3 of a reseal: staged, planned, in place; nobody reads them yet."""
    folder.delete_tree(CHANGES_FOLDER)
    staged = [_stage(folder, shard, table, recipients) for shard, table in kept]
    plan = [[DATA, sealed.header.stem] for sealed in staged]
    folder.replace(PLAN_FILE, canonical_json(plan))
    batch = []
    for (shard, _), sealed in zip(kept, staged, strict=True):
        names = shard_files(DATA, sealed.header.stem)
        folder.move_all([(_staged_file(sealed), names["shards"])])
        folder.create(names["headers"], sealed.header.encode())
        folder.create(names["wraps"], sealed.wraps)
        folder.create(names["chunks"], sealed.chunks)
        kids = tuple(sorted(recipient.kid for recipient in recipients))
        batch.append(Resealed(shard, sealed.header, sha256_hex(sealed.wraps), kids))
    return batch


def _stage(
    folder: Folder, shard: RecordedShard, table: pa.Table, recipients: Sequence[Recipient]
) -> SealedShard:
    context = shard.header.context
    return seal(
        table,
        context=replace(context, version=context.version + 1),
        recipients=recipients,
        folder=folder,
        name=f"{CHANGES_FOLDER}/{shard_file(DATA, 'shards', context.shard)}",
    )


def _staged_file(sealed: SealedShard) -> str:
    return f"{CHANGES_FOLDER}/{shard_file(DATA, 'shards', sealed.header.ctx.shard)}"


def _destroy(folder: Folder, batch: Sequence[Resealed]) -> None:
    for resealed in batch:
        for stem in (resealed.old.header.stem, *resealed.old.replaced):
            destroy(folder, DATA, stem)
    folder.delete_tree(CHANGES_FOLDER)


def _prove(
    folder: Folder,
    batch: Sequence[Resealed],
    identity: AnyIdentity,
    subjects: Collection[str],
) -> None:
    """Read the new versions back: no entry of the subject, and no file of the old ones."""
    for resealed in batch:
        now = RecordedShard(DATA, resealed.header, resealed.wraps_sha256)
        if (
            identity.kid in resealed.kids
            and pc.any(_is_of(_table(folder, now, identity), subjects)).as_py()
        ):
            raise IntegrityError("an entry is still there", where=resealed.header.stem)
        for name in shard_files(DATA, resealed.old.header.stem).values():
            if folder.exists(name):
                raise IntegrityError("an erased version is still here", where=folder.path(name))
