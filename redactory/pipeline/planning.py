"""Cutting the records of a batch of sources into shards, deterministically.

A shard closes before it would exceed N rows or M bytes, and at the end of its source. Only
``.txt`` files that are one record each are gathered across sources: a hundred thousand
notes in a hundred thousand files should not become as many shards.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow as pa

from pii_rules.overlay import Overlay
from redactory.canonical import digest_of
from redactory.pipeline import ids
from redactory.sources import ReadOptions, Source, Unreadable, read
from sealed_shards.manifest import Segment


@dataclass(frozen=True)
class Limits:
    """When a shard closes: at ``rows`` records or ``size`` input bytes."""

    rows: int
    size: int


@dataclass
class ShardInput:
    """The records of one shard as they were read, before anything is done to them.

    Attributes:
        shard: the shard's id.
        segments: which records of which sources these are.
        records: (source id, batch of readable records).
        unreadable: (source id, record that could not be read).
        schema: schema of the readable records, also where there is none.
        size: input bytes.
    """

    shard: str
    segments: tuple[Segment, ...]
    records: tuple[tuple[str, pa.RecordBatch], ...]
    unreadable: tuple[tuple[str, Unreadable], ...]
    schema: pa.Schema
    size: int

    @property
    def rows_in(self) -> int:
        """Records read, readable or not."""
        readable: int = sum(batch.num_rows for _, batch in self.records)
        return readable + len(self.unreadable)


@dataclass
class _Segment:
    source_id: str
    digest: ids.InputDigest
    first: int
    last: int

    def close(self) -> Segment:
        return Segment(
            source_id=self.source_id,
            first=self.first,
            last=self.last,
            input_digest=self.digest.hexdigest(),
        )


@dataclass
class _Open:
    """A shard that still takes records."""

    records: list[tuple[str, pa.RecordBatch]] = field(default_factory=list)
    unreadable: list[tuple[str, Unreadable]] = field(default_factory=list)
    segments: list[_Segment] = field(default_factory=list)
    schema: pa.Schema | None = None
    rows: int = 0
    size: int = 0


class Planner:
    """Reads sources and yields shard inputs.

    Args:
        options: how to read.
        limits: when a shard closes.
        id_key: the ``id`` subkey.
        dataset: dataset id.
        config_digest: digest of the configuration.
        overlay: review decisions; those whose form occurs in a shard are part of its id.
    """

    def __init__(
        self,
        options: ReadOptions,
        limits: Limits,
        *,
        id_key: bytes,
        dataset: str,
        config_digest: str,
        overlay: Overlay | None = None,
    ) -> None:
        self._options = options
        self._limits = limits
        self._key = id_key
        self._dataset = dataset
        self._config_digest = config_digest
        self._overlay = overlay or Overlay()

    def plan(self, sources: Iterable[Source]) -> Iterator[ShardInput]:
        """Shard inputs of ``sources``, in order; each is read once and held alone."""
        shard = _Open()
        for source in sources:
            if shard.rows and not self._gathered(source):
                yield self._close(shard)
                shard = _Open()
            source_id = ids.source_id(self._key, source.uri)
            for batch in read(source, self._options, source_id=source_id):
                rows = batch.records.num_rows + len(batch.unreadable)
                if shard.rows and self._full(shard, rows, batch.bytes_read):
                    yield self._close(shard)
                    shard = _Open()
                self._add(shard, source_id, batch.records, batch.unreadable)
                shard.schema = batch.records.schema
                shard.rows += rows
                shard.size += batch.bytes_read
            if shard.rows and not self._gathered(source):
                yield self._close(shard)
                shard = _Open()
        if shard.rows:
            yield self._close(shard)

    def _gathered(self, source: Source) -> bool:
        return source.format == "txt" and self._options.text_unit == "file"

    def _full(self, shard: _Open, rows: int, size: int) -> bool:
        return shard.rows + rows > self._limits.rows or shard.size + size > self._limits.size

    def _add(
        self,
        shard: _Open,
        source_id: str,
        records: pa.RecordBatch,
        unreadable: tuple[Unreadable, ...],
    ) -> None:
        numbers = [record.record_no for record in unreadable]
        if records.num_rows:
            column = records.column("record_no")
            numbers += [column[0].as_py(), column[-1].as_py()]
        if not numbers:
            return
        if not shard.segments or shard.segments[-1].source_id != source_id:
            digest = ids.InputDigest(self._key)
            shard.segments.append(_Segment(source_id, digest, min(numbers), max(numbers)))
        segment = shard.segments[-1]
        segment.last = max(numbers)
        segment.digest.add_records(records)
        segment.digest.add_unreadable(unreadable)
        if records.num_rows:
            shard.records.append((source_id, records))
        shard.unreadable += [(source_id, record) for record in unreadable]

    def _rules(self, shard: _Open) -> str:
        """The configuration, and the decisions that concern this shard; goes into a MAC only."""
        if not self._overlay:
            return self._config_digest
        texts = (
            text
            for _, batch in shard.records
            for name in (*self._options.text_columns, *self._options.carried)
            if name in batch.schema.names
            for text in batch.column(name).to_pylist()
            if text is not None
        )
        entries = self._overlay.within(texts)
        return f"{self._config_digest}+{digest_of(entries)}" if entries else self._config_digest

    def _close(self, shard: _Open) -> ShardInput:
        segments = tuple(segment.close() for segment in shard.segments)
        return ShardInput(
            shard=ids.shard_id(self._key, self._dataset, segments, self._rules(shard)),
            segments=segments,
            records=tuple(shard.records),
            unreadable=tuple(shard.unreadable),
            schema=shard.schema,
            size=shard.size,
        )
