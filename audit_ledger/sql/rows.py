"""From rows to the bytes and names of tlog-tiles."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from audit_ledger.index import id_at
from audit_ledger.merkle import HASH_BYTES
from audit_ledger.sql.schema import ENTRIES as ENTRY
from audit_ledger.sql.schema import TILES
from audit_ledger.tiles import ENTRIES, TILE_WIDTH, TileId, encode_bundle, tile_at
from redactory.errors import LedgerError


def tile_bytes(connection: sa.Connection, log_id: int, tile: TileId) -> bytes:
    """The bytes of a tile or bundle, of whatever width the log has had.

    Raises:
        FileNotFoundError: there is none.
        LedgerError: an entry is filed under another id than its own.
    """
    if tile.level == ENTRIES:
        return encode_bundle(_leaves(connection, log_id, tile))
    stored = connection.scalar(sa.select(TILES.c.hashes).where(*at(log_id, tile)))
    if stored is None:
        raise FileNotFoundError(tile.path)
    # A partial tile is the beginning of the wider one that took its place.
    return bytes(stored)[: tile.width * HASH_BYTES]


def names_beyond(connection: sa.Connection, log_id: int, size: int) -> Iterator[str]:
    """Names for rows that a log of ``size`` leaves does not have."""
    last = connection.scalar(
        sa.select(sa.func.max(ENTRY.c.leaf_index)).where(ENTRY.c.log_id == log_id)
    )
    if last is not None and last >= size:
        yield tile_at(ENTRIES, last // TILE_WIDTH, last + 1).path
    tiles = sa.select(TILES.c.level, TILES.c.number).where(TILES.c.log_id == log_id)
    for level, number in connection.execute(tiles):
        if tile_at(level, number, size).width <= 0:
            yield TileId(level, number).path


def at(log_id: int, tile: TileId) -> tuple[sa.ColumnElement[bool], ...]:
    """The condition for the row of a tile."""
    return (
        TILES.c.log_id == log_id,
        TILES.c.level == tile.level,
        TILES.c.number == tile.number,
    )


def _leaves(connection: sa.Connection, log_id: int, tile: TileId) -> list[bytes]:
    first = tile.number * TILE_WIDTH
    rows = connection.execute(
        sa.select(ENTRY.c.leaf_index, ENTRY.c.statement_id, ENTRY.c.leaf)
        .where(
            ENTRY.c.log_id == log_id,
            ENTRY.c.leaf_index >= first,
            ENTRY.c.leaf_index < first + tile.width,
        )
        .order_by(ENTRY.c.leaf_index)
    ).all()
    if not rows:
        raise FileNotFoundError(tile.path)
    for row in rows:
        if id_at(bytes(row.leaf), row.leaf_index) != bytes(row.statement_id).hex():
            raise LedgerError(
                "is filed under the id of another statement", where=f"leaf {row.leaf_index}"
            )
    return [bytes(row.leaf) for row in rows]
