"""Reading a log's files while a writer may be appending.

A reader fixes a checkpoint first and then touches only what lies below its size. Full
tiles never change; a partial one may be superseded and removed in between, and then its
wider successor, which begins with the same bytes, is read instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache

from audit_ledger.checkpoint import Checkpoint
from audit_ledger.edge import Edge
from audit_ledger.merkle import NodeSource, leaf_hash, perfect_root
from audit_ledger.note import LogVerifier
from audit_ledger.store import CHECKPOINT, VERIFIER_KEY, Source
from audit_ledger.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    decode_bundle,
    decode_hashes,
    levels_of,
    tile_at,
)
from redactory.errors import LedgerError


def read_file(source: Source, name: str) -> bytes:
    """All bytes of a file of the log.

    Raises:
        LedgerError: it is missing or cannot be read.
    """
    try:
        return source.read(name)
    except (FileNotFoundError, NotADirectoryError):
        raise LedgerError("is missing", where=name) from None
    except OSError as error:
        raise LedgerError(f"cannot be read ({error.strerror})", where=name) from None


def read_verifier(source: Source) -> LogVerifier:
    """The key that the log's folder names: not evidence of who wrote the log.

    Raises:
        LedgerError: missing or malformed.
    """
    raw = read_file(source, VERIFIER_KEY)
    try:
        line = raw.decode("ascii").removesuffix("\n")
    except UnicodeDecodeError:
        line = ""
    verifier = LogVerifier.from_vkey(line, where=VERIFIER_KEY)
    if f"{line}\n".encode() != raw:
        raise LedgerError("is not one line", where=VERIFIER_KEY)
    return verifier


class LogReader:
    """Reads one log whose checkpoints a given key signs."""

    def __init__(self, source: Source, verifier: LogVerifier) -> None:
        self._source = source
        self._verifier = verifier
        self._newest: Checkpoint | None = None

    def checkpoint(self) -> Checkpoint:
        """The newest checkpoint, its signature checked.

        Raises:
            LedgerError: not signed by the log's key, or older than, or in contradiction
                to, one that this reader has seen.
        """
        raw = read_file(self._source, CHECKPOINT)
        seen = self._newest
        if seen is not None and seen.note == raw:
            return seen
        newest = Checkpoint.open(raw, self._verifier, where=CHECKPOINT)
        if seen is not None and newest.size < seen.size:
            raise LedgerError("the log was rolled back while it was open", where=CHECKPOINT)
        if seen is not None and newest.size == seen.size and newest.root != seen.root:
            raise LedgerError("the log was forked while it was open", where=CHECKPOINT)
        self._newest = newest
        return newest

    def wrote(self, checkpoint: Checkpoint) -> None:
        """Take note of a checkpoint that this very process signed and stored."""
        self._newest = checkpoint

    def bundle(self, number: int, size: int) -> list[bytes]:
        """The entries of bundle ``number`` that a log of ``size`` leaves has."""
        raw = self._read(ENTRIES, number, size)
        return _prefix(decode_bundle, raw, ENTRIES, number, size)

    def hashes(self, level: int, number: int, size: int) -> list[bytes]:
        """The hashes of a tile that a log of ``size`` leaves has."""
        raw = self._read(level, number, size)
        return _prefix(decode_hashes, raw, level, number, size)

    def entries(self, start: int, size: int) -> Iterator[tuple[int, bytes]]:
        """Index and bytes of the entries ``[start, size)``, one bundle in memory at a time."""
        end = -(-size // TILE_WIDTH) if start < size else 0
        for number in range(start // TILE_WIDTH, end):
            first = number * TILE_WIDTH
            for index, raw in enumerate(self.bundle(number, size), first):
                if index >= start:
                    yield index, raw

    def nodes(self, size: int) -> NodeSource:
        """The complete subtrees of a log of ``size`` leaves; tiles are read at most once."""
        tile = lru_cache(maxsize=64)(lambda level, number: self.hashes(level, number, size))

        def node(level: int, index: int) -> bytes:
            tile_level, height = divmod(level, TILE_HEIGHT)
            number, position = divmod(index << height, TILE_WIDTH)
            return perfect_root(tile(tile_level, number)[position : position + (1 << height)])

        return node

    def edge(self, checkpoint: Checkpoint) -> Edge:
        """The right edge at a checkpoint, checked against its root.

        Raises:
            LedgerError: the stored edge is not what the checkpoint signs.
        """
        size = checkpoint.size
        number = size // TILE_WIDTH
        edge = Edge(size, self.bundle(number, size) if size % TILE_WIDTH else [])
        for level in range(levels_of(size)):
            count = size >> (TILE_HEIGHT * level)
            partial = count % TILE_WIDTH > 0
            edge.rows.append(self.hashes(level, count // TILE_WIDTH, size) if partial else [])
        if edge.root() != checkpoint.root:
            raise LedgerError(
                "the stored tiles do not lead to the signed root",
                where=CHECKPOINT,
                hint="verify the log; nothing was appended",
            )
        if edge.rows and [leaf_hash(entry) for entry in edge.entries] != edge.rows[0]:
            raise LedgerError(
                "does not match its tile",
                where=tile_at(ENTRIES, number, size).path,
                hint="verify the log; nothing was appended",
            )
        return edge

    def _read(self, level: int, number: int, size: int) -> bytes:
        while True:
            path = tile_at(level, number, size).path
            try:
                return read_file(self._source, path)
            except LedgerError:
                newest = self.checkpoint().size
                if newest == size:
                    raise
                size = newest


def _prefix(
    decode: Callable[[bytes], list[bytes]], raw: bytes, level: int, number: int, size: int
) -> list[bytes]:
    tile = tile_at(level, number, size)
    try:
        items = decode(raw)
    except ValueError as error:
        raise LedgerError(str(error), where=tile.path) from None
    if len(items) < tile.width:
        raise LedgerError("is shorter than the log", where=tile.path)
    return items[: tile.width]
