"""Which leaf has which id: built by one scan of the entry bundles, kept up by short ones."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from audit_ledger.batch import Fresh
from audit_ledger.leaf import id_of
from audit_ledger.reader import LogReader
from redactory.errors import LedgerError


class Index(Protocol):
    """Finds leaves by the id of their statement."""

    def find(self, ids: Collection[str], size: int) -> Mapping[str, int]:
        """Index of each of these ids (hex) that the first ``size`` leaves have."""

    def added(self, first: int, leaves: Sequence[Fresh]) -> None:
        """Take note of leaves that were appended from index ``first`` on."""


class IdIndex:
    """Map from statement id to leaf index in memory; about 150 bytes a leaf.

    Args:
        reader: the log.
    """

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader
        self._indices: dict[bytes, int] = {}
        self._scanned = 0

    def find(self, ids: Collection[str], size: int) -> dict[str, int]:
        """Index of each of these ids (hex) that the first ``size`` leaves have."""
        if not ids:
            return {}
        for index, raw in self._reader.entries(self._scanned, size):
            # The first one counts, should a damaged log hold two.
            self._indices.setdefault(_key(id_at(raw, index)), index)
            self._scanned = index + 1
        found = {}
        for wanted in ids:
            known = self._indices.get(_key(wanted))
            if known is not None and known < size:
                found[wanted] = known
        return found

    def added(self, first: int, leaves: Sequence[Fresh]) -> None:
        """Take note of leaves that were appended, unless others before them are unread."""
        if self._scanned == first:
            self._indices.update((_key(leaf.id), first + i) for i, leaf in enumerate(leaves))
            self._scanned += len(leaves)


def id_at(raw: bytes, index: int) -> str:
    """Id (hex) of the statement in a leaf.

    Raises:
        LedgerError: it is not a statement.
    """
    try:
        return id_of(raw)
    except LedgerError as error:
        raise LedgerError(error.what, where=f"leaf {index}") from None


def _key(statement_id: str) -> bytes:
    try:
        return bytes.fromhex(statement_id)
    except ValueError:
        return b""
