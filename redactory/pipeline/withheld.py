"""Rows of the quarantine (contracts, "Dataset folder"): records whole, with the reason."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from redactory.canonical import canonical_json
from redactory.sources import Unreadable


def unreadable_row(source_id: str, record: Unreadable) -> dict[str, Any]:
    """A record that could not be read: its bytes as they stood in the file."""
    return {
        "record_id": record.record_id,
        "source_id": source_id,
        "record_no": record.record_no,
        "reason_code": str(record.reason),
        "raw": record.raw,
    }


def refused_row(source_id: str, batch: pa.RecordBatch, row: int, reason: str) -> dict[str, Any]:
    """A record that may not be released: all its columns as canonical JSON."""
    values = {name: batch.column(name)[row].as_py() for name in batch.schema.names}
    record_no, record_id = values.pop("record_no"), values.pop("record_id")
    return {
        "record_id": record_id,
        "source_id": source_id,
        "record_no": record_no,
        "reason_code": reason,
        "raw": canonical_json(values),
    }
