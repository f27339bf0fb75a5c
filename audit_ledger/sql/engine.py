"""Connecting to the database of a log, and bringing its tables up to date.

Commits must be durable when they return. SQLite: write-ahead log with ``synchronous=FULL``,
and a write transaction takes its lock at the start. PostgreSQL: ``synchronous_commit`` is
set for our sessions, whatever the server's default; ``fsync`` is the server's own business.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, SQLAlchemyError

from audit_ledger.sql.schema import VERSION_TABLE
from redactory.errors import InputError, LedgerError

WRITING = "ledger_writing"
_SQLITE_WAIT_SECONDS = 60.0
_ADVISORY = 0x7265646163746F72  # "redactor"


def connect(url: str) -> sa.Engine:
    """An engine for this URL; connects at first use.

    Raises:
        InputError: not a URL of a database that we know, or its driver is missing.
    """
    try:
        parsed = sa.make_url(url)
        options: dict[str, Any] = {}
        if parsed.get_backend_name() == "sqlite":
            options["connect_args"] = {"timeout": _SQLITE_WAIT_SECONDS}
        engine = sa.create_engine(parsed, **options)
    except (ArgumentError, NoSuchModuleError, ImportError):
        raise InputError(
            "no such kind of database, or its driver is not installed",
            where=url.partition(":")[0],
            hint="use sqlite:///file or postgresql+pg8000://user@host/database",
        ) from None
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _sqlite_connected)
        sa.event.listen(engine, "begin", _sqlite_begins)
    else:
        sa.event.listen(engine, "begin", _postgresql_begins)
    return engine


def upgrade(engine: sa.Engine) -> None:
    """Bring the tables to the newest revision; makes them where there are none."""
    with translated(), engine.connect() as connection:
        connection = connection.execution_options(**{WRITING: True})  # noqa: PLW2901
        with connection.begin():
            if not _is_current(connection):
                command.upgrade(configuration(connection), "head")


def require_current(connection: sa.Connection) -> None:
    """Make sure that the tables are there and of the newest revision.

    Raises:
        FileNotFoundError: there are none.
        LedgerError: they are of another version of this program.
    """
    if _is_current(connection):
        return
    if not sa.inspect(connection).has_table("ledger_logs"):
        raise FileNotFoundError("there is no ledger in this database")
    raise LedgerError(
        "the ledger's tables are of another version of this program",
        where="database",
        hint="back it up, then let the program that owns the log key open it once",
    )


def require_file(engine: sa.Engine) -> None:
    """Make sure that the file of an SQLite database is there; looking must not make it.

    Raises:
        FileNotFoundError: it is not.
    """
    name = engine.url.database
    if engine.dialect.name == "sqlite" and name and not Path(name).is_file():
        raise FileNotFoundError("there is no such database")


def set_busy_timeout(connection: sa.Connection, milliseconds: int) -> None:
    """How long an SQLite connection waits for another writer."""
    raw: Any = connection.connection.driver_connection
    raw.execute(f"PRAGMA busy_timeout={milliseconds}")


@contextmanager
def one_at_a_time(url: str) -> Iterator[None]:
    """Wait until no other process is inside, for steps that belong to several appends.

    This is another lock than that of an append, which may happen inside. PostgreSQL: an
    advisory lock of the session. SQLite: a lock file beside the database.

    Args:
        url: the database; the log's origin may follow behind ``#``.
    """
    engine = connect(url.partition("#")[0])
    try:
        if engine.dialect.name == "sqlite":
            with Path(f"{engine.url.database}.lock").open("ab") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
            return
        with translated(), engine.connect() as connection:
            connection.execute(sa.select(sa.func.pg_advisory_lock(_ADVISORY)))
            yield
    finally:
        engine.dispose()  # and with the session goes its lock


def configuration(connection: sa.Connection) -> Config:
    """Alembic's configuration, without any file."""
    config = Config()
    config.set_main_option("script_location", str(files("audit_ledger.sql") / "migrations"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def translated() -> Iterator[None]:
    """Turn the database's errors into ours; their text could quote a value."""
    try:
        yield
    except SQLAlchemyError as error:
        busy = any(word in str(error).lower() for word in ("locked", "lock timeout", "55p03"))
        if busy:
            raise LedgerError(
                "is held by another writer",
                where="database",
                hint="wait for the other run to finish, then try again",
            ) from None
        raise InputError(
            f"the ledger's database cannot be used ({type(error).__name__})", where="ledger"
        ) from None


def _is_current(connection: sa.Connection) -> bool:
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    script = ScriptDirectory.from_config(configuration(connection))
    return context.get_current_revision() == script.get_current_head()


def _sqlite_connected(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begins(connection: sa.Connection) -> None:
    writing = connection.get_execution_options().get(WRITING)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def _postgresql_begins(connection: sa.Connection) -> None:
    if connection.get_execution_options().get(WRITING):
        connection.exec_driver_sql("SET LOCAL synchronous_commit = on")
