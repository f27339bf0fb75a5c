"""What goes into a data shard: which columns, under which pseudonyms, in which order."""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Mapping

import pyarrow as pa

from redactory.config import RunConfig
from redactory.pseudonym import pseudonym

_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}\Z")


class Release:
    """Turns redacted records into the rows of a shard.

    Args:
        config: names the columns.
        safe_columns: columns that the policy lets pass in the clear.
        subkeys: of the scope; ``token`` and ``shuffle`` are used.
    """

    def __init__(
        self, config: RunConfig, safe_columns: Collection[str], subkeys: Mapping[str, bytes]
    ) -> None:
        columns = {"record_id": config.id_column or "id", "subject": config.subject_column}
        self._pseudonymous = {r for r, column in columns.items() if column not in safe_columns}
        self._token_key = subkeys["token"]
        self._shuffle_key = subkeys["shuffle"]

    def columns(self, records: pa.RecordBatch | pa.Table) -> pa.Table:
        """The columns that are stored; ids become pseudonyms unless they are called safe.

        A language that is no BCP 47 tag becomes null: it could be anything.
        """
        columns: dict[str, pa.Array] = {}
        for name in records.schema.names:
            column = records.column(name)
            if name == "record_no":
                continue
            if name == "lang":
                tags = (
                    tag if tag and _LANGUAGE_TAG.match(tag) else None for tag in column.to_pylist()
                )
                column = pa.array(list(tags), pa.string())
            elif name in self._pseudonymous:
                column = self._pseudonyms(name, column.to_pylist())
            columns[name] = column
        return pa.table(columns)

    def order(self, rows: int, shard: str) -> list[int]:
        """An order of rows that only the ``shuffle`` subkey explains; the same on every try."""
        prefix = shard.encode()
        return sorted(
            range(rows),
            key=lambda row: hmac.digest(
                self._shuffle_key, prefix + row.to_bytes(8, "big"), "sha256"
            ),
        )

    def _pseudonyms(self, role: str, values: list[str | None]) -> pa.Array:
        return pa.array(
            [None if v is None else pseudonym(self._token_key, role, v) for v in values],
            pa.string(),
        )
