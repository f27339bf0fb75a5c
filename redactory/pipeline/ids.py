"""Ids and keyed digests of inputs (contracts, "Digests and ids").

All are HMAC-SHA-256 under the ``id`` subkey of the scope's pseudonym key: an unkeyed digest
of a short or guessable input would confirm guesses to anybody who reads the log.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

from redactory.canonical import canonical_json
from redactory.sources import Unreadable
from sealed_shards.manifest import Segment

ID_DIGITS = 32


def keyed_id(key: bytes, *parts: object) -> str:
    """32 hex digits of HMAC over the canonical JSON of ``parts``; the first names the purpose."""
    return hmac.digest(key, canonical_json(list(parts)), "sha256").hex()[:ID_DIGITS]


def source_id(key: bytes, uri: str) -> str:
    """Id of a source; ``uri`` is normalised (absolute path or full URL)."""
    return keyed_id(key, "source/v1", uri)


def dataset_id(key: bytes, name: str) -> str:
    """Id of a dataset that is made for the first time."""
    return keyed_id(key, "dataset/v1", name)


def shard_id(key: bytes, dataset: str, segments: Iterable[Segment], config_digest: str) -> str:
    """Id of a data shard: where its records come from, what they are, what is done to them."""
    parts = [[s.source_id, s.first, s.last, s.input_digest] for s in segments]
    return keyed_id(key, "shard/v1", dataset, parts, config_digest)


def quarantine_shard(key: bytes, shard: str) -> str:
    """Id of the quarantine shard beside a data shard."""
    return keyed_id(key, "quarantine/v1", shard)


class InputDigest:
    """Keyed digest of the records of one segment, fed batch by batch.

    Lengths go in before contents, so that no two different sequences of values feed the
    same bytes.
    """

    def __init__(self, key: bytes) -> None:
        self._mac = hmac.new(key, b"input/v1\0", hashlib.sha256)

    def add_records(self, records: pa.RecordBatch) -> None:
        """Take in every column of ``records``."""
        self._mac.update(canonical_json([records.num_rows, records.schema.names]))
        for column in records.columns:
            if pa.types.is_integer(column.type):
                self._mac.update(_buffer(column.cast(pa.int64()), 8))
                continue
            lengths = pc.fill_null(pc.binary_length(column), -1)
            self._mac.update(_buffer(lengths, 4))
            self._mac.update(_contents(column))

    def add_unreadable(self, unreadable: Iterable[Unreadable]) -> None:
        """Take in the records that could not be read."""
        for record in unreadable:
            self._mac.update(canonical_json([record.record_no, record.reason, len(record.raw)]))
            self._mac.update(record.raw)

    def hexdigest(self) -> str:
        """64 hex digits."""
        return self._mac.hexdigest()


def _buffer(array: pa.Array, width: int) -> bytes:
    data = array.buffers()[1]
    if data is None:
        return b""
    start = array.offset * width
    return bytes(data[start : start + len(array) * width])


def _contents(column: pa.Array) -> bytes | memoryview:
    _, offsets, data = column.buffers()
    if data is None or len(column) == 0:
        return b""
    ends = memoryview(offsets).cast("i")
    return memoryview(data)[ends[column.offset] : ends[column.offset + len(column)]]
