"""Where a log lies: a local folder, or a database named by a URL.

``sqlite:////srv/ledger.db`` and ``postgresql+pg8000://user@host/database`` are databases
(SQLAlchemy's form of a URL; the log's origin may follow behind ``#`` where one database
holds several logs). Everything else is a path.
"""

from __future__ import annotations

from importlib.util import find_spec
from os import PathLike, fspath
from pathlib import Path

from audit_ledger.folder import LedgerFolder
from audit_ledger.store import Store
from redactory.errors import InputError

Place = str | PathLike[str] | Store

_DATABASES = ("sqlite:", "sqlite+", "postgresql:", "postgresql+")


def is_database(place: object) -> bool:
    """Whether this names a database rather than a folder."""
    return isinstance(place, str) and place.startswith(_DATABASES)


def store_at(place: Place) -> Store:
    """The store at a place; nothing is created or opened yet.

    Raises:
        InputError: a database, and SQLAlchemy is not installed.
    """
    if not isinstance(place, str | PathLike):
        return place
    if not is_database(place):
        return LedgerFolder(Path(place))
    if find_spec("sqlalchemy") is None or find_spec("alembic") is None:
        raise InputError("this needs the 'sql' extra", hint="pip install 'redactory[sql]'")
    from audit_ledger.sql.store import SqlStore  # noqa: PLC0415 - an extra

    return SqlStore(fspath(place))
