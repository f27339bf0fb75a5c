"""Columns of the two areas beside the data: quarantine (contracts, "Dataset folder"), sources."""

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
AREA_COLUMNS: Final = {
    QUARANTINE: tuple(QUARANTINE_SCHEMA.names),
    SOURCES: tuple(SOURCES_SCHEMA.names),
}
