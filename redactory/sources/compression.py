"""Bytes of a stored file, decompressed as they stream by.

gzip (RFC 1952) and Zstandard (RFC 8878), both with any number of members or frames one
after the other. Output is bounded a step at a time, so that a file that expands a
thousandfold takes time but not memory. A stream that breaks is not an exception: the
bytes before the break are good, and :attr:`ByteStream.broken` says that more followed.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import BinaryIO, Literal

import zstandard

from redactory.errors import InputError

Compression = Literal["gz", "zst"]

_CHUNK = 1 << 16
# A Zstandard block of a few bytes may stand for 128 KiB; this bounds one step to 8 MiB.
_ZSTANDARD_STEP = 1 << 8
_GZIP_WRAPPER = 16 + zlib.MAX_WBITS


class ByteStream:
    """Decompressed chunks of a file, with a look at its beginning.

    Args:
        file: the stored bytes.
        compression: how they are compressed.
        where: the file's URI, for errors.
    """

    def __init__(self, file: BinaryIO, compression: Compression | None, *, where: str) -> None:
        self.broken = False
        self._file = file
        self._where = where
        self._seen: list[bytes] = []
        self._chunks = self._open(compression)

    def sample(self, size: int) -> bytes:
        """The first ``size`` bytes, which iteration gives again; call it before iterating."""
        held = sum(map(len, self._seen))
        while held < size and (chunk := next(self._chunks, b"")):
            self._seen.append(chunk)
            held += len(chunk)
        return b"".join(self._seen)[:size]

    def __iter__(self) -> Iterator[bytes]:
        """Non-empty chunks, up to the end or to where the stream breaks."""
        seen, self._seen = self._seen, []
        yield from seen
        yield from self._chunks

    def _open(self, compression: Compression | None) -> Iterator[bytes]:
        if compression is None:
            return self._stored()
        return self._gunzipped() if compression == "gz" else self._unzstandard()

    def _stored(self, size: int = _CHUNK) -> Iterator[bytes]:
        while True:
            try:
                chunk = self._file.read(size)
            except Exception:  # noqa: BLE001 (each storage driver raises errors of its own)
                raise InputError("cannot be read to its end", where=self._where) from None
            if not chunk:
                return
            yield chunk

    def _gunzipped(self) -> Iterator[bytes]:
        member = zlib.decompressobj(_GZIP_WRAPPER)
        inside = False
        for stored in self._stored():
            rest = stored
            # Zero bytes between members are the padding of tapes and block devices.
            while rest := rest if inside else rest.lstrip(b"\0"):
                inside = True
                try:
                    chunk = member.decompress(rest, _CHUNK)
                except zlib.error:
                    self.broken = True
                    return
                if chunk:
                    yield chunk
                rest = member.unconsumed_tail
                if member.eof:
                    rest = member.unused_data
                    member, inside = zlib.decompressobj(_GZIP_WRAPPER), False
        while inside and (chunk := member.decompress(b"", _CHUNK)):
            yield chunk
        self.broken = inside and not member.eof

    def _unzstandard(self) -> Iterator[bytes]:
        decompressor = zstandard.ZstdDecompressor()
        frame, inside = decompressor.decompressobj(), False
        for stored in self._stored(_ZSTANDARD_STEP):
            rest = stored
            while rest:
                inside = True
                try:
                    chunk = frame.decompress(rest)
                except zstandard.ZstdError:
                    self.broken = True
                    return
                if chunk:
                    yield chunk
                rest = b""
                if frame.eof:
                    rest = frame.unused_data
                    frame, inside = decompressor.decompressobj(), False
        self.broken = inside
