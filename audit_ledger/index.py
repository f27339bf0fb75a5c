"""Which leaf has which id: built by one scan of the entry bundles, kept up by short ones."""

from __future__ import annotations

import json

from audit_ledger.reader import LogReader
from redactory.errors import LedgerError


class IdIndex:
    """Map from statement id to leaf index; about 150 bytes of memory a leaf.

    Args:
        reader: the log.
    """

    def __init__(self, reader: LogReader) -> None:
        self._reader = reader
        self._indices: dict[bytes, int] = {}
        self._scanned = 0

    def find(self, statement_id: str, size: int) -> int | None:
        """Index of the statement with this id (hex) among the first ``size`` leaves."""
        for index, raw in self._reader.entries(self._scanned, size):
            # The first one counts, should a damaged log hold two.
            self._indices.setdefault(_id_of(raw, index), index)
            self._scanned = index + 1
        try:
            found = self._indices.get(bytes.fromhex(statement_id))
        except ValueError:
            return None
        return found if found is not None and found < size else None


def _id_of(raw: bytes, index: int) -> bytes:
    try:
        return bytes.fromhex(json.loads(raw)["predicate"]["id"])
    except (ValueError, KeyError, TypeError):
        raise LedgerError("is not a statement", where=f"leaf {index}") from None
