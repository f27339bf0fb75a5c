"""The positional identity map: what stood where, so that redaction can be undone.

An entry says a place in the redacted text and what stood there (contracts, "Identity map"): never
a search for the surrogate, which may stand elsewhere by chance or be another's value. So any
operator is undone exactly, the ones that remove included.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pii_rules.spans import Replacement
from redactory.errors import IntegrityError


class Entry(NamedTuple):
    """One replacement and what stood there.

    Attributes:
        column: the text column.
        start: first code point in the redacted text.
        end: one past the last.
        entity_type: what it was taken for.
        operator: what was done to it.
        original: what stood there.
    """

    column: str
    start: int
    end: int
    entity_type: str
    operator: str
    original: str


class Collected:
    """An ``IdentitySink`` that keeps entries in memory, by row of the input.

    Attributes:
        rows: entries by row number.
    """

    def __init__(self) -> None:
        self.rows: dict[int, list[Entry]] = {}

    def keep(self, row: int, replacement: Replacement, original: str) -> None:
        """Take one replacement."""
        place = (replacement.column, replacement.start, replacement.end)
        entry = Entry(*place, replacement.entity_type, replacement.operator, original)
        self.rows.setdefault(row, []).append(entry)


def restored(texts: Mapping[str, str | None], entries: Iterable[Entry]) -> dict[str, str | None]:
    """The texts as they were before redaction.

    Args:
        texts: redacted text by column.
        entries: of this record.

    Raises:
        IntegrityError: the entries do not fit the texts.
    """
    back = dict(texts)
    by_column: dict[str, list[Entry]] = {}
    for entry in entries:
        by_column.setdefault(entry.column, []).append(entry)
    for column, own in by_column.items():
        text = texts.get(column)
        pieces, done = [], 0
        for entry in sorted(own, key=lambda e: (e.start, e.end)):
            if text is None or not done <= entry.start <= entry.end <= len(text):
                raise IntegrityError("the identity map does not fit the record", where=column)
            pieces += [text[done : entry.start], entry.original]
            done = entry.end
        back[column] = "".join([*pieces, (text or "")[done:]])
    return back
