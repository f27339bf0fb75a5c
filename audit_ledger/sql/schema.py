"""Tables of a log in a database.

A leaf's bytes and the hashes of a tile are stored as they are, so the files of C2SP
tlog-tiles can be served from here byte for byte. One database can hold several logs.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)

VERSION_TABLE: Final = "ledger_schema_version"
METADATA: Final = MetaData()

LOGS: Final = Table(
    "ledger_logs",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("origin", String(200), nullable=False, unique=True),
    Column("vkey", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("checkpoint", Text, nullable=False),
)

ENTRIES: Final = Table(
    "ledger_entries",
    METADATA,
    Column("log_id", Integer, ForeignKey("ledger_logs.id"), primary_key=True),
    Column("leaf_index", BigInteger, primary_key=True),
    Column("statement_id", LargeBinary(64), nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    UniqueConstraint("log_id", "statement_id", name="uq_ledger_entries_statement"),
)

TILES: Final = Table(
    "ledger_tiles",
    METADATA,
    Column("log_id", Integer, ForeignKey("ledger_logs.id"), primary_key=True),
    Column("level", SmallInteger, primary_key=True),
    Column("number", BigInteger, primary_key=True),
    Column("hashes", LargeBinary, nullable=False),
)
