"""Parquet files: only the chosen columns are read, a few rows at a time.

Arrow does not check that a Parquet string is UTF-8, so texts are taken as bytes and
decoded here, each row by itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from redactory.errors import InputError
from redactory.sources.columns import Columns, resolve
from redactory.sources.options import ReadOptions
from redactory.sources.records import Reason, Record, Rejected

# Rows may be as long as the record limit: few at a time keep memory flat.
_ROWS_AT_A_TIME = 128
_PAGE_BUFFER = 1 << 16
_BROKEN = (pa.ArrowException, OSError, UnicodeDecodeError)


class ParquetRows:
    """The records of a Parquet file; construction reads the footer.

    A file that breaks, footer included, ends in one ``corrupt_parquet`` item.

    Raises:
        InputError: a column that the options name is not there, or holds no text.
    """

    def __init__(self, file: BinaryIO, options: ReadOptions, *, where: str) -> None:
        self.position = 0
        self.unfinished = b""
        self._limit = options.max_record_bytes
        self._file = _open(file)
        self.names = tuple(self._file.schema_arrow.names) if self._file else ()
        self.columns: Columns = resolve(options, self.names if self._file else None, where=where)
        if self._file:
            _check_types(self._file.schema_arrow, self.columns, where=where)

    def __iter__(self) -> Iterator[Record | Rejected]:
        """One item a row."""
        if self._file is None:
            yield Rejected(Reason.CORRUPT_PARQUET, b"")
            return
        names = [name for name in self.names if name in self.columns.names]
        batches = self._file.iter_batches(_ROWS_AT_A_TIME, columns=names, use_threads=False)
        while True:
            try:
                batch = next(batches, None)
                values = [] if batch is None else [_values(column) for column in batch.columns]
            except _BROKEN:
                yield Rejected(Reason.CORRUPT_PARQUET, b"")
                return
            if batch is None:
                return
            for row in zip(*values, strict=True):
                yield self._read(batch.schema.names, row)

    def _read(self, names: Sequence[str], row: tuple[Any, ...]) -> Record | Rejected:
        stored = dict(zip(names, row, strict=True))
        raw = b"\n".join(stored[name] or b"" for name in self.columns.texts)
        self.position += len(raw)
        if len(raw) > self._limit:
            return Rejected(Reason.TOO_LONG, raw[: self._limit])
        try:
            values = {
                name: value.decode() if isinstance(value, bytes) else value
                for name, value in stored.items()
            }
        except UnicodeDecodeError:
            return Rejected(Reason.UNDECODABLE, raw)
        found = self.columns.record(values)
        return Rejected(found, raw) if isinstance(found, Reason) else found


def _open(file: BinaryIO) -> pq.ParquetFile | None:
    try:
        return pq.ParquetFile(file, buffer_size=_PAGE_BUFFER, pre_buffer=False)
    except _BROKEN:
        return None


def _values(column: pa.Array) -> list[Any]:
    """Strings as bytes, JSON's own kinds as they are, all else as Arrow writes it."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    kind = column.type
    if _is_string(kind):
        return list(column.cast(pa.large_binary()).to_pylist())
    if _is_json_like(kind):
        return list(column.to_pylist())
    return list(column.cast(pa.string()).to_pylist())


def _check_types(schema: pa.Schema, columns: Columns, *, where: str) -> None:
    counts = Counter(schema.names)
    for name in columns.names & set(schema.names):
        if counts[name] > 1:
            raise InputError(f"column {name!r} stands twice in the schema", where=where)
        kind = schema.field(name).type
        kind = kind.value_type if pa.types.is_dictionary(kind) else kind
        is_text = _is_string(kind) or pa.types.is_null(kind)
        if name in columns.texts and not is_text:
            raise InputError(f"text column {name!r} holds {kind}, not text", where=where)
        if _is_bytes(kind):
            raise InputError(f"column {name!r} holds {kind}, which is not text", where=where)


def _is_string(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    )


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_binary(kind)
        or pa.types.is_large_binary(kind)
        or pa.types.is_fixed_size_binary(kind)
        or pa.types.is_binary_view(kind)
    )


def _is_json_like(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_integer(kind)
        or pa.types.is_floating(kind)
        or pa.types.is_boolean(kind)
        or pa.types.is_null(kind)
        or pa.types.is_nested(kind)
    )
