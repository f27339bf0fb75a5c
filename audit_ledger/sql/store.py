"""A log in a database: the same names and bytes as a folder, kept in three tables.

One append is one transaction. It begins by locking the log's row, so writers go one after
the other, and it ends by replacing the checkpoint in that row: a crash leaves all of it or
nothing. Readers never wait: what lies below a checkpoint does not change.
"""

from __future__ import annotations

import weakref
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from audit_ledger.batch import Fresh
from audit_ledger.index import Index
from audit_ledger.reader import LogReader
from audit_ledger.sql.engine import (
    WRITING,
    connect,
    require_current,
    require_file,
    set_busy_timeout,
    translated,
    upgrade,
)
from audit_ledger.sql.rows import at, names_beyond, tile_bytes
from audit_ledger.sql.schema import ENTRIES as ENTRY
from audit_ledger.sql.schema import LOGS, TILES
from audit_ledger.store import CHECKPOINT, LOCK_SECONDS, VERIFIER_KEY, Addition
from audit_ledger.tiles import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    TileId,
    levels_of,
    tile_at,
)
from redactory.errors import LedgerError

_ROWS_AT_ONCE = 500


class SqlStore:
    """A log in a database.

    Args:
        url: SQLAlchemy's URL; the log's origin may follow behind ``#``.
    """

    def __init__(self, url: str) -> None:
        address, _, self._origin = url.partition("#")
        self._engine = connect(address)
        # Closes the connections with the last reference; at exit the system does that.
        weakref.finalize(self, self._engine.dispose).atexit = False
        self._log_id: int | None = None
        self._open: sa.Connection | None = None

    def read(self, name: str) -> bytes:
        """The bytes that a folder would hold under this name; a tile may be of any width."""
        require_file(self._engine)
        with self._connection() as connection:
            log = self._log(connection)
            if name == VERIFIER_KEY:
                return str(log.vkey).encode()
            if name == CHECKPOINT:
                return str(log.checkpoint).encode()
            tile = TileId.parse(name)
            if tile is None:
                raise FileNotFoundError(name)
            return tile_bytes(connection, log.id, tile)

    def everything(self) -> Iterator[str]:
        """Names of what the tables hold, rows beyond the checkpoint included."""
        yield from (VERIFIER_KEY, CHECKPOINT)
        with self._connection() as connection:
            size = int(self._log(connection).size)
            for level in (ENTRIES, *range(levels_of(size))):
                count = size if level < 0 else size >> (TILE_HEIGHT * level)
                for number in range(-(-count // TILE_WIDTH)):
                    yield tile_at(level, number, size).path
            yield from names_beyond(connection, self._log(connection).id, size)

    def irregular(self, name: str) -> str | None:  # noqa: ARG002 - part of the protocol
        """Nothing in a database is odd beside its bytes."""
        return None

    @contextmanager
    def snapshot(self, *, timeout: float = LOCK_SECONDS) -> Iterator[None]:  # noqa: ARG002
        """One transaction that sees one state of the tables."""
        with translated(), self._engine.connect() as connection:
            if not self._is_sqlite():  # there every transaction sees one state
                connection = connection.execution_options(  # noqa: PLW2901
                    isolation_level="REPEATABLE READ"
                )
            with connection.begin(), self._through(connection):
                yield

    @contextmanager
    def exclusive(self, *, timeout: float = LOCK_SECONDS) -> Iterator[None]:
        """One transaction that holds the log's row; committed when the block ends."""
        with translated(), self._engine.connect() as connection:
            connection = connection.execution_options(**{WRITING: True})  # noqa: PLW2901
            milliseconds = max(1, int(timeout * 1000))
            if self._is_sqlite():
                set_busy_timeout(connection, milliseconds)
            with connection.begin():
                if not self._is_sqlite():
                    connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")
                self._log(connection, lock=True)
                with self._through(connection):
                    yield

    def found(self, vkey: bytes, note: bytes) -> None:
        """Make the tables and an empty log, unless there is a log already."""
        upgrade(self._engine)
        origin = vkey.decode().partition("+")[0]
        with translated(), self._engine.connect() as connection:
            connection = connection.execution_options(**{WRITING: True})  # noqa: PLW2901
            with connection.begin():
                if not self._is_sqlite():
                    # Two makers at once: the second waits here and then finds the log.
                    connection.execute(sa.text("LOCK TABLE ledger_logs IN EXCLUSIVE MODE"))
                names = set(connection.scalars(sa.select(LOGS.c.origin)))
                if (self._origin or origin) not in names and (self._origin or not names):
                    connection.execute(
                        LOGS.insert().values(
                            origin=origin, vkey=vkey.decode(), size=0, checkpoint=note.decode()
                        )
                    )

    def repair(self, size: int, *, thoroughly: bool) -> list[str]:
        """Remove rows beyond the checkpoint: no crash makes them, but somebody might."""
        if not thoroughly or self._open is None:
            return []
        log_id = self._log(self._open).id
        removed = list(names_beyond(self._open, log_id, size))
        if removed:
            self._open.execute(
                ENTRY.delete().where(ENTRY.c.log_id == log_id, ENTRY.c.leaf_index >= size)
            )
            for tile in map(TileId.parse, removed):
                if tile is not None and tile.level != ENTRIES:
                    self._open.execute(TILES.delete().where(*at(log_id, tile)))
        return removed

    def index(self, reader: LogReader) -> Index:  # noqa: ARG002 - the database has one of its own
        """Look-up by the unique constraint on statement ids."""
        return self

    def find(self, ids: Collection[str], size: int) -> dict[str, int]:
        """Index of each of these statement ids (hex) that the first ``size`` leaves have."""
        found: dict[str, int] = {}
        keys = [_raw_id(wanted) for wanted in ids]
        with self._connection() as connection:
            log_id = self._log(connection).id
            for start in range(0, len(keys), _ROWS_AT_ONCE):
                rows = connection.execute(
                    sa.select(ENTRY.c.statement_id, ENTRY.c.leaf_index).where(
                        ENTRY.c.log_id == log_id,
                        ENTRY.c.leaf_index < size,
                        ENTRY.c.statement_id.in_(keys[start : start + _ROWS_AT_ONCE]),
                    )
                )
                found.update((bytes(row.statement_id).hex(), row.leaf_index) for row in rows)
        return found

    def added(self, first: int, leaves: Sequence[Fresh]) -> None:
        """Nothing to note: the database keeps its index itself."""

    def store(self, addition: Addition) -> None:
        """Insert the leaves, put the tiles in place, replace the checkpoint."""
        connection = self._writer()
        log_id = self._log(connection).id
        rows = [
            {
                "log_id": log_id,
                "leaf_index": addition.first + position,
                "statement_id": bytes.fromhex(leaf.id),
                "leaf": leaf.raw,
            }
            for position, leaf in enumerate(addition.leaves)
        ]
        # One statement for many rows: with RETURNING, SQLAlchemy sends them in large groups
        # where the driver itself would send one row at a time.
        statement = ENTRY.insert()
        if not self._is_sqlite():
            statement = statement.returning(ENTRY.c.leaf_index)
        connection.execute(statement, rows)
        for tile, data in addition.files:
            if tile.level != ENTRIES:
                connection.execute(TILES.delete().where(*at(log_id, tile)))
                connection.execute(
                    TILES.insert().values(
                        log_id=log_id, level=tile.level, number=tile.number, hashes=data
                    )
                )
        connection.execute(
            LOGS.update()
            .where(LOGS.c.id == log_id)
            .values(size=addition.size, checkpoint=addition.note.decode())
        )

    def attach(self, note: bytes) -> None:
        """Put a checkpoint with further signatures in the place of the newest one."""
        connection = self._writer()
        log_id = self._log(connection).id
        connection.execute(
            LOGS.update().where(LOGS.c.id == log_id).values(checkpoint=note.decode())
        )

    def _is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"

    def _writer(self) -> sa.Connection:
        if self._open is None:
            raise LedgerError("is written outside of a transaction", where="database")
        return self._open

    @contextmanager
    def _connection(self) -> Iterator[sa.Connection]:
        if self._open is not None:
            yield self._open
            return
        with translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def _through(self, connection: sa.Connection) -> Iterator[None]:
        self._open = connection
        try:
            yield
        finally:
            self._open = None

    def _log(self, connection: sa.Connection, *, lock: bool = False) -> sa.Row[tuple[object, ...]]:
        """The log's row.

        Raises:
            FileNotFoundError: there is no log here.
            LedgerError: there are several, and the URL names none of them.
        """
        if self._log_id is None:
            require_current(connection)
            query = sa.select(LOGS.c.id)
            if self._origin:
                query = query.where(LOGS.c.origin == self._origin)
            ids = list(connection.scalars(query))
            if not ids:
                raise FileNotFoundError("there is no such log in this database")
            if len(ids) > 1:
                raise LedgerError(
                    "the database holds several logs",
                    where="database",
                    hint="name one by its origin behind '#' in the URL",
                )
            self._log_id = int(ids[0])
        query = sa.select(LOGS).where(LOGS.c.id == self._log_id)
        row = connection.execute(query.with_for_update() if lock else query).one_or_none()
        if row is None:
            raise FileNotFoundError("the log is gone from this database")
        return row


def _raw_id(statement_id: str) -> bytes:
    try:
        return bytes.fromhex(statement_id)
    except ValueError:
        return b""
