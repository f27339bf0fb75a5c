"""Checking every file of a dataset against a verified log, without any private key.

With an identity the shards are opened as well, which adds what only a key can show: that
the wrapped key is the committed one and that every page decrypts.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from redactory.canonical import sha256_hex
from redactory.durable import Folder, is_temporary
from redactory.errors import IntegrityError, KeyringError
from sealed_shards.access import DatasetHead, RecordedShard
from sealed_shards.chunks import split_leaves
from sealed_shards.dataset import (
    file_sha256,
    is_change_unfinished,
    is_recorded,
    is_shred_unfinished,
    published_manifests,
    read_recorded,
)
from sealed_shards.layout import (
    AREAS,
    CHANGES_FOLDER,
    DATASET_FILE,
    MANIFESTS_FOLDER,
    REPORTS_FOLDER,
    RUNS_FOLDER,
    manifest_file,
    next_wraps_file,
    report_file,
    shard_file,
    shard_files,
    shard_folders,
)
from sealed_shards.manifest import DatasetInfo, Manifest
from sealed_shards.parallel import results
from sealed_shards.recipients import Identity
from sealed_shards.resealing import read_plan
from sealed_shards.shard import read_shard, unwrap_data_key
from sealed_shards.wraps import parse_wraps

_NEXT_WRITER = "the next change, or redactory dataset settle, removes it"
_SHRED_UNFINISHED = "was shredded on record, and its keys are still here: the shred is unfinished"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: the file (relative to the dataset) and a plain sentence."""

    file: str
    what: str


def verify_files(
    folder: Folder,
    head: DatasetHead,
    *,
    identity: Identity | None = None,
    progress: Callable[[RecordedShard], None] | None = None,
) -> Iterator[Problem]:
    """Every difference between the dataset's files and what the log recorded.

    Args:
        folder: the dataset's folder.
        head: from a verified log.
        identity: opens the shards that are sealed for it; the caller records the access.
        progress: called after each shard.
    """
    yield from _documents(folder, head)
    for shard, problems in _all_shard_files(folder, head):
        yield from problems
        if identity is not None and not problems and not shard.shredded:
            yield from _contents(folder, shard, identity)
        if progress is not None:
            progress(shard)
    yield from _strays(folder, head)


def _documents(folder: Folder, head: DatasetHead) -> Iterator[Problem]:
    manifests = {manifest_file(run): digest for run, digest in head.manifests.items()}
    recorded = {DATASET_FILE: head.dataset_sha256} if head.version else {}
    recorded |= manifests
    recorded |= {report_file(run): digest for run, digest in head.reports.items()}
    broken = False
    for name, digest in recorded.items():
        try:
            raw = read_recorded(folder, name, digest)
            if name == DATASET_FILE:
                DatasetInfo.decode(raw, where=name)
            elif name in manifests:
                Manifest.decode(raw, where=name)
        except IntegrityError as error:
            yield Problem(name, error.what)
            broken = True
    if not broken:
        yield from _manifest_entries(folder, head)


def _manifest_entries(folder: Folder, head: DatasetHead) -> Iterator[Problem]:
    for manifest in published_manifests(folder, head):
        by_area = zip(AREAS, (manifest.shards, manifest.quarantine, manifest.sources), strict=True)
        for area, entries in by_area:
            for entry in entries:
                found = head.shards.get((area, entry.shard))
                if found is None or not is_recorded(entry, found):
                    yield Problem(
                        manifest_file(manifest.run_id),
                        f"names shard {entry.shard}, which the log does not hold",
                    )


def _shredded(folder: Folder, shard: RecordedShard) -> Iterator[Problem]:
    for stem in shard.destroyed:
        name = shard_file(shard.area, "wraps", stem)
        if folder.exists(name):
            yield Problem(name, _SHRED_UNFINISHED)
    if is_shred_unfinished(folder, shard):
        yield Problem(shard_file(shard.area, "wraps", shard.header.stem), _SHRED_UNFINISHED)


def _all_shard_files(
    folder: Folder, head: DatasetHead
) -> Iterator[tuple[RecordedShard, list[Problem]]]:
    """Every shard with what is wrong with it, in order."""
    shards = list(head.shards.values())
    found = results(lambda shard: list(_shard_files(folder, shard)), shards)
    yield from zip(shards, found, strict=True)


def _shard_files(folder: Folder, shard: RecordedShard) -> Iterator[Problem]:
    yield from _shredded(folder, shard)
    if shard.shredded:  # a state, not a failure: the ciphertext may be absent
        return
    judges = {"shards": _ciphertext, "headers": _header, "wraps": _wraps, "chunks": _chunks}
    for kind, name in shard_files(shard.area, shard.header.stem).items():
        try:
            what = judges[kind](folder, shard, name)
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
            what = "is missing"
        if what is not None:
            yield Problem(name, what)


def _ciphertext(folder: Folder, shard: RecordedShard, name: str) -> str | None:
    with folder.open(name) as file:  # a folder in its place has a size, and does not open
        same_size = file.seek(0, os.SEEK_END) == shard.header.size
    same = same_size and file_sha256(folder, name) == shard.header.sha256
    return None if same else "the sealed bytes were changed since they were recorded"


def _header(folder: Folder, shard: RecordedShard, name: str) -> str | None:
    same = folder.read(name) == shard.header.encode()
    return None if same else "is not the header that was recorded"


def _wraps(folder: Folder, shard: RecordedShard, name: str) -> str | None:
    if is_change_unfinished(folder, shard):
        return "a change of keys is on record and not finished"
    same = sha256_hex(folder.read(name)) == shard.wraps_sha256
    return None if same else "the wrapped keys are not the recorded ones"


def _chunks(folder: Folder, shard: RecordedShard, name: str) -> str | None:
    root = bytes.fromhex(shard.header.chunks_root)
    try:
        split_leaves(folder.read(name), root=root, size=shard.header.size, where=name)
    except IntegrityError as error:
        return error.what
    return None


def _contents(folder: Folder, shard: RecordedShard, identity: Identity) -> Iterator[Problem]:
    names = shard_files(shard.area, shard.header.stem)
    wraps = folder.read(names["wraps"])
    try:
        if identity.kid not in parse_wraps(wraps, where=names["wraps"]):
            return  # sealed for somebody else: nothing this key can say about it
        data_key = unwrap_data_key(folder, shard.area, shard.header, wraps, identity)
    except (IntegrityError, KeyringError) as error:
        yield Problem(names["wraps"], error.what)
        return
    try:
        for _ in read_shard(folder, shard.area, shard.header, data_key):
            pass
    except IntegrityError as error:
        yield Problem(names["shards"], error.what)


def _strays(folder: Folder, head: DatasetHead) -> Iterator[Problem]:
    known = {manifest_file(run) for run in head.manifests}
    known |= {report_file(run) for run in head.reports}
    for shard in head.shards.values():
        for stem in (shard.header.stem, *shard.replaced):
            known |= set(shard_files(shard.area, stem).values())
        if is_change_unfinished(folder, shard):
            known.add(next_wraps_file(shard.area, shard.header.stem))
    if any(folder.names(RUNS_FOLDER)):
        return  # a run that is under way puts files in place before it records them
    planned = {
        name for area, stem in read_plan(folder) for name in shard_files(area, stem).values()
    }
    folders = [MANIFESTS_FOLDER, REPORTS_FOLDER]
    folders += [name for area in AREAS for name in shard_folders(area)]
    for name in folders:
        for found in folder.names(name):
            if found not in known:
                yield Problem(found, _stray(found, planned))
    if any(folder.names(CHANGES_FOLDER)):
        yield Problem(CHANGES_FOLDER, f"a change was begun and is unfinished; {_NEXT_WRITER}")


def _stray(name: str, planned: Collection[str]) -> str:
    if name in planned:
        return f"belongs to a change that was never recorded; {_NEXT_WRITER}"
    if name.endswith(".next"):
        return f"new keys were prepared and never recorded; {_NEXT_WRITER}"
    if is_temporary(name):
        return f"is left of a write that never ended; {_NEXT_WRITER}"
    return "is not in the log: nobody vouches for this file"
