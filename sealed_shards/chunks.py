"""Integrity of a ciphertext in pieces of 1 MiB.

A digest over the whole file says nothing until the last byte is read. The header
therefore also holds an RFC 6962 (section 2.1) Merkle root over 1 MiB chunks; the leaf
hashes lie in a sidecar file, and a reader checks each chunk before it uses a byte of it.
"""

from __future__ import annotations

import hashlib
import io
from collections import OrderedDict
from collections.abc import Sequence
from typing import BinaryIO

from redactory.errors import IntegrityError

CHUNK_BYTES = 1 << 20
_HASH_BYTES = 32
_CACHED_CHUNKS = 4


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
        self._whole.update(view)
        self.size += len(view)
        for_chunks = view
        while for_chunks:
            piece = for_chunks[: CHUNK_BYTES - self._in_chunk]
            self._chunk.update(piece)
            self._in_chunk += len(piece)
            if self._in_chunk == CHUNK_BYTES:
                self._close_chunk()
            for_chunks = for_chunks[len(piece) :]
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
    """A read-only, seekable view of a ciphertext that never hands out an unchecked byte."""

    def __init__(self, file: BinaryIO, leaves: Sequence[bytes], size: int, *, where: str) -> None:
        super().__init__()
        self._file = file
        self._leaves = leaves
        self._size = size
        self._where = where
        self._position = 0
        self._cache: OrderedDict[int, bytes] = OrderedDict()

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

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` checked bytes.

        Raises:
            IntegrityError: a chunk that holds the wanted bytes was changed.
        """
        end = self._size if size < 0 else min(self._size, self._position + size)
        pieces = []
        while self._position < end:
            number, offset = divmod(self._position, CHUNK_BYTES)
            piece = self._checked_chunk(number)[offset : offset + end - self._position]
            pieces.append(piece)
            self._position += len(piece)
        return b"".join(pieces)

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill ``buffer`` with checked bytes."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close the underlying file too."""
        if not self.closed:
            self._file.close()
        super().close()

    def _checked_chunk(self, number: int) -> bytes:
        if number in self._cache:
            self._cache.move_to_end(number)
            return self._cache[number]
        start = number * CHUNK_BYTES
        self._file.seek(start)
        chunk = self._file.read(min(CHUNK_BYTES, self._size - start))
        if leaf_hash(chunk) != self._leaves[number]:
            raise IntegrityError(
                f"chunk {number} was changed since it was sealed", where=self._where
            )
        self._cache[number] = chunk
        if len(self._cache) > _CACHED_CHUNKS:
            self._cache.popitem(last=False)
        return chunk
