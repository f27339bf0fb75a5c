"""What reading yields: records, and the ones that could not be read.

Nothing is dropped silently (architecture, invariant 2): whatever stands in a file is
either in a batch's records or among its unreadable ones, each with its number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import pyarrow as pa


class Reason(StrEnum):
    """Why a record could not be read; the code that the quarantine stores.

    ==================== ==========================================================
    code                 meaning
    ==================== ==========================================================
    undecodable          bytes that are not text in the file's encoding
    too_long             more bytes than ``ReadOptions.max_record_bytes``
    malformed_json       a line that is not strict JSON (RFC 8259), or repeats a key
    not_an_object        JSON, but not an object
    malformed_csv        an unclosed or stray quote, or the wrong number of fields
    missing_column       a JSON object without a column that the options name
    not_text             the value of a text column is not a string
    bad_id               the id is missing, empty, nested, or longer than 512 bytes
    lone_surrogate       half of a UTF-16 pair, which no Unicode text may hold
    corrupt_compression  the compressed stream breaks here; one code for all the rest
    corrupt_parquet      the Parquet file breaks here; one code for all the rest
    ==================== ==========================================================
    """

    UNDECODABLE = "undecodable"
    TOO_LONG = "too_long"
    MALFORMED_JSON = "malformed_json"
    NOT_AN_OBJECT = "not_an_object"
    MALFORMED_CSV = "malformed_csv"
    MISSING_COLUMN = "missing_column"
    NOT_TEXT = "not_text"
    BAD_ID = "bad_id"
    LONE_SURROGATE = "lone_surrogate"
    CORRUPT_COMPRESSION = "corrupt_compression"
    CORRUPT_PARQUET = "corrupt_parquet"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record for the quarantine.

    Attributes:
        record_no: its 0-based position in the file.
        record_id: ``source_id:record_no``; an id of its own could not be trusted.
        reason: a code of :class:`Reason`.
        raw: the bytes as they stand in the file, cut at ``max_record_bytes``. For a
            Parquet row: its text values, one a line.
    """

    record_no: int
    record_id: str
    reason: Reason
    raw: bytes = field(repr=False)  # the record itself: never in a log or a message


@dataclass(frozen=True, slots=True)
class Batch:
    """Consecutive records of one file.

    Attributes:
        records: schema of :meth:`redactory.sources.columns.Columns.schema`.
        unreadable: the records between them that could not be read.
        bytes_read: decompressed input bytes this batch consumed; for Parquet, the UTF-8
            bytes of its text columns.
    """

    records: pa.RecordBatch = field(repr=False)
    unreadable: tuple[Unreadable, ...]
    bytes_read: int


@dataclass(frozen=True, slots=True)
class Record:
    """One readable record before it gets its number; ``None`` as id asks for a made one."""

    record_id: str | None
    roles: tuple[str | None, ...] = field(repr=False)
    texts: tuple[str, ...] = field(repr=False)
    passed: tuple[str | None, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rejected:
    """One unreadable record before it gets its number."""

    reason: Reason
    raw: bytes = field(repr=False)


class RecordReader(Protocol):
    """Reads the records of one format, in the order of the file."""

    @property
    def position(self) -> int:
        """Bytes consumed so far by the records handed out."""

    @property
    def unfinished(self) -> bytes:
        """Bytes of the record in which a broken stream ended."""

    def __iter__(self) -> Iterator[Record | Rejected]:
        """The records from the start of the file."""
