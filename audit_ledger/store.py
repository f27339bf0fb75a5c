"""What a log needs of the place where it lies: a folder, a database, an archive.

Reading goes by the names of C2SP tlog-tiles (``checkpoint``, ``tile/0/x001/234``, …), whatever
lies below; so one reader, one verifier and one set of proofs serve every place. A place
that is also written implements :class:`Store`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from audit_ledger.batch import Fresh
from audit_ledger.tiles import TileId

if TYPE_CHECKING:
    from audit_ledger.index import Index
    from audit_ledger.reader import LogReader

CHECKPOINT = "checkpoint"
VERIFIER_KEY = "log.vkey"
LOCK_SECONDS = 60.0


class Source(Protocol):
    """A place where a log can be read."""

    def read(self, name: str) -> bytes:
        """All bytes of a file of the log.

        Raises:
            FileNotFoundError: there is no such file.
            OSError: it cannot be read.
        """

    def everything(self) -> Iterator[str]:
        """Names of all files that lie there, whether they belong to the log or not."""

    def snapshot(self, *, timeout: float = LOCK_SECONDS) -> AbstractContextManager[None]:
        """Keep writers out while a consistent view is taken.

        Raises:
            LedgerError: a writer was at work all the time.
        """

    def irregular(self, name: str) -> str | None:
        """What is odd about a file beside its bytes (a link, for example), if anything."""


@dataclass(frozen=True, slots=True)
class Addition:
    """One append, ready to be stored.

    Attributes:
        first: index of the first new leaf.
        leaves: the new leaves.
        files: new tiles and bundles in the order in which they are to be written.
        superseded: partial tiles and bundles that nothing needs afterwards.
        size: leaves after the append.
        root: root after the append.
        note: the signed checkpoint that covers it all.
    """

    first: int
    leaves: Sequence[Fresh]
    files: Sequence[tuple[TileId, bytes]]
    superseded: Collection[TileId]
    size: int
    root: bytes
    note: bytes


class Store(Source, Protocol):
    """A place where a log can also be written."""

    def found(self, vkey: bytes, note: bytes) -> None:
        """Make an empty log unless there is one; a log without its checkpoint stays broken.

        Args:
            vkey: content of ``log.vkey``.
            note: the signed checkpoint of the empty tree.
        """

    def exclusive(self, *, timeout: float = LOCK_SECONDS) -> AbstractContextManager[None]:
        """Be the only writer while the block runs; what it stored is durable when it ends.

        Raises:
            LedgerError: another writer was at work all the time.
        """

    def repair(self, size: int, *, thoroughly: bool) -> list[str]:
        """Remove what an interrupted append left beyond the newest checkpoint.

        Args:
            size: leaves that the checkpoint covers.
            thoroughly: look at everything, not only where an append begins.

        Returns:
            Names of what was removed.
        """

    def index(self, reader: LogReader) -> Index:
        """What finds leaves by statement id."""

    def store(self, addition: Addition) -> None:
        """Store an append: all of it, or (after a crash) nothing that a reader would see."""

    def attach(self, note: bytes) -> None:
        """Put a checkpoint with further signatures in the place of the newest one."""
