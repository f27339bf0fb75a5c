"""Physical lines of a byte stream, each within a limit.

A line ends at a line feed and nowhere else; the carriage return of a CR LF pair stays
with the line. The bytes are split before they are decoded, so a bad byte harms only its
own line: in UTF-8, GB18030 and the single-byte sets 0x0A is never part of another
character, and in UTF-16 and UTF-32 the search keeps to whole code units.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from redactory.sources.compression import ByteStream
from redactory.sources.encoding import Encoding


@dataclass(frozen=True, slots=True)
class Line:
    """One line without its line feed.

    Attributes:
        raw: its bytes, cut at the limit.
        text: ``raw`` decoded; U+FFFD where a byte was bad.
        is_valid: every byte was valid.
        is_too_long: the line went on beyond the limit.
    """

    raw: bytes = field(repr=False)
    text: str = field(repr=False)
    is_valid: bool
    is_too_long: bool


class Lines:
    """The lines of ``stream``; never holds more than ``limit`` bytes and a chunk.

    Attributes:
        position: bytes of the file before the end of the last line handed out.
        unfinished: where the stream broke inside a line, the part before the break.
    """

    def __init__(self, stream: ByteStream, encoding: Encoding, *, limit: int) -> None:
        self.position = 0
        self.unfinished = b""
        self.encoding = encoding
        self.limit = limit
        self._stream = stream
        self._held = bytearray()
        self._size = 0

    def __iter__(self) -> Iterator[Line]:
        """Every line; the last one needs no line feed."""
        newline = self.encoding.newline
        for block in _whole_units(self._stream, len(newline), skip=self.encoding.mark):
            *ended, rest = _split(block, newline)
            for piece in ended:
                self._hold(piece)
                yield self._line(self._size + len(newline))
            self._hold(rest)
        if self._stream.broken:
            self.unfinished = bytes(self._held)
            self.position += self._size
        elif self._size:
            yield self._line(self._size)

    def _hold(self, piece: bytes) -> None:
        self._held += piece[: self.limit - len(self._held)]
        self._size += len(piece)

    def _line(self, consumed: int) -> Line:
        raw, is_too_long = bytes(self._held), self._size > self.limit
        self.position += consumed + (self.encoding.mark if self.position == 0 else 0)
        self._held.clear()
        self._size = 0
        text, is_valid = self.encoding.decode(raw)
        return Line(raw, text, is_valid, is_too_long)


def _whole_units(chunks: Iterable[bytes], width: int, *, skip: int) -> Iterator[bytes]:
    """``chunks`` less the first ``skip`` bytes, cut anew at multiples of ``width``."""
    rest = b""
    for chunk in chunks:
        block = rest + chunk
        if skip:
            skip, block = max(0, skip - len(block)), block[skip:]
        whole = len(block) // width * width
        rest = block[whole:]
        yield block[:whole]
    yield rest


def _split(block: bytes, newline: bytes) -> list[bytes]:
    """``block.split(newline)``, but only where a code unit begins."""
    width = len(newline)
    if width == 1:
        return block.split(newline)
    pieces, start, found = [], 0, block.find(newline)
    while found >= 0:
        if found % width:
            found = block.find(newline, found + 1)
            continue
        pieces.append(block[start:found])
        start = found + width
        found = block.find(newline, start)
    pieces.append(block[start:])
    return pieces
