"""The seal step for one shard: redact, split off what must be quarantined, encrypt, stage.

Runs in worker processes that hold recipients' *public* keys and the scope's subkeys only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pyarrow as pa

from pii_rules.overlay import Overlay
from pii_rules.utility import Utility
from redactory.areas import IDENTITY, QUARANTINE_SCHEMA, SOURCES_SCHEMA
from redactory.canonical import sha256_hex
from redactory.config import RunConfig
from redactory.durable import open_folder
from redactory.errors import IntegrityError
from redactory.evidence import ShardCounts
from redactory.pipeline import ids
from redactory.pipeline.identity_names import entry_rows, entry_table, identity_shard
from redactory.pipeline.outcome import Replaced, SealedFile, ShardOutcome
from redactory.pipeline.planning import ShardInput
from redactory.pipeline.release import Release
from redactory.pipeline.sanitise import PolicySanitiser, Sanitiser
from redactory.pipeline.state import RunState
from redactory.pipeline.withheld import refused_row, unreadable_row
from sealed_shards.access import RecordedShard, ShardKey
from sealed_shards.context import ShardContext
from sealed_shards.dataset import file_sha256
from sealed_shards.header import ShardHeader
from sealed_shards.key_files import parse_recipient
from sealed_shards.layout import DATA, QUARANTINE, SOURCES, shard_files
from sealed_shards.shard import seal
from sealed_shards.wraps import parse_wraps

Tick = Callable[[int, int], None]
_SEARCHED_AT_ONCE = 128
_KINDS = ("shards", "headers", "wraps", "chunks")
# The area is part of the context, so that a quarantine shard never passes for a data shard.
_AREA_SUFFIX = {
    DATA: "",
    QUARANTINE: "/quarantine",
    SOURCES: "/sources",
    IDENTITY: f"/{IDENTITY}",
}


@dataclass(frozen=True)
class SealContext:
    """All that a worker needs; crosses to worker processes.

    Attributes:
        recorded: what the log holds already (adopted or replaced on a retry).
        counts: what it counts in those shards, by shard.
        reasons: why records of those shards were quarantined, by shard.
        overlay: review decisions.
    """

    config: RunConfig
    safe_columns: tuple[str, ...]
    run_id: str
    dataset: str
    config_digest: str
    recipients: tuple[bytes, ...]
    quarantine_recipients: tuple[bytes, ...]
    identity_recipients: tuple[bytes, ...]
    subkeys: Mapping[str, bytes] = field(repr=False)
    recorded: Mapping[ShardKey, RecordedShard]
    counts: Mapping[str, ShardCounts]
    reasons: Mapping[str, Mapping[str, int]]
    overlay: Overlay = field(default_factory=Overlay, repr=False)


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
        self._release = Release(context.config, context.safe_columns, context.subkeys)
        self._recipients = {
            DATA: [parse_recipient(pem, where="recipient") for pem in context.recipients],
            QUARANTINE: [
                parse_recipient(pem, where="quarantine recipient")
                for pem in context.quarantine_recipients
            ],
        }
        self._recipients[SOURCES] = self._recipients[QUARANTINE]
        self._recipients[IDENTITY] = [
            parse_recipient(pem, where="identity recipient") for pem in context.identity_recipients
        ]

    @cached_property
    def _sanitiser(self) -> Sanitiser:
        """Loaded when first needed: an adopted shard needs no models."""
        if self._given is not None:
            return self._given
        keys = {name: self._context.subkeys[name] for name in ("token", "surrogate", "shift")}
        return PolicySanitiser(self._config, keys, self._context.overlay)

    def process(self, shard: ShardInput) -> ShardOutcome:
        """Seal one shard, or find that an earlier try did.

        Raises:
            PolicyError: the label column is unfit.
            RedactoryError: any other expected failure.
        """
        name = self._state.name("outcomes", f"{shard.shard}.json")
        if self._folder.exists(name):
            outcome = ShardOutcome.decode(self._folder.read(name), where=name)
            if all(self._is_in_place(file) for file in outcome.files()):
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
        identity = self._adopted(IDENTITY, self._identity_id(shard.shard))
        if self._config.identity_map and identity is None:
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
            labels=self._labels(shard),
            data=data,
            quarantine=quarantine,
            identity=identity,
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
        entries: list[list[dict[str, Any]]] = []
        quarantined = [unreadable_row(source, record) for source, record in shard.unreadable]
        entities: Counter[str] = Counter()
        operators: Counter[str] = Counter()
        utility, collisions = Utility(), 0
        for source_id, batch in _slices(shard):
            done = self._sanitiser.sanitise(batch)
            released = self._release.columns(done.kept)
            kept.append(released)
            if self._config.identity_map:
                refused = {row for row, _ in done.refused}
                numbers = [row for row in range(batch.num_rows) if row not in refused]
                entries += entry_rows(released, numbers, done.identity)
            quarantined += [refused_row(source_id, batch, row, why) for row, why in done.refused]
            entities.update(done.entities)
            operators.update(done.operators)
            collisions += done.collisions
            if done.utility is not None:
                utility.merge(done.utility)
            self._tick(batch.num_rows, shard.size * batch.num_rows // shard.rows_in)
        table = pa.concat_tables(kept or [self._release.columns(shard.schema.empty_table())])
        order = self._release.order(table.num_rows, shard.shard)
        table = table.take(pa.array(order, pa.int64())).combine_chunks()
        if table.num_rows + len(quarantined) != shard.rows_in:
            raise IntegrityError("records were lost between reading and sealing", where="pipeline")
        labels = self._labels(shard)
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
            utility=utility.as_json(),
            collisions=collisions,
            data=self._seal_table(DATA, shard.shard, table),
            quarantine=quarantine,
            identity=self._seal_identity(shard.shard, [entries[row] for row in order])
            if self._config.identity_map
            else None,
        )

    def _seal_identity(self, shard: str, entries: list[list[dict[str, Any]]]) -> SealedFile:
        """Seal the entries of a data shard, even where there are none: their absence would tell."""
        return self._seal_table(IDENTITY, self._identity_id(shard), entry_table(shard, entries))

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

    def _labels(self, shard: ShardInput) -> tuple[str, ...]:
        """The classes of the shard's input, checked: they will be stored in the clear."""
        if "label" not in shard.schema.names:
            return ()
        found = {label for _, batch in shard.records for label in batch.column("label").to_pylist()}
        labels = sorted(label for label in found if label is not None)
        self._sanitiser.check_labels(labels)
        return tuple(labels)

    def _quarantine_id(self, shard: str) -> str:
        return ids.quarantine_shard(self._context.subkeys["id"], shard)

    def _identity_id(self, shard: str) -> str:
        return identity_shard(self._context.subkeys["id"], shard)


def _slices(shard: ShardInput) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The records in pieces small enough to see progress; each record is searched by itself."""
    for source_id, batch in shard.records:
        for start in range(0, batch.num_rows, _SEARCHED_AT_ONCE):
            yield source_id, batch.slice(start, _SEARCHED_AT_ONCE)
