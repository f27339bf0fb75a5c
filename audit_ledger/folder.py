"""A log in a folder on a local disk: its names, its lock, its durable steps.

``checkpoint``, ``log.vkey``, ``tile/…`` and ``.lock`` (empty; the target of ``flock``).
Writers hold the lock exclusively. A verifier shares it only while it takes its snapshot:
full tiles never change, so nothing else needs it.

What an append writes counts for nothing until the checkpoint that covers it takes its
place, by one rename. So bundles and tiles go straight to their names: all of them are
written, then all are made durable, then comes the checkpoint.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from audit_ledger.index import IdIndex
from audit_ledger.reader import LogReader
from audit_ledger.store import CHECKPOINT, LOCK_SECONDS, VERIFIER_KEY, Addition
from audit_ledger.tiles import ENTRIES, TILE_WIDTH, TileId, belongs_to_log, tile_at
from redactory.durable import LocalFolder, is_temporary
from redactory.errors import InputError, LedgerError

LOCK = ".lock"

_POLL_SECONDS = 0.002
_FSYNC_THREADS = 16


class LedgerFolder(LocalFolder):
    """A local folder that holds one log."""

    def everything(self) -> Iterator[str]:
        """Every file below the root and every link to a folder (which is not followed)."""
        yield from self.names()
        for path, folders, _ in os.walk(self.root):
            for name in folders:
                if (Path(path) / name).is_symlink():
                    yield (Path(path) / name).relative_to(self.root).as_posix()

    def irregular(self, name: str) -> str | None:
        """What is odd about a file beside its bytes, if anything."""
        path = self.root / name
        if path.is_symlink() or not path.is_file():
            return "is not a plain file"
        return "is not empty" if name == LOCK and path.stat().st_size else None

    @contextmanager
    def snapshot(self, *, timeout: float = LOCK_SECONDS) -> Iterator[None]:
        """Keep writers out; where the lock file is missing, nobody writes."""
        try:
            descriptor = os.open(self.root / LOCK, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            yield
            return
        with _held(descriptor, fcntl.LOCK_SH, timeout):
            yield

    @contextmanager
    def exclusive(self, *, timeout: float = LOCK_SECONDS) -> Iterator[None]:
        """Be the only writer while the block runs.

        Raises:
            LedgerError: another writer held the lock all the time.
            InputError: the folder cannot be written.
        """
        try:
            flags = os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC
            with _held(os.open(self.root / LOCK, flags, 0o644), fcntl.LOCK_EX, timeout):
                yield
        except OSError as error:
            raise _unwritable(error) from None

    def found(self, vkey: bytes, note: bytes) -> None:
        """Make an empty log unless there is one.

        Raises:
            InputError: the folder cannot be written.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(error) from None
        with self.exclusive():
            if not any(self.exists(name) for name in (VERIFIER_KEY, CHECKPOINT, "tile")):
                self.create(VERIFIER_KEY, vkey)
            # A log whose checkpoint was lost must never become an empty log.
            if not self.exists(CHECKPOINT) and not self.exists("tile"):
                self.create(CHECKPOINT, note)

    def repair(self, size: int, *, thoroughly: bool) -> list[str]:
        """Remove what an interrupted append left; only that, never a foreign file."""
        if not thoroughly and not self._is_touched(size):
            return []
        left = [
            name
            for name in self.everything()
            if is_temporary(name) or (TileId.parse(name) and not belongs_to_log(name, size))
        ]
        for name in left:
            self.discard(name)
        return left

    def index(self, reader: LogReader) -> IdIndex:
        """An index of statement ids, built in memory."""
        return IdIndex(reader)

    def store(self, addition: Addition) -> None:
        """Store an append: everything beyond the old checkpoint, then the new checkpoint."""
        names = [tile.path for tile, _ in addition.files]
        try:
            for tile, data in addition.files:
                self.write(tile.path, data)
            self._make_durable(names)
            self.replace(CHECKPOINT, addition.note)
        except OSError:  # a full disk, for example: leave no litter while we still run
            for name in names:
                self.discard(name)
            raise
        for tile in addition.superseded:
            self.discard(tile.path)

    def attach(self, note: bytes) -> None:
        """Put a checkpoint with further signatures in the place of the newest one."""
        self.replace(CHECKPOINT, note)

    def write(self, name: str, data: bytes) -> None:
        """Write a file that no checkpoint covers yet; not durable by itself."""
        target = self.root / name
        if not target.parent.is_dir():
            self._make_parent(target)  # durably
        target.write_bytes(data)

    def discard(self, name: str) -> None:
        """Remove a file that no checkpoint needs, and its folder if that is empty now.

        Not made durable on purpose: after a power cut the next writer removes it again.
        """
        target = self.root / name
        target.unlink(missing_ok=True)
        if target.parent.name.endswith(".p") and not any(target.parent.iterdir()):
            target.parent.rmdir()

    def _make_durable(self, names: Sequence[str]) -> None:
        files = [self.root / name for name in names]
        paths = [*files, *sorted({file.parent for file in files})]
        # Side by side, the disk makes many of them durable in the time of a few.
        with ThreadPoolExecutor(min(_FSYNC_THREADS, len(paths))) as pool:
            list(pool.map(_fsync, paths))

    def _is_touched(self, size: int) -> bool:
        """Whether an append after ``size`` leaves was begun: its first file is a bundle."""
        number = size // TILE_WIDTH
        partial = tile_at(ENTRIES, number, size)
        expected = {str(partial.width)} if partial.width else set()
        beside = self.root / f"{TileId(ENTRIES, number).path}.p"
        return (
            self.exists(TileId(ENTRIES, number).path)
            or (beside.is_dir() and {path.name for path in beside.iterdir()} != expected)
            or any(is_temporary(path.name) for path in self.root.iterdir())
        )


@contextmanager
def _held(descriptor: int, operation: int, timeout: float) -> Iterator[None]:
    deadline = time.monotonic() + timeout
    try:
        while True:
            try:
                fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise LedgerError(
                        "is held by another writer",
                        where=LOCK,
                        hint="wait for the other run to finish, then try again",
                    ) from None
                time.sleep(_POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unwritable(error: OSError) -> InputError:
    return InputError(f"the ledger cannot be written ({error.strerror})", where="ledger")
