"""A dataset that was opened: its rows, in the forms that people work with.

Rows are decrypted in memory only, chunk by checked chunk; nothing here writes to disk. How a
dataset comes to be opened is :mod:`sealed_shards.dataset`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from typing import Any

import pyarrow as pa

from redactory.durable import Folder
from sealed_shards.access import DatasetHead, RecordedShard
from sealed_shards.filters import Filters, RowFilter
from sealed_shards.manifest import DatasetInfo
from sealed_shards.optional import load
from sealed_shards.shard import open_shard, read_shard
from sealed_shards.training import RowStream


@dataclass(frozen=True)
class Dataset:
    """An opened dataset area: its keys are unwrapped and the access is on record.

    Attributes:
        info: ``dataset.json``.
        head: what the log says.
        shards: the shards in reading order (order of publication).
        shredded: ids of the shards that nobody can read any more, and that are left out.
    """

    folder: Folder
    area: str
    info: DatasetInfo
    head: DatasetHead
    shards: tuple[RecordedShard, ...]
    shredded: tuple[str, ...]
    _data_keys: tuple[bytes, ...] = field(repr=False)

    def batches(
        self, columns: Sequence[str] | None = None, *, filters: Filters | None = None
    ) -> Iterator[pa.RecordBatch]:
        """Rows of all shards, decrypted in memory only.

        Args:
            columns: which columns; None for all.
            filters: which rows (:mod:`sealed_shards.filters`).

        Raises:
            IntegrityError: a file is not the recorded one.
            InputError: the filter cannot be used.
        """
        wanted = RowFilter(filters) if filters else None
        for shard, data_key in zip(self.shards, self._data_keys, strict=True):
            yield from self._rows_of(shard, data_key, columns, wanted)

    def reader(
        self, columns: Sequence[str] | None = None, *, filters: Filters | None = None
    ) -> pa.RecordBatchReader:
        """The rows as a stream that DuckDB, Spark and others take from Arrow."""
        batches = self.batches(columns, filters=filters)
        first = next(batches, None)
        if first is None:
            return pa.RecordBatchReader.from_batches(self.schema(columns), [])
        return pa.RecordBatchReader.from_batches(first.schema, chain([first], batches))

    def to_table(
        self, columns: Sequence[str] | None = None, *, filters: Filters | None = None
    ) -> pa.Table:
        """All rows at once."""
        return self.reader(columns, filters=filters).read_all()

    def to_pandas(
        self, columns: Sequence[str] | None = None, *, filters: Filters | None = None
    ) -> Any:
        """All rows as a pandas ``DataFrame``.

        Raises:
            InputError: pandas is not installed.
        """
        load("pandas", "pandas")
        return self.to_table(columns, filters=filters).to_pandas()

    def to_polars(
        self, columns: Sequence[str] | None = None, *, filters: Filters | None = None
    ) -> Any:
        """All rows as a polars ``DataFrame``.

        Raises:
            InputError: polars is not installed.
        """
        polars = load("polars", "polars")
        return polars.from_arrow(self.to_table(columns, filters=filters))

    def stream(self, columns: Sequence[str] | None = None, **options: Any) -> RowStream:
        """Rows for a training loop; options as in :class:`sealed_shards.training.RowStream`."""
        return RowStream(self, columns, **options)

    def pick(self, numbers: Sequence[int]) -> Dataset:
        """The dataset with only these of its shards, in this order."""
        return replace(
            self,
            shards=tuple(self.shards[n] for n in numbers),
            _data_keys=tuple(self._data_keys[n] for n in numbers),
        )

    def schema(self, columns: Sequence[str] | None = None) -> pa.Schema:
        """Names and types of the columns, from the first shard; empty if there is none."""
        if not self.shards:
            return pa.schema([])
        first, key = self.shards[0], self._data_keys[0]
        with closing(open_shard(self.folder, self.area, first.header, key)) as file:
            schema = file.schema_arrow
        return schema if columns is None else pa.schema([schema.field(name) for name in columns])

    def _rows_of(
        self,
        shard: RecordedShard,
        data_key: bytes,
        columns: Sequence[str] | None,
        wanted: RowFilter | None,
    ) -> Iterator[pa.RecordBatch]:
        read = partial(read_shard, self.folder, self.area, shard.header, data_key)
        if wanted is None:
            return read(columns=columns)
        if columns is None:
            return wanted.of(read(), None)
        both = list(dict.fromkeys([*columns, *wanted.columns]))
        return wanted.of(read(columns=both), columns)
