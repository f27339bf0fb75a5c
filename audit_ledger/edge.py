"""The right edge of a log: all that is needed to append to it, whatever its size.

That is the partial entry bundle and, at each tile level, the hashes of the partial tile:
fewer than 256 items a level. The same computation serves the writer, who stores what it
yields, and the verifier, who compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from audit_ledger.merkle import leaf_hash, peaks, perfect_root, root_of_peaks
from audit_ledger.tiles import ENTRIES, TILE_WIDTH, TileId, encode_bundle, encode_hashes


@dataclass(slots=True)
class Edge:
    """The growing end of a log.

    Attributes:
        size: number of leaves so far.
        entries: what the partial bundle holds.
        rows: for each tile level, the hashes of its partial tile (empty if none).
    """

    size: int = 0
    entries: list[bytes] = field(default_factory=list)
    rows: list[list[bytes]] = field(default_factory=list)

    def root(self) -> bytes:
        """Root over all leaves so far."""
        return root_of_peaks(peak for row in reversed(self.rows) for peak in peaks(row))

    def extend(self, entries: Sequence[bytes]) -> list[tuple[TileId, bytes]]:
        """Add entries; the bundles and tiles that became full, with their bytes."""
        number, pending = self.size // TILE_WIDTH, [*self.entries, *entries]
        chunks, self.entries = _full_chunks(pending)
        full = [
            (TileId(ENTRIES, number + i), encode_bundle(chunk)) for i, chunk in enumerate(chunks)
        ]
        level, count, hashes = 0, self.size, [leaf_hash(entry) for entry in entries]
        while hashes:
            if level == len(self.rows):
                self.rows.append([])
            tiles, self.rows[level] = _full_chunks([*self.rows[level], *hashes])
            number = count // TILE_WIDTH
            full += [(TileId(level, number + i), encode_hashes(t)) for i, t in enumerate(tiles)]
            hashes = [perfect_root(tile) for tile in tiles]
            level, count = level + 1, number
        self.size += len(entries)
        return full

    def partials(self) -> list[tuple[TileId, bytes]]:
        """The bundle and tiles that are not full, with their bytes."""
        found = []
        number = self.size // TILE_WIDTH
        if self.entries:
            bundle = TileId(ENTRIES, number, len(self.entries))
            found.append((bundle, encode_bundle(self.entries)))
        for level, row in enumerate(self.rows):
            if row:
                found.append((TileId(level, number, len(row)), encode_hashes(row)))
            number //= TILE_WIDTH
        return found


def _full_chunks(items: list[bytes]) -> tuple[list[list[bytes]], list[bytes]]:
    end = len(items) - len(items) % TILE_WIDTH
    return [items[i : i + TILE_WIDTH] for i in range(0, end, TILE_WIDTH)], items[end:]
