"""Columns of what lies beside the data: quarantine, sources, identity map (contracts)."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from sealed_shards.layout import QUARANTINE, SOURCES

QUARANTINE_SCHEMA: Final = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("source_id", pa.string(), nullable=False),
        pa.field("record_no", pa.int64(), nullable=False),
        pa.field("reason_code", pa.string(), nullable=False),
        pa.field("raw", pa.binary(), nullable=False),
    ]
)
SOURCES_SCHEMA: Final = pa.schema(
    [(name, pa.string()) for name in ("source_id", "uri", "format")] + [("bytes", pa.int64())]
)
# The identity map lies below this folder of the dataset: shards, headers, wraps, manifests.
IDENTITY: Final = "identity"
IDENTITY_SCHEMA: Final = pa.schema(
    [
        pa.field("shard", pa.string(), nullable=False),
        pa.field("row", pa.int64(), nullable=False),
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("subject", pa.string()),
        pa.field("column", pa.string(), nullable=False),
        pa.field("start", pa.int32(), nullable=False),
        pa.field("end", pa.int32(), nullable=False),
        pa.field("entity_type", pa.string(), nullable=False),
        pa.field("operator", pa.string(), nullable=False),
        pa.field("original", pa.string(), nullable=False),
    ]
)
AREA_COLUMNS: Final = {
    QUARANTINE: tuple(QUARANTINE_SCHEMA.names),
    SOURCES: tuple(SOURCES_SCHEMA.names),
}
