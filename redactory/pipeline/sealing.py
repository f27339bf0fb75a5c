"""The seal step for one shard: redact, split off what must be quarantined, encrypt, stage.

Runs in worker processes that hold recipients' *public* keys and the scope's subkeys only.
"""

from __future__ import annotations

import hmac
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from redactory.areas import QUARANTINE_SCHEMA, SOURCES_SCHEMA
from redactory.canonical import canonical_json, sha256_hex
from redactory.config import RunConfig
from redactory.durable import open_folder
from redactory.errors import IntegrityError
from redactory.evidence import ShardCounts
from redactory.pipeline import ids
from redactory.pipeline.outcome import Replaced, SealedFile, ShardOutcome
from redactory.pipeline.planning import ShardInput
from redactory.pipeline.sanitise import PolicySanitiser, Sanitiser, pseudonym
from redactory.pipeline.state import RunState
from redactory.sources import Unreadable
from sealed_shards.access import RecordedShard, ShardKey
from sealed_shards.context import ShardContext
from sealed_shards.dataset import file_sha256
from sealed_shards.header import ShardHeader
from sealed_shards.layout import DATA, QUARANTINE, SOURCES, shard_files
from sealed_shards.recipients import RsaRecipient
from sealed_shards.shard import seal
from sealed_shards.wraps import parse_wraps

Tick = Callable[[int, int], None]
_SEARCHED_AT_ONCE = 128
_KINDS = ("shards", "headers", "wraps", "chunks")
_LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}\Z")
# The area is part of the context, so that a quarantine shard never passes for a data shard.
_AREA_SUFFIX = {DATA: "", QUARANTINE: "/quarantine", SOURCES: "/sources"}


@dataclass(frozen=True)
class SealContext:
    """All that a worker needs; crosses to worker processes.

    Attributes:
        recorded: what the log holds already (adopted or replaced on a retry).
        counts: what it counts in those shards, by shard.
        reasons: why records of those shards were quarantined, by shard.
    """

    config: RunConfig
    safe_columns: tuple[str, ...]
    run_id: str
    dataset: str
    config_digest: str
    recipients: tuple[bytes, ...]
    quarantine_recipients: tuple[bytes, ...]
    subkeys: Mapping[str, bytes]
    recorded: Mapping[ShardKey, RecordedShard]
    counts: Mapping[str, ShardCounts]
    reasons: Mapping[str, Mapping[str, int]]


def area_dataset(dataset: str, area: str) -> str:
    """The dataset name that contexts in ``area`` carry."""
    return dataset + _AREA_SUFFIX[area]


class ShardSealer:
    """Seals shard inputs one after the other.

    Args:
        context: what to do and with which keys.
        sanitiser: finds and removes personal data; by default, the configured policy.
        tick: told of progress within a shard: records, and about how many input bytes.
    """

    def __init__(
        self,
        context: SealContext,
        sanitiser: Sanitiser | None = None,
        tick: Tick | None = None,
    ) -> None:
        self._context = context
        self._tick = tick or (lambda _records, _size: None)
        self._config = context.config
        self._folder = open_folder(context.config.output)
        self._state = RunState(self._folder, context.run_id)
        self._given = sanitiser
        self._recipients = {
            DATA: [RsaRecipient.from_pem(pem, where="recipient") for pem in context.recipients],
            QUARANTINE: [
                RsaRecipient.from_pem(pem, where="quarantine recipient")
                for pem in context.quarantine_recipients
            ],
        }
        self._recipients[SOURCES] = self._recipients[QUARANTINE]

    @cached_property
    def _sanitiser(self) -> Sanitiser:
        """Loaded when first needed: an adopted shard needs no models."""
        if self._given is not None:
            return self._given
        keys = {name: self._context.subkeys[name] for name in ("token", "surrogate", "shift")}
        return PolicySanitiser(self._config, keys)

    def process(self, shard: ShardInput) -> ShardOutcome:
        """Seal one shard, or find that an earlier try did.

        Raises:
            PolicyError: the label column is unfit.
            RedactoryError: any other expected failure.
        """
        name = self._state.name("outcomes", f"{shard.shard}.json")
        if self._folder.exists(name):
            outcome = ShardOutcome.decode(self._folder.read(name), where=name)
            files = [outcome.data, *([outcome.quarantine] if outcome.quarantine else [])]
            if all(self._is_in_place(file) for file in files):
                return outcome
        outcome = self._adopt(shard) or self._seal(shard)
        self._folder.replace(name, outcome.encode())
        return outcome

    def seal_sources(self, rows: list[dict[str, object]]) -> SealedFile:
        """Seal the table of what source ids stand for, for the quarantine's recipients."""
        table = pa.Table.from_pylist(rows, schema=SOURCES_SCHEMA)
        listed = [[row["source_id"], row["bytes"]] for row in rows]
        shard = ids.keyed_id(
            self._context.subkeys["id"],
            "sources/v1",
            self._context.dataset,
            listed,
            self._context.config_digest,
        )
        name = self._state.name("outcomes", f"{shard}.sources.json")
        if self._folder.exists(name):
            file = SealedFile.decode(self._folder.read(name), where=name)
            if self._is_in_place(file):
                return file
        file = self._adopted(SOURCES, shard) or self._seal_table(SOURCES, shard, table)
        self._folder.replace(name, file.encode())
        return file

    def _adopt(self, shard: ShardInput) -> ShardOutcome | None:
        """The outcome of an earlier run over the same input, if all its files are sound."""
        data = self._adopted(DATA, shard.shard)
        if data is None:
            return None
        missing = shard.rows_in - data.header.rows
        quarantine = self._adopted(QUARANTINE, self._quarantine_id(shard.shard))
        if missing != (quarantine.header.rows if quarantine else 0):
            return None
        counts = self._context.counts.get(shard.shard, ShardCounts({}, {}))
        return ShardOutcome(
            shard=shard.shard,
            segments=shard.segments,
            size=shard.size,
            rows_in=shard.rows_in,
            rows_out=data.header.rows,
            quarantined=missing,
            reasons=dict(self._context.reasons.get(shard.shard, {})),
            entities=counts.entities,
            operators=counts.operators,
            labels=(),
            data=data,
            quarantine=quarantine,
        )

    def _adopted(self, area: str, shard: str) -> SealedFile | None:
        recorded = self._context.recorded.get((area, shard))
        if recorded is None:
            return None
        header, stem = recorded.header, recorded.header.stem
        names = shard_files(area, stem)
        if not self._are_sound(names, header, recorded.wraps_sha256):
            return None
        return SealedFile(
            area=area,
            header=header,
            wraps_sha256=recorded.wraps_sha256,
            kids=tuple(parse_wraps(self._folder.read(names["wraps"]), where=names["wraps"])),
            adopted=True,
        )

    def _is_in_place(self, file: SealedFile) -> bool:
        """Whether a shard of an earlier try is still whole, staged or already moved."""
        shard, stem = file.header.ctx.shard, file.header.stem
        moves = zip(_KINDS, self._state.moves(file.area, shard, stem), strict=True)
        names = {
            kind: staged if self._folder.exists(staged) else final
            for kind, (staged, final) in moves
        }
        return self._are_sound(names, file.header, file.wraps_sha256)

    def _are_sound(self, names: Mapping[str, str], header: ShardHeader, wraps_sha256: str) -> bool:
        if not all(self._folder.exists(name) for name in names.values()):
            return False
        return (
            self._folder.read(names["headers"]) == header.encode()
            and sha256_hex(self._folder.read(names["wraps"])) == wraps_sha256
            and file_sha256(self._folder, names["shards"]) == header.sha256
        )

    def _seal(self, shard: ShardInput) -> ShardOutcome:
        kept: list[pa.Table] = []
        quarantined = [_unreadable_row(source, record) for source, record in shard.unreadable]
        entities: Counter[str] = Counter()
        operators: Counter[str] = Counter()
        for source_id, batch in _slices(shard):
            done = self._sanitiser.sanitise(batch)
            kept.append(self._released(done.kept))
            quarantined += [_refused_row(source_id, batch, row, why) for row, why in done.refused]
            entities.update(done.entities)
            operators.update(done.operators)
            self._tick(batch.num_rows, shard.size * batch.num_rows // shard.rows_in)
        table = pa.concat_tables(kept or [self._released(shard.schema.empty_table())])
        table = self._shuffled(table, shard.shard)
        if table.num_rows + len(quarantined) != shard.rows_in:
            raise IntegrityError("records were lost between reading and sealing", where="pipeline")
        labels = self._labels(table)
        quarantine = None
        if quarantined:
            quarantined.sort(key=lambda row: (row["source_id"], row["record_no"]))
            rows = pa.Table.from_pylist(quarantined, schema=QUARANTINE_SCHEMA)
            quarantine = self._seal_table(QUARANTINE, self._quarantine_id(shard.shard), rows)
        return ShardOutcome(
            shard=shard.shard,
            segments=shard.segments,
            size=shard.size,
            rows_in=shard.rows_in,
            rows_out=table.num_rows,
            quarantined=len(quarantined),
            reasons=dict(Counter(row["reason_code"] for row in quarantined)),
            entities=dict(entities),
            operators=dict(operators),
            labels=labels,
            data=self._seal_table(DATA, shard.shard, table),
            quarantine=quarantine,
        )

    def _seal_table(self, area: str, shard: str, table: pa.Table) -> SealedFile:
        recorded = self._context.recorded.get((area, shard))
        replaces = None
        if recorded is not None:
            replaces = Replaced(version=recorded.header.ctx.version, sha256=recorded.header.sha256)
        context = ShardContext(
            dataset=area_dataset(self._context.dataset, area),
            shard=shard,
            version=replaces.version + 1 if replaces else 1,
            policy_digest=self._context.config_digest,
        )
        staged = self._state.staged_name(area, shard, "shards")
        self._folder.delete(staged)
        recipients = self._recipients[area]
        sealed = seal(
            table, context=context, recipients=recipients, folder=self._folder, name=staged
        )
        self._state.stage(area, sealed)
        return SealedFile(
            area=area,
            header=sealed.header,
            wraps_sha256=sha256_hex(sealed.wraps),
            kids=tuple(sorted(recipient.kid for recipient in recipients)),
            replaces=replaces,
        )

    def _released(self, records: pa.RecordBatch | pa.Table) -> pa.Table:
        """The columns that go into a data shard; ids become pseudonyms unless called safe."""
        columns: dict[str, pa.Array] = {}
        for name in records.schema.names:
            column = records.column(name)
            if name == "record_no":
                continue
            if name == "lang":
                tags = [
                    tag if tag and _LANGUAGE_TAG.match(tag) else None for tag in column.to_pylist()
                ]
                columns[name] = pa.array(tags, pa.string())
            elif name in ("record_id", "subject") and not self._is_safe(name):
                columns[name] = self._pseudonyms(name, column.to_pylist())
            else:
                columns[name] = column
        return pa.table(columns)

    def _is_safe(self, role: str) -> bool:
        chosen = {
            "record_id": self._config.id_column or "id",
            "subject": self._config.subject_column,
        }
        return chosen[role] in self._context.safe_columns

    def _pseudonyms(self, role: str, values: list[str | None]) -> pa.Array:
        key = self._context.subkeys["token"]
        return pa.array(
            [None if value is None else pseudonym(key, role, value) for value in values],
            pa.string(),
        )

    def _shuffled(self, table: pa.Table, shard: str) -> pa.Table:
        """Rows in an order that only the ``shuffle`` subkey explains; the same on every try."""
        key, prefix = self._context.subkeys["shuffle"], shard.encode()
        order = sorted(
            range(table.num_rows),
            key=lambda row: hmac.digest(key, prefix + row.to_bytes(8, "big"), "sha256"),
        )
        return table.take(pa.array(order, pa.int64())).combine_chunks()

    def _labels(self, table: pa.Table) -> tuple[str, ...]:
        if "label" not in table.schema.names:
            return ()
        labels = sorted({label for label in table.column("label").to_pylist() if label is not None})
        self._sanitiser.check_labels(labels)
        return tuple(labels)

    def _quarantine_id(self, shard: str) -> str:
        return ids.keyed_id(self._context.subkeys["id"], "quarantine/v1", shard)


def _slices(shard: ShardInput) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The records in pieces small enough to see progress; each record is searched by itself."""
    for source_id, batch in shard.records:
        for start in range(0, batch.num_rows, _SEARCHED_AT_ONCE):
            yield source_id, batch.slice(start, _SEARCHED_AT_ONCE)


def _unreadable_row(source_id: str, record: Unreadable) -> dict[str, Any]:
    return {
        "record_id": record.record_id,
        "source_id": source_id,
        "record_no": record.record_no,
        "reason_code": str(record.reason),
        "raw": record.raw,
    }


def _refused_row(source_id: str, batch: pa.RecordBatch, row: int, reason: str) -> dict[str, Any]:
    values = {name: batch.column(name)[row].as_py() for name in batch.schema.names}
    record_no, record_id = values.pop("record_no"), values.pop("record_id")
    return {
        "record_id": record_id,
        "source_id": source_id,
        "record_no": record_no,
        "reason_code": reason,
        "raw": canonical_json(values),
    }
