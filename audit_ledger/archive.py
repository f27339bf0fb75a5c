"""A log inside a zip archive, for reading only: the files of its folder below a prefix."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager

from audit_ledger.store import LOCK_SECONDS

_LARGEST = 256 * 0xFFFF + 512
"""No bundle is longer: 256 entries, each behind two bytes. A zip could unpack to anything."""


class ArchivedLog:
    """A log in a zip archive.

    Args:
        archive: opened for reading.
        prefix: what stands before the names, such as ``ledger/``.
    """

    def __init__(self, archive: zipfile.ZipFile, prefix: str) -> None:
        self._archive = archive
        self._prefix = prefix

    def read(self, name: str) -> bytes:
        """All bytes of a file of the log.

        Raises:
            FileNotFoundError: there is no such file.
            OSError: it cannot be unpacked, or is longer than any file of a log.
        """
        return read_member(self._archive, self._prefix + name, limit=_LARGEST)

    def everything(self) -> Iterator[str]:
        """Names of all files of the log."""
        for name in self._archive.namelist():
            if name.startswith(self._prefix):
                yield name.removeprefix(self._prefix)

    @contextmanager
    def snapshot(self, *, timeout: float = LOCK_SECONDS) -> Iterator[None]:  # noqa: ARG002
        """Nobody writes to an archive."""
        yield

    def irregular(self, name: str) -> str | None:  # noqa: ARG002
        """An archive's members are plain files."""
        return None


def read_member(archive: zipfile.ZipFile, name: str, *, limit: int) -> bytes:
    """Unpack a file of an archive, up to ``limit`` bytes.

    Raises:
        FileNotFoundError: there is no such file.
        OSError: it cannot be unpacked, or is longer.
    """
    try:
        with archive.open(name) as member:
            raw = member.read(limit + 1)
    except KeyError:
        raise FileNotFoundError(name) from None
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, ValueError):
        raise OSError(None, "damaged archive") from None
    if len(raw) > limit:
        raise OSError(None, "longer than it can be")
    return raw
