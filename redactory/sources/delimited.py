"""CSV and its kin (RFC 4180): a header row, quoted fields that may hold line feeds.

A record is put together from physical lines until its quotes are closed, within the record
limit, and parsed by itself. If that does not give one row as wide as the header, only the
first of those lines is malformed, and reading goes on with the next: a stray quote costs
its own line, not the rest of the file. Lines without any character are no records.
"""

from __future__ import annotations

import csv
from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from redactory.errors import InputError
from redactory.sources.columns import Columns, resolve
from redactory.sources.lines import Line, Lines
from redactory.sources.options import ReadOptions
from redactory.sources.records import Reason, Record, Rejected

_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Header:
    """The names of the columns, and the delimiter that gave them."""

    names: tuple[str, ...] = field(repr=False)
    delimiter: str


class Delimited:
    """The records of a CSV or TSV file; construction reads the header.

    Args:
        lines: the file.
        options: the columns wanted.
        delimiter: the delimiter, or ``None`` to find it from the header.
        where: the file, for errors.

    Raises:
        InputError: no usable header, or a column that the options name is not in it.
    """

    def __init__(
        self, lines: Lines, options: ReadOptions, *, delimiter: str | None, where: str
    ) -> None:
        # The parser's own limit is 128 KiB a field, for the whole process; ours is a record.
        csv.field_size_limit(max(csv.field_size_limit(), lines.limit))
        self.position = 0
        self.unfinished = b""
        self._lines = lines
        self._source = iter(lines)
        self._waiting: deque[Line] = deque()
        self.header: Header | None = None
        self.header = self._read_header(options, delimiter, where)
        available = self.header.names if self.header else None
        self.columns: Columns = resolve(options, available, where=where)
        if self.header:
            _refuse_ambiguous(self.header.names, self.columns, where=where)

    def __iter__(self) -> Iterator[Record | Rejected]:
        """One item a row."""
        while self.header and (group := self._next_group()):
            self.position = self._lines.position
            yield self._read(group, self.header)
        self.position = self._lines.position
        self.unfinished = self._lines.unfinished

    def _read_header(
        self, options: ReadOptions, delimiter: str | None, where: str
    ) -> Header | None:
        group = self._next_group()
        if not group:
            return None
        if any(line.is_too_long or not line.is_valid for line in group):
            raise InputError("the header row cannot be read", where=where)
        candidates = [
            Header(tuple(row), sign)
            for sign in ((delimiter,) if delimiter else _DELIMITERS)
            if (row := _parse(_joined(group), sign)) is not None
        ]
        if not candidates:
            raise InputError("the header row is not valid CSV", where=where)
        wanted = {*options.text_columns, *options.carried}
        return max(candidates, key=lambda h: (wanted <= set(h.names), len(h.names)))

    def _next_group(self) -> list[Line]:
        """The lines of the next row: up to even quotes, or one line if they never are."""
        group: list[Line] = []
        quotes = size = 0
        while (line := self._next_line()) is not None:
            if not group and not line.text.strip("\r") and not line.is_too_long:
                continue
            group.append(line)
            quotes += line.text.count('"')
            size += len(line.raw)
            if line.is_too_long or size > self._lines.limit:
                break
            if quotes % 2 == 0 or (len(group) == 1 and self._is_row(line)):
                return group
        return self._keep_first(group)

    def _is_row(self, line: Line) -> bool:
        """Whether an odd quote stands inside an unquoted field, as in ``5" pipe``."""
        return self.header is not None and _parse(line.text, self.header.delimiter) is not None

    def _next_line(self) -> Line | None:
        return self._waiting.popleft() if self._waiting else next(self._source, None)

    def _keep_first(self, group: list[Line]) -> list[Line]:
        self._waiting.extendleft(reversed(group[1:]))
        return group[:1]

    def _read(self, group: list[Line], header: Header) -> Record | Rejected:
        first = group[0]
        if first.is_too_long:
            return Rejected(Reason.TOO_LONG, first.raw)
        row = _parse(_joined(group), header.delimiter)
        if row is None or len(row) != len(header.names):
            self._keep_first(group)
            bad = Reason.MALFORMED_CSV if first.is_valid else Reason.UNDECODABLE
            return Rejected(bad, first.raw)
        raw = self._lines.encoding.newline.join(line.raw for line in group)
        if not all(line.is_valid for line in group):
            return Rejected(Reason.UNDECODABLE, raw)
        found = self.columns.record(dict(zip(header.names, row, strict=True)))
        return Rejected(found, raw) if isinstance(found, Reason) else found


def _joined(group: list[Line]) -> str:
    return "\n".join(line.text for line in group)


def _parse(text: str, delimiter: str) -> list[str] | None:
    """The fields of the one row that ``text`` is, or ``None``."""
    try:
        return next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error:
        return None


def _refuse_ambiguous(names: tuple[str, ...], columns: Columns, *, where: str) -> None:
    counts = Counter(names)
    if any(counts[name] > 1 for name in columns.names):
        raise InputError("a chosen column stands twice in the header", where=where)
