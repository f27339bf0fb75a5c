"""Numbering records and closing batches."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from redactory.sources.columns import Columns
from redactory.sources.options import ReadOptions
from redactory.sources.records import Batch, Record, RecordReader, Rejected, Unreadable


def batches(
    reader: RecordReader, columns: Columns, options: ReadOptions, *, source_id: str
) -> Iterator[Batch]:
    """The items of ``reader``, numbered from 0, in batches.

    A batch closes at ``batch_rows`` items or ``batch_bytes`` input bytes. Both depend on
    the content alone, so a second reading closes the same batches.
    """
    draft = _Draft(columns, source_id)
    start = 0
    for number, item in enumerate(reader):
        draft.add(number, item)
        size = reader.position - start
        if len(draft) >= options.batch_rows or size >= options.batch_bytes:
            yield draft.close(size)
            start = reader.position
            draft = _Draft(columns, source_id)
    if len(draft):
        yield draft.close(reader.position - start)


class _Draft:
    """A batch that is still open."""

    def __init__(self, columns: Columns, source_id: str) -> None:
        self._columns = columns
        self._source_id = source_id
        self._rows: list[tuple[int | str | None, ...]] = []
        self._unreadable: list[Unreadable] = []

    def __len__(self) -> int:
        return len(self._rows) + len(self._unreadable)

    def add(self, number: int, item: Record | Rejected) -> None:
        made_id = f"{self._source_id}:{number}"
        if isinstance(item, Rejected):
            self._unreadable.append(Unreadable(number, made_id, item.reason, item.raw))
        else:
            record_id = made_id if item.record_id is None else item.record_id
            self._rows.append((number, record_id, *item.roles, *item.texts, *item.passed))

    def close(self, bytes_read: int) -> Batch:
        schema = self._columns.schema
        values = zip(*self._rows, strict=True) if self._rows else [()] * len(schema)
        arrays = [
            pa.array(column, type=kind) for column, kind in zip(values, schema.types, strict=True)
        ]
        records = pa.RecordBatch.from_arrays(arrays, schema=schema)
        return Batch(records, tuple(self._unreadable), bytes_read)
