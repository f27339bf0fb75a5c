"""Opening a dataset along its trust chain (design page 20, "Opening a dataset").

1. The caller verified the log with a key it trusts, and 2. its consistency with what it saw
before; both happen behind :class:`~sealed_shards.access.AccessLog`. Here: 3. manifests and
headers count only as recorded, at the newest version; 4. the wraps file must be the recorded
one; 5. the access is recorded; 6. the key is unwrapped, checked against its commitment, and
the shard decrypted chunk by chunk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import partial

from redactory.canonical import digest_of, sha256_hex
from redactory.durable import Folder, open_folder
from redactory.errors import IntegrityError, KeyringError
from sealed_shards.access import AccessLog, DatasetHead, RecordedShard
from sealed_shards.layout import (
    DATA,
    DATASET_FILE,
    QUARANTINE,
    manifest_file,
    next_wraps_file,
    shard_file,
)
from sealed_shards.manifest import DatasetInfo, Manifest, ManifestShard
from sealed_shards.opened import Dataset
from sealed_shards.parallel import for_each
from sealed_shards.recipients import Identity
from sealed_shards.shard import unwrap_data_key
from sealed_shards.wraps import EMPTY_WRAPS

_BLOCK_BYTES = 1 << 20  # fits a processor's cache, so that hashing finds what reading brought


def published_manifests(folder: Folder, head: DatasetHead) -> list[Manifest]:
    """The manifests that the log has published, oldest first.

    Raises:
        IntegrityError: one is missing or was changed.
    """
    manifests = []
    for run_id, digest in head.manifests.items():
        name = manifest_file(run_id)
        manifests.append(
            Manifest.decode(read_recorded(folder, name, digest), where=folder.path(name))
        )
    return manifests


def current_shards(manifests: Sequence[Manifest]) -> list[ManifestShard]:
    """Data shards in force: the union of the manifests, less what later ones supersede."""
    current: dict[str, ManifestShard] = {}
    for manifest in manifests:
        for shard in manifest.supersedes:
            current.pop(shard, None)
        for entry in manifest.shards:
            current[entry.shard] = entry
    return list(current.values())


def recorded_shards(
    manifests: Sequence[Manifest], head: DatasetHead, area: str, *, only: str | None = None
) -> tuple[RecordedShard, ...]:
    """The shards in force of an area (or only the one of this id), as the log has them.

    Raises:
        IntegrityError: a manifest names one that the log does not hold.
    """
    recorded = []
    for entry in _entries(manifests, area):
        if only in (None, entry.shard):
            found = head.shards.get((area, entry.shard))
            if found is None or not is_recorded(entry, found):
                raise IntegrityError(
                    "a published shard is not in the log", where=f"shard {entry.shard}"
                )
            recorded.append(found)
    return tuple(recorded)


def _entries(manifests: Sequence[Manifest], area: str) -> list[ManifestShard]:
    if area == DATA:
        return current_shards(manifests)
    # A shard that was lost and sealed again is listed once for each version.
    listed = [
        entry
        for manifest in manifests
        for entry in (manifest.quarantine if area == QUARANTINE else manifest.sources)
    ]
    return list({entry.shard: entry for entry in listed}.values())


def read_recorded(folder: Folder, name: str, digest: str) -> bytes:
    """A small file whose digest the log holds.

    Raises:
        IntegrityError: missing or changed.
    """
    raw = _found(folder, name)
    if raw is None:
        raise IntegrityError("is missing", where=folder.path(name))
    if sha256_hex(raw) != digest:
        raise IntegrityError("was changed since it was recorded", where=folder.path(name))
    return raw


def read_wraps(folder: Folder, shard: RecordedShard) -> bytes:
    """The wraps file that is in force for a shard.

    Raises:
        IntegrityError: missing or changed.
    """
    # Where they wait comes first: a writer moves them from there to their place.
    waiting = _found(folder, next_wraps_file(shard.area, shard.header.stem))
    if waiting is not None and sha256_hex(waiting) == shard.wraps_sha256:
        return waiting
    name = shard_file(shard.area, "wraps", shard.header.stem)
    return read_recorded(folder, name, shard.wraps_sha256)


def is_change_unfinished(folder: Folder, shard: RecordedShard) -> bool:
    """Whether the recorded wraps still wait beside the old ones (:mod:`.key_changes`)."""
    waiting = _found(folder, next_wraps_file(shard.area, shard.header.stem))
    return waiting is not None and sha256_hex(waiting) == shard.wraps_sha256


def is_shred_unfinished(folder: Folder, shard: RecordedShard) -> bool:
    """Whether a shard that was shredded on record still has keys in the folder."""
    if not shard.shredded:
        return False
    kept = _found(folder, shard_file(shard.area, "wraps", shard.header.stem))
    waiting = next_wraps_file(shard.area, shard.header.stem)
    return kept not in (None, EMPTY_WRAPS) or folder.exists(waiting)


def open_dataset(
    url: str,
    identity: Identity,
    *,
    log: AccessLog,
    area: str = DATA,
    purpose: str = "read",
    shard: str | None = None,
) -> Dataset:
    """Open the current shards of a dataset (or of its quarantine, or only one shard).

    Args:
        url: the dataset's folder.
        identity: unwraps the data keys.
        log: the verified log; it records the access before any key is released.
        area: :data:`~sealed_shards.layout.DATA`, ``quarantine`` or ``sources``.
        purpose: one word for the record: why the data is read.
        shard: open only the shard with this id.

    Raises:
        IntegrityError: something is not as recorded.
        KeyringError: the identity is not a recipient.
        LedgerError: the access cannot be recorded; no key is released.
    """
    folder = open_folder(url)
    head = log.head()
    info = DatasetInfo.decode(
        read_recorded(folder, DATASET_FILE, head.dataset_sha256), where=folder.path(DATASET_FILE)
    )
    wanted = recorded_shards(published_manifests(folder, head), head, area, only=shard)
    shards = tuple(s for s in wanted if not s.shredded)
    gone = tuple(s.header.ctx.shard for s in wanted if s.shredded)
    _refuse_shredded(folder, wanted, only=shard)
    wraps = for_each(partial(read_wraps, folder), shards)
    log.unwrapped(
        dataset=head.dataset,
        purpose=purpose,
        shard_set_sha256=digest_of([s.header.stem for s in shards]),
        shards=len(shards),
        kid=identity.kid,
    )
    keys = for_each(
        lambda pair: unwrap_data_key(folder, area, pair[0].header, pair[1], identity),
        zip(shards, wraps, strict=True),
    )
    return Dataset(folder, area, info, head, shards, gone, tuple(keys))


def _refuse_shredded(folder: Folder, wanted: Sequence[RecordedShard], *, only: str | None) -> None:
    for shard in wanted:
        where = folder.path(shard_file(shard.area, "wraps", shard.header.stem))
        if is_shred_unfinished(folder, shard):
            raise IntegrityError(
                "was shredded on record, and its keys are still here",
                where=where,
                hint="redactory dataset settle",
            )
        if shard.shredded and only is not None:
            raise KeyringError("holds no key any more: it was shredded", where=where)


def _found(folder: Folder, name: str) -> bytes | None:
    try:
        return folder.read(name)
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def is_recorded(entry: ManifestShard, found: RecordedShard) -> bool:
    """Whether the log's ``found`` is the shard of a manifest's ``entry``, or its successor."""
    header = found.header
    if header.ctx.version == entry.version:
        return header.sha256 == entry.sha256 and header.rows == entry.rows
    return header.ctx.version > entry.version


def file_sha256(folder: Folder, name: str) -> str:
    """SHA-256 (hex) of a file of any size."""
    digest, block = hashlib.sha256(), memoryview(bytearray(_BLOCK_BYTES))
    with folder.open(name) as file:
        while count := file.readinto(block):  # type: ignore[attr-defined]
            digest.update(block[:count])
    return digest.hexdigest()
