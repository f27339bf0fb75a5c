"""Plain text: a file a record, or a paragraph a record.

A file's text is its exact characters, line ends included, less a byte order mark. A
paragraph is a run of lines that are not blank, with the line end that closes it taken off.
"""

from __future__ import annotations

from collections.abc import Iterator

from redactory.sources.columns import Columns
from redactory.sources.compression import ByteStream
from redactory.sources.encoding import Encoding
from redactory.sources.lines import Lines
from redactory.sources.records import Reason, Record, Rejected


class TextFile:
    """The one record of a file; an empty file has none."""

    def __init__(
        self, stream: ByteStream, encoding: Encoding, columns: Columns, *, limit: int
    ) -> None:
        self.position = 0
        self.unfinished = b""
        self._stream = stream
        self._encoding = encoding
        self._columns = columns
        self._limit = limit

    def __iter__(self) -> Iterator[Record | Rejected]:
        """The file's record; what lies beyond the limit is counted, not held."""
        held = bytearray()
        room = self._limit + self._encoding.mark
        for chunk in self._stream:
            held += chunk[: room - len(held)]
            self.position += len(chunk)
        raw = bytes(held[self._encoding.mark :])
        if self._stream.broken:
            self.unfinished = raw
        elif self.position > room:
            yield Rejected(Reason.TOO_LONG, raw)
        elif raw:
            yield _record(raw, self._encoding, self._columns)


class Paragraphs:
    """The blocks between blank lines."""

    def __init__(self, lines: Lines, stream: ByteStream, columns: Columns) -> None:
        self.unfinished = b""
        self.position = 0
        self._lines = lines
        self._stream = stream
        self._columns = columns

    def __iter__(self) -> Iterator[Record | Rejected]:
        """Every paragraph; blank lines are no part of any."""
        newline, limit = self._lines.encoding.newline, self._lines.limit
        held: list[bytes] = []
        size = 0
        for line in self._lines:
            if line.text.strip() or line.is_too_long:
                if size <= limit:
                    held.append(line.raw)
                size += len(line.raw) + len(newline) + line.is_too_long * limit
                continue
            if held:
                yield self._paragraph(newline.join(held), is_too_long=size > limit + len(newline))
            self.position = self._lines.position
            held, size = [], 0
        if self._stream.broken:
            self.unfinished = newline.join([*held, self._lines.unfinished])[:limit]
        elif held:
            yield self._paragraph(newline.join(held), is_too_long=size > limit + len(newline))
        self.position = self._lines.position

    def _paragraph(self, raw: bytes, *, is_too_long: bool) -> Record | Rejected:
        if is_too_long:
            return Rejected(Reason.TOO_LONG, raw[: self._lines.limit])
        return _record(raw, self._lines.encoding, self._columns, end="\r")


def _record(
    raw: bytes, encoding: Encoding, columns: Columns, *, end: str = ""
) -> Record | Rejected:
    text, is_valid = encoding.decode(raw)
    if not is_valid:
        return Rejected(Reason.UNDECODABLE, raw)
    found = columns.record({columns.texts[0]: text.removesuffix(end)})
    return Rejected(found, raw) if isinstance(found, Reason) else found
