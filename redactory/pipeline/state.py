"""The state of a run that is under way: ``.runs/<run_id>/`` in the dataset's folder.

    run.json                      what the run is (no path, no name)
    objects.sealed                what it changes in the watermark, under the same subkey
    batches/<batch_id>.sealed     its sources, AES-256-GCM under the scope's ``work`` subkey,
                                  because paths can hold names
    staged/<area>/<shard>.*       files of sealed shards that the log does not hold yet
    outcomes/<shard>.json         written after the shard's files are durable
    results/<batch_id>.json       all outcomes of a batch

Everything that a killed run leaves is below this folder; finishing or discarding the run
removes it whole. A run that is alive holds an advisory lock on ``lock``.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from redactory import watermark
from redactory.canonical import canonical_json, sha256_hex
from redactory.durable import Folder, LocalFolder, is_temporary
from redactory.errors import InputError, IntegrityError
from redactory.pipeline.outcome import BatchResult, SealedFile, ShardOutcome
from redactory.sources import Source
from redactory.watermark import Look
from sealed_shards.access import DatasetHead
from sealed_shards.layout import RUNS_FOLDER, shard_file
from sealed_shards.shard import SealedShard

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}\Z")
_NONCE_BYTES = 12


class RunState:
    """Names and files of one run.

    Args:
        folder: the dataset's folder.
        run_id: letters, digits, ``.``, ``_`` and ``-`` only.

    Raises:
        InputError: the run id could not be a file name.
    """

    def __init__(self, folder: Folder, run_id: str) -> None:
        if not _RUN_ID.match(run_id):
            raise InputError("a run id has up to 80 letters, digits, '.', '_' or '-'")
        self.folder = folder
        self.run_id = run_id
        self.root = f"{RUNS_FOLDER}/{run_id}"

    def name(self, *parts: str) -> str:
        """A name below the run's folder."""
        return "/".join((self.root, *parts))

    def exists(self) -> bool:
        """Whether the run was begun and is not finished."""
        return self.folder.exists(self.name("run.json"))

    def require(self) -> None:
        """Make sure that there is something to work on.

        Raises:
            InputError: the run was published, or dropped.
        """
        if not self.exists():
            raise InputError(
                "the run is over: it was published or dropped",
                where=f"run {self.run_id}",
                hint="start another one",
            )

    def is_finished(self, head: DatasetHead) -> bool:
        """Whether the run was published and nothing is left to do for it."""
        return self.run_id in head.manifests and not self.exists()

    def begin(self, facts: dict[str, Any]) -> None:
        """Store what the run is; the same facts may be stored again."""
        name = self.name("run.json")
        raw = canonical_json(facts)
        if not self.folder.exists(name):
            self.folder.replace(name, raw)
        elif self.folder.read(name) != raw:
            raise InputError(
                "the unfinished run was begun with another policy, key, configuration or input",
                where=f"run {self.run_id}",
                hint="repeat its options, or drop it with --discard",
            )

    def dataset(self) -> str:
        """Id of the run's dataset; empty if the run never came so far."""
        if not self.exists():
            return ""
        return str(json.loads(self.folder.read(self.name("run.json"))).get("dataset", ""))

    def write_batch(self, batch_id: str, sources: Sequence[Source], work_key: bytes) -> str:
        """Store the sources of a batch encrypted; its SHA-256 is returned."""
        plain = canonical_json(
            [
                {"uri": s.uri, "size": s.size, "format": s.format, "compression": s.compression}
                for s in sources
            ]
        )
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + AESGCM(work_key).encrypt(nonce, plain, batch_id.encode())
        return self.store(self.batch_name(batch_id), sealed)

    def read_batch(self, batch_id: str, sha256: str, work_key: bytes) -> list[Source]:
        """The sources of a batch.

        Raises:
            IntegrityError: missing, changed, or of another scope.
        """
        name = self.batch_name(batch_id)
        try:
            sealed = self.folder.read(name)
        except FileNotFoundError:
            raise IntegrityError("the batch list is missing", where=name) from None
        if sha256_hex(sealed) != sha256:
            raise IntegrityError("the batch list was changed", where=name)
        try:
            plain = AESGCM(work_key).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], batch_id.encode()
            )
        except InvalidTag:
            raise IntegrityError("the batch list is of another scope", where=name) from None
        return [Source(**fields) for fields in json.loads(plain)]

    def write_look(self, look: Look, work_key: bytes) -> None:
        """Store encrypted what the list step saw."""
        value = {"seen": watermark.as_json(look.seen), "departed": list(look.departed)}
        self.store(self.name("objects.sealed"), watermark.seal(value, work_key, self.run_id))

    def read_look(self, work_key: bytes) -> Look:
        """What the list step saw; nothing where there is none.

        Raises:
            IntegrityError: it was changed, or is of another scope.
        """
        name = self.name("objects.sealed")
        if not self.folder.exists(name):
            return Look()
        value = watermark.unseal(self.folder.read(name), work_key, self.run_id, where=name)
        return Look(watermark.from_json(value["seen"]), tuple(value["departed"]))

    def store(self, name: str, raw: bytes) -> str:
        """Write a file of the run; its SHA-256 is returned."""
        self.folder.replace(name, raw)
        return sha256_hex(raw)

    def read_result(self, result: Mapping[str, Any]) -> BatchResult:
        """What the seal step of a batch left.

        Raises:
            IntegrityError: missing or changed since.
        """
        name = str(result["result_path"])
        try:
            raw = self.folder.read(name)
        except FileNotFoundError:
            raise IntegrityError("the result of a batch is missing", where=name) from None
        if sha256_hex(raw) != result["sha256"]:
            raise IntegrityError("the result of a batch was changed", where=name)
        return BatchResult.decode(raw, where=name)

    def sealed_files(self, settled: Collection[str] = ()) -> Iterator[SealedFile]:
        """What the seal step left, shard by shard, without the ``settled`` shards."""
        for name in self.folder.names(self.name("outcomes")):
            shard, *kind = PurePosixPath(name).name.split(".")
            if shard in settled or is_temporary(name):
                continue
            if kind == ["sources", "json"]:
                yield SealedFile.decode(self.folder.read(name), where=name)
                continue
            yield from ShardOutcome.decode(self.folder.read(name), where=name).files()

    def batch_name(self, batch_id: str) -> str:
        """File of a batch's sources."""
        return self.name("batches", f"{batch_id}.sealed")

    def staged_name(self, area: str, shard: str, kind: str) -> str:
        """Where a file of a shard waits for the record step."""
        return self.name("staged", shard_file(area, kind, shard))

    def stage(self, area: str, sealed: SealedShard) -> None:
        """Store header, wraps and chunk digests beside the staged ciphertext."""
        shard = sealed.header.ctx.shard
        small = {
            "headers": sealed.header.encode(),
            "wraps": sealed.wraps,
            "chunks": sealed.chunks,
        }
        for kind, raw in small.items():
            self.folder.replace(self.staged_name(area, shard, kind), raw)

    def moves(self, area: str, shard: str, stem: str) -> list[tuple[str, str]]:
        """(staged, final) names of a shard's four files."""
        return [
            (self.staged_name(area, shard, kind), shard_file(area, kind, stem))
            for kind in ("shards", "headers", "wraps", "chunks")
        ]

    def finish(self) -> None:
        """Remove the run's folder, and the folder of runs if it was the last.

        The lock goes last: a run that is killed here is still seen as unfinished.
        """
        below = {name.split("/")[2] for name in self.folder.names(self.root)}
        for name in sorted(below, key=lambda name: (name.startswith("lock"), name)):
            self.folder.delete_tree(self.name(name))
        self.folder.delete_tree(self.root)
        if not any(self.folder.names(RUNS_FOLDER)):
            self.folder.delete_tree(RUNS_FOLDER)

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Hold the run's lock; a second process that resumes it is told so.

        Raises:
            InputError: another process works on this run now.
        """
        if not isinstance(self.folder, LocalFolder):
            yield
            return
        path = Path(self.folder.path(self.name("lock")))
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists():
            held = path.open("ab")
        else:
            # Locked before it gets its name: nobody ever sees a live run without its lock.
            unnamed = path.with_name(f"lock-{os.getpid()}-{secrets.token_hex(4)}")
            held = unnamed.open("xb")
        with held:
            if not _locked(held.fileno()):
                raise InputError("another process works on this run", where=f"run {self.run_id}")
            if not path.exists():
                unnamed.rename(path)
            yield


def unfinished_runs(folder: Folder) -> list[str]:
    """Ids of runs of this program whose process is gone, oldest name first.

    The runs of a scheduler have no lock file: the scheduler itself knows which to repeat.
    """
    alive: dict[str, bool] = {}
    for name in folder.names(RUNS_FOLDER):
        _, run_id, *rest = name.split("/")
        if len(rest) == 1 and rest[0].startswith("lock"):
            alive[run_id] = alive.get(run_id, False) or _is_held(folder, name)
    return sorted(run_id for run_id, is_alive in alive.items() if not is_alive)


def _is_held(folder: Folder, name: str) -> bool:
    if not isinstance(folder, LocalFolder):
        return False
    try:
        with Path(folder.path(name)).open("rb") as lock:
            return not _locked(lock.fileno())
    except FileNotFoundError:
        return True  # renamed or removed just now, by a process that is alive


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
