"""Tiles and entry bundles (C2SP tlog-tiles, https://c2sp.org/tlog-tiles).

The tree is cut into tiles of height 8: tile ``(L, N)`` holds the 256 hashes of tree level
``8·L`` from ``256·N`` on. The rightmost tile of a level is partial and carries its width
in its name. Entry bundle ``N`` holds entries ``256·N`` on, each after its length as a
big-endian 16-bit number. A full tile or bundle never changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from audit_ledger.merkle import HASH_BYTES

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
ENTRY_LIMIT = 0xFFFF
ENTRIES = -1
"""The level under which entry bundles go."""

_LENGTH_BYTES = 2
_PATH = re.compile(r"tile/(entries|\d{1,2})/((?:x\d{3}/){0,5}\d{3})(?:\.p/(\d{1,3}))?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class TileId:
    """Name of one tile or bundle.

    Attributes:
        level: tile level, or ``ENTRIES`` for an entry bundle.
        number: position in its level.
        width: hashes or entries inside, 1 to 256.
    """

    level: int
    number: int
    width: int = TILE_WIDTH

    @property
    def path(self) -> str:
        """Path below the log's folder, such as ``tile/0/x001/x234/067.p/8``."""
        groups = f"{self.number % 1000:03d}"
        rest = self.number // 1000
        while rest:
            groups = f"x{rest % 1000:03d}/{groups}"
            rest //= 1000
        level = "entries" if self.level < 0 else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{groups}{partial}"

    @classmethod
    def parse(cls, path: str) -> TileId | None:
        """The tile with this path, or ``None`` if it is not the path of any tile."""
        match = _PATH.fullmatch(path)
        if match is None:
            return None
        level, groups, width = match.groups()
        number = int(groups.replace("x", "").replace("/", ""))
        tile = cls(ENTRIES if level == "entries" else int(level), number, int(width or TILE_WIDTH))
        return tile if tile.path == path else None


def tile_at(level: int, number: int, size: int) -> TileId:
    """The tile ``number`` of ``level`` as a log of ``size`` leaves stores it.

    Beyond the right edge the width is zero or negative: no such file exists.
    """
    count = size if level < 0 else size >> (TILE_HEIGHT * level)
    return TileId(level, number, min(TILE_WIDTH, count - number * TILE_WIDTH))


def belongs_to_log(path: str, size: int) -> bool:
    """Whether a log of ``size`` leaves has a tile or bundle with this path."""
    tile = TileId.parse(path)
    return tile is not None and tile == tile_at(tile.level, tile.number, size)


def levels_of(size: int) -> int:
    """Number of tile levels of a tree of ``size`` leaves."""
    return -(-size.bit_length() // TILE_HEIGHT)


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Entries (each at most 65,535 bytes), each behind its length."""
    return b"".join(len(entry).to_bytes(_LENGTH_BYTES, "big") + entry for entry in entries)


def decode_bundle(raw: bytes) -> list[bytes]:
    """The entries of a bundle.

    Raises:
        ValueError: the bytes end inside an entry or its length.
    """
    entries = []
    position, end = 0, len(raw)
    while position < end:
        start = position + _LENGTH_BYTES
        position = start + int.from_bytes(raw[position:start], "big")
        if start > end or position > end:
            raise ValueError("a bundle ends inside an entry")
        entries.append(raw[start:position])
    return entries


def encode_hashes(hashes: Sequence[bytes]) -> bytes:
    """The hashes of a tile, one after the other."""
    return b"".join(hashes)


def decode_hashes(raw: bytes) -> list[bytes]:
    """The hashes of a tile.

    Raises:
        ValueError: not a whole number of hashes.
    """
    if len(raw) % HASH_BYTES:
        raise ValueError("a tile ends inside a hash")
    return [raw[i : i + HASH_BYTES] for i in range(0, len(raw), HASH_BYTES)]
