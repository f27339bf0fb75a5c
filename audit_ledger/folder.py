"""The ledger's folder on a local disk: its names, its lock, its durable steps.

``checkpoint``, ``log.vkey``, ``tile/…`` and ``.lock`` (empty; the target of ``flock``).
Writers hold the lock exclusively. A verifier shares it only while it takes its snapshot:
full tiles never change, so nothing else needs it.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from audit_ledger.tiles import TileId, tile_at
from redactory.durable import LocalFolder, is_temporary
from redactory.errors import LedgerError

CHECKPOINT = "checkpoint"
VERIFIER_KEY = "log.vkey"
LOCK = ".lock"
LOCK_SECONDS = 60.0

_POLL_SECONDS = 0.01


def belongs(name: str, size: int) -> bool:
    """Whether a log of ``size`` leaves has a file with this name."""
    if name in {CHECKPOINT, VERIFIER_KEY, LOCK}:
        return True
    tile = TileId.parse(name)
    return tile is not None and tile == tile_at(tile.level, tile.number, size)


class LedgerFolder(LocalFolder):
    """A local folder that holds one log."""

    def everything(self) -> Iterator[str]:
        """Every file below the root and every link to a folder (which is not followed)."""
        yield from self.names()
        for path, folders, _ in os.walk(self.root):
            for name in folders:
                if (Path(path) / name).is_symlink():
                    yield (Path(path) / name).relative_to(self.root).as_posix()

    def unfinished(self, size: int) -> list[str]:
        """Names of tiles, bundles and temporary files that a log of ``size`` leaves lacks.

        Only an interrupted append makes such files. Foreign files are not among them.
        """
        return [
            name
            for name in self.everything()
            if is_temporary(name) or (TileId.parse(name) and not belongs(name, size))
        ]

    def discard(self, name: str) -> None:
        """Remove a file that no checkpoint needs, and its folder if that is empty now.

        Not made durable on purpose: after a power cut the next writer removes it again.
        """
        target = self.root / name
        target.unlink(missing_ok=True)
        if target.parent.name.endswith(".p") and not any(target.parent.iterdir()):
            target.parent.rmdir()

    @contextmanager
    def locked(self, *, shared: bool = False, timeout: float = LOCK_SECONDS) -> Iterator[None]:
        """Hold the lock; ``shared`` is for readers, which may also lack the lock file.

        Args:
            shared: exclude writers only.
            timeout: seconds to wait.

        Raises:
            LedgerError: another writer held it all the time.
        """
        descriptor = self._lock_descriptor(shared=shared)
        if descriptor is None:
            yield
            return
        try:
            self._wait_for(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX, timeout)
            yield
        finally:
            os.close(descriptor)

    def _lock_descriptor(self, *, shared: bool) -> int | None:
        path = self.root / LOCK
        if not shared:
            return os.open(path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            return os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:  # a copy without the lock file: nobody writes there
            return None

    @staticmethod
    def _wait_for(descriptor: int, operation: int, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while True:
            try:
                fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise LedgerError(
                        "is held by another writer",
                        where=LOCK,
                        hint="wait for the other run to finish, then try again",
                    ) from None
                time.sleep(_POLL_SECONDS)
            else:
                return
