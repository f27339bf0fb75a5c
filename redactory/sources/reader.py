"""Reading one source: open, decompress, find the encoding, read its format.

:func:`read` streams; what it holds at a time is one batch, one record at the limit and a
few chunks, whatever the size of the file.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import fsspec

from redactory.errors import InputError
from redactory.sources import encoding
from redactory.sources.batching import batches
from redactory.sources.columns import Columns, resolve, text_only
from redactory.sources.compression import ByteStream
from redactory.sources.delimited import Delimited
from redactory.sources.jsonl import JsonLines, first_keys
from redactory.sources.lines import Lines
from redactory.sources.listing import Source
from redactory.sources.options import ReadOptions
from redactory.sources.parquet import ParquetRows
from redactory.sources.records import Batch, Reason, Record, RecordReader, Rejected
from redactory.sources.text import Paragraphs, TextFile

# A JSON lines file has a column if one of this many objects has it.
_OBJECTS_SEARCHED = 100


def read(source: Source, options: ReadOptions, *, source_id: str) -> Iterator[Batch]:
    """The records of ``source`` in the order of the file; an empty file gives no batch.

    Args:
        source: a file from :func:`redactory.sources.listing.list_sources`.
        options: columns, encoding and limits.
        source_id: what made record ids begin with.

    Yields:
        Batches whose records and unreadable ones together are every record of the file.

    Raises:
        InputError: the file cannot be opened, is no text, or lacks a named column.
    """
    if source.format == "parquet":
        with _opened(source) as file:
            rows = ParquetRows(file, options, where=source.uri)
            yield from batches(rows, rows.columns, options, source_id=source_id)
        return
    columns = _jsonl_columns(source, options) if source.format == "jsonl" else None
    with _opened(source) as file:
        stream = ByteStream(file, source.compression, where=source.uri)
        reader, columns = _text_reader(source, stream, options, columns)
        whole = _ToTheBreak(reader, stream)
        yield from batches(whole, columns, options, source_id=source_id)


def columns_not_carried(source: Source, options: ReadOptions, limit: int = 50) -> list[str]:
    """Names of the columns that are not selected, sorted.

    Args:
        source: the file.
        options: the selection.
        limit: how many JSON objects are looked at; other formats state their columns.

    Raises:
        InputError: as :func:`read`.
    """
    if source.format == "txt":
        return []
    with _opened(source) as file:
        if source.format == "parquet":
            rows = ParquetRows(file, options, where=source.uri)
            return sorted(set(rows.names) - rows.columns.names)
        stream = ByteStream(file, source.compression, where=source.uri)
        lines = _lines(source, stream, options)
        if source.format == "jsonl":
            keys = first_keys(lines, objects=limit, where=source.uri) or set()
            return sorted(keys - _jsonl_columns(source, options).names)
        table = _delimited(source, lines, options)
        names = set(table.header.names) if table.header else set()
        return sorted(names - table.columns.names)


class _ToTheBreak:
    """A reader's items, then one for all that a broken compressed stream holds back."""

    def __init__(self, reader: RecordReader, stream: ByteStream) -> None:
        self._reader = reader
        self._stream = stream

    @property
    def position(self) -> int:
        return self._reader.position

    @property
    def unfinished(self) -> bytes:
        return self._reader.unfinished

    def __iter__(self) -> Iterator[Record | Rejected]:
        yield from self._reader
        if self._stream.broken:
            yield Rejected(Reason.CORRUPT_COMPRESSION, self._reader.unfinished)


@contextmanager
def _opened(source: Source) -> Iterator[BinaryIO]:
    try:
        # Named here because a container such as a zip file closes with its file system.
        filesystem, path = fsspec.core.url_to_fs(source.uri)
        file = filesystem.open(path, "rb")
    except Exception:  # noqa: BLE001 (each storage driver raises errors of its own)
        raise InputError("cannot be opened", where=source.uri) from None
    try:
        yield file
    finally:
        file.close()


def _text_reader(
    source: Source, stream: ByteStream, options: ReadOptions, columns: Columns | None
) -> tuple[RecordReader, Columns]:
    if source.format == "txt":
        columns = text_only(options, where=source.uri)
        if options.text_unit == "file":
            chosen, limit = _encoding(source, stream, options), options.max_record_bytes
            return TextFile(stream, chosen, columns, limit=limit), columns
        return Paragraphs(_lines(source, stream, options), stream, columns), columns
    lines = _lines(source, stream, options)
    if columns is not None:
        return JsonLines(lines, columns), columns
    table = _delimited(source, lines, options)
    return table, table.columns


def _jsonl_columns(source: Source, options: ReadOptions) -> Columns:
    with _opened(source) as file:
        stream = ByteStream(file, source.compression, where=source.uri)
        lines = _lines(source, stream, options)
        keys = first_keys(lines, objects=_OBJECTS_SEARCHED, where=source.uri)
    return resolve(options, keys, where=source.uri)


def _delimited(source: Source, lines: Lines, options: ReadOptions) -> Delimited:
    delimiter = "\t" if source.format == "tsv" else None
    return Delimited(lines, options, delimiter=delimiter, where=source.uri)


def _lines(source: Source, stream: ByteStream, options: ReadOptions) -> Lines:
    chosen = _encoding(source, stream, options)
    return Lines(stream, chosen, limit=options.max_record_bytes)


def _encoding(source: Source, stream: ByteStream, options: ReadOptions) -> encoding.Encoding:
    sample = stream.sample(encoding.SAMPLE_BYTES)
    return encoding.choose(sample, wanted=options.encoding, where=source.uri)
