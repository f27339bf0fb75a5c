"""Names, rows and heads of the identity map, for every step that meets it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa

from pii_rules.identity_map import Entry
from redactory.areas import IDENTITY, IDENTITY_SCHEMA
from redactory.evidence import Evidence
from redactory.pipeline import ids
from sealed_shards.access import DatasetHead


def identity_dataset(dataset: str) -> str:
    """The name of a dataset's identity map in the log."""
    return f"{dataset}/{IDENTITY}"


def identity_shard(id_key: bytes, shard: str) -> str:
    """Id of the shard of entries that belongs to a data shard."""
    return ids.keyed_id(id_key, "identity/v1", shard)


def whole_head(evidence: Evidence, dataset: str) -> DatasetHead:
    """The head of a dataset, with the shards of its identity map as one more area."""
    head = evidence.head(dataset)
    mapped = evidence.head(identity_dataset(dataset)).shards
    beside = {
        (IDENTITY, shard): replace(recorded, area=IDENTITY)
        for (_, shard), recorded in mapped.items()
    }
    return replace(head, shards={**head.shards, **beside}) if beside else head


def entry_rows(
    released: pa.Table, kept: Sequence[int], entries: Mapping[int, Sequence[Entry]]
) -> list[list[dict[str, Any]]]:
    """The rows of the map for each released record, as yet without shard and row.

    Args:
        released: the records as they will be sealed, ids already pseudonyms.
        kept: number in the input batch of each of them.
        entries: what stood under replacements, by that number.
    """
    named = released.column("record_id").to_pylist()
    has_subject = "subject" in released.schema.names
    subjects = released.column("subject").to_pylist() if has_subject else [None] * len(named)
    return [
        [
            {"record_id": record_id, "subject": subject, **entry._asdict()}
            for entry in entries.get(number, ())
        ]
        for number, record_id, subject in zip(kept, named, subjects, strict=True)
    ]


def entry_table(shard: str, records: Sequence[Sequence[dict[str, Any]]]) -> pa.Table:
    """The entries of a data shard.

    Args:
        shard: its id.
        records: entries of each of its rows, in the order in which the rows are sealed.
    """
    rows = [
        {"shard": shard, "row": row, **entry}
        for row, entries in enumerate(records)
        for entry in entries
    ]
    return pa.Table.from_pylist(rows, schema=IDENTITY_SCHEMA)
