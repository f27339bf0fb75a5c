"""Integrity of a ciphertext in pieces of 1 MiB.

A digest over the whole file says nothing until the last byte is read. The header
therefore also holds an RFC 6962 (section 2.1) Merkle root over 1 MiB chunks; the leaf
hashes lie in a sidecar file, and a reader checks each chunk before it uses a byte of it.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from typing import BinaryIO

import pyarrow as pa

from redactory.errors import IntegrityError

CHUNK_BYTES = 1 << 20
_HASH_BYTES = 32


def leaf_hash(chunk: bytes) -> bytes:
    """RFC 6962 leaf hash of one chunk."""
    return hashlib.sha256(b"\0" + chunk).digest()


def chunks_root(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962 root over leaf hashes, in O(n): full subtrees are merged as they close."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    stack: list[tuple[int, bytes]] = []
    for leaf in leaves:
        size, node = 1, leaf
        while stack and stack[-1][0] == size:
            size, node = size * 2, hashlib.sha256(b"\1" + stack.pop()[1] + node).digest()
        stack.append((size, node))
    root = stack.pop()[1]
    while stack:
        root = hashlib.sha256(b"\1" + stack.pop()[1] + root).digest()
    return root


class HashingSink(io.RawIOBase):
    """A write-only stream that passes bytes on and hashes them, whole and in chunks."""

    def __init__(self, sink: BinaryIO) -> None:
        super().__init__()
        self._sink = sink
        self._whole = hashlib.sha256()
        self._chunk = hashlib.sha256(b"\0")
        self._in_chunk = 0
        self._leaves: list[bytes] = []
        self.size = 0

    def writable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Bytes written so far."""
        return self.size

    def write(self, data: bytes | memoryview) -> int:  # type: ignore[override]
        """Hash and pass on ``data``."""
        view = memoryview(data).cast("B")
        self._sink.write(view)
        self.size += len(view)
        rest = view
        while rest:
            piece = rest[: CHUNK_BYTES - self._in_chunk]
            self._whole.update(piece)  # piece by piece, so that both find it in the cache
            self._chunk.update(piece)
            self._in_chunk += len(piece)
            if self._in_chunk == CHUNK_BYTES:
                self._close_chunk()
            rest = rest[len(piece) :]
        return len(view)

    def digests(self) -> tuple[bytes, list[bytes]]:
        """SHA-256 of everything written, and the leaf hashes of its chunks."""
        if self._in_chunk:
            self._close_chunk()
        return self._whole.digest(), self._leaves

    def _close_chunk(self) -> None:
        self._leaves.append(self._chunk.digest())
        self._chunk = hashlib.sha256(b"\0")
        self._in_chunk = 0


def split_leaves(sidecar: bytes, *, root: bytes, size: int, where: str) -> list[bytes]:
    """The leaf hashes of a sidecar, checked against the header's root and length.

    Raises:
        IntegrityError: the sidecar is not the one that the header commits to.
    """
    expected = -(-size // CHUNK_BYTES)
    leaves = [sidecar[i : i + _HASH_BYTES] for i in range(0, len(sidecar), _HASH_BYTES)]
    if len(sidecar) != expected * _HASH_BYTES or chunks_root(leaves) != root:
        raise IntegrityError("the list of chunk digests is not the recorded one", where=where)
    return leaves


class CheckedFile(io.RawIOBase):
    """A read-only, seekable view of a ciphertext that never hands out an unchecked byte.

    Chunks are kept once they are checked, so memory grows to what is read, at most the size of
    the ciphertext, and Arrow takes slices of it without copying.
    """

    def __init__(self, file: BinaryIO, leaves: Sequence[bytes], size: int, *, where: str) -> None:
        super().__init__()
        self._file = file
        self._leaves = leaves
        self._size = size
        self._where = where
        self._position = 0
        self._kept = pa.allocate_buffer(size)  # of Arrow's pool, which spares fresh pages
        self._checked = bytearray(len(leaves))

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Current position in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to ``offset`` bytes from the start, the current position or the end."""
        bases = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}
        if whence not in bases or bases[whence] + offset < 0:
            raise ValueError("no such position")
        self._position = bases[whence] + offset
        return self._position

    def read_buffer(self, size: int = -1) -> pa.Buffer:
        """Up to ``size`` checked bytes, not copied. Arrow calls this where it finds it.

        Raises:
            IntegrityError: a chunk that holds the wanted bytes was changed.
        """
        start = min(self._position, self._size)
        end = self._size if size < 0 else min(self._size, start + size)
        if start < end:
            self._check(start // CHUNK_BYTES, -(-end // CHUNK_BYTES))
        self._position = max(self._position, end)
        return self._kept.slice(start, end - start)

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` checked bytes.

        Raises:
            IntegrityError: a chunk that holds the wanted bytes was changed.
        """
        return bytes(self.read_buffer(size))

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill ``buffer`` with checked bytes."""
        data = self.read_buffer(len(buffer))
        buffer[: data.size] = memoryview(data).cast("B")
        return int(data.size)

    def close(self) -> None:
        """Close the underlying file too."""
        if not self.closed:
            self._file.close()
        super().close()

    def _check(self, first: int, end: int) -> None:
        """Make sure of the chunks ``[first, end)``; neighbours are fetched together."""
        while first < end:
            if self._checked[first]:
                first += 1
                continue
            run = first
            while run < end and not self._checked[run]:
                run += 1
            self._fetch(first, run)
            first = run

    def _fetch(self, first: int, end: int) -> None:
        start, stop = first * CHUNK_BYTES, min(end * CHUNK_BYTES, self._size)
        view = memoryview(self._kept)
        self._file.seek(start)
        filled = start
        while filled < stop:
            count = self._file.readinto(view[filled:stop])  # type: ignore[attr-defined]
            if not count:
                break
            filled += count
        for number in range(first, end):
            digest = hashlib.sha256(b"\0")
            digest.update(view[number * CHUNK_BYTES : min((number + 1) * CHUNK_BYTES, filled)])
            if digest.digest() != self._leaves[number]:
                raise IntegrityError(
                    f"chunk {number} was changed since it was sealed", where=self._where
                )
            self._checked[number] = 1
