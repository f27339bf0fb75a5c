"""What a verified log says about a dataset: the bridge from ``audit_ledger`` to ``sealed_shards``.

A log is read here only after it was verified (:mod:`redactory.trust`), or by the process
that is about to append to it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from pydantic import ValidationError

from audit_ledger import Entry
from redactory.errors import LedgerError
from sealed_shards.access import EMPTY_WRAPS_SHA256, DatasetHead, RecordedShard, ShardKey
from sealed_shards.header import ShardHeader
from sealed_shards.layout import DATA, QUARANTINE, SOURCES

_AREAS = {"/quarantine": QUARANTINE, "/sources": SOURCES}


@dataclass(frozen=True)
class ShardCounts:
    """What a ``redacted`` statement counts."""

    entities: dict[str, int]
    operators: dict[str, int]


@dataclass
class Evidence:
    """A log's statements on datasets, gathered in one pass.

    Attributes:
        size: how many statements were read.
    """

    shards: dict[str, dict[ShardKey, RecordedShard]] = field(default_factory=dict)
    counts: dict[str, dict[str, ShardCounts]] = field(default_factory=dict)
    reasons: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    published: dict[str, list[Any]] = field(default_factory=dict)
    size: int = 0
    _retired: dict[tuple[str, ShardKey, str], str] = field(default_factory=dict)

    @classmethod
    def gather(cls, entries: Iterable[Entry]) -> Evidence:
        """Read statements in the order of the log.

        Raises:
            LedgerError: a statement contradicts an earlier one.
        """
        evidence = cls()
        evidence.extend(entries)
        return evidence

    def extend(self, entries: Iterable[Entry]) -> None:
        """Read further statements, from index :attr:`size` on.

        Raises:
            LedgerError: a statement contradicts an earlier one.
        """
        for entry in entries:
            self._add(entry.statement.kind, entry.statement.body, where=f"leaf {entry.index}")
            self.size = entry.index + 1

    def datasets(self) -> list[str]:
        """Ids of all datasets that the log speaks of."""
        return sorted({*self.shards, *self.published})

    def head(self, dataset: str) -> DatasetHead:
        """The newest state of ``dataset``; version 0 if it was never published."""
        published = self.published.get(dataset, [])
        return DatasetHead(
            dataset=dataset,
            version=len(published),
            dataset_sha256=published[-1].dataset_sha256 if published else "",
            manifests={body.run_id: body.manifest_sha256 for body in published},
            reports={body.run_id: body.report_sha256 for body in published if body.report_sha256},
            shards=self.shards.get(dataset, {}),
        )

    def _add(self, kind: str, body: Any, *, where: str) -> None:
        if kind in ("sealed", "quarantined"):
            self._add_shard(body, where=where)
        if kind == "quarantined":
            dataset, _ = split_area(body.dataset)
            self.reasons.setdefault(dataset, {})[body.of_shard] = dict(body.reasons)
        elif kind == "redacted":
            counts = ShardCounts(dict(body.entities), dict(body.operators))
            self.counts.setdefault(body.dataset, {})[body.shard] = counts
        elif kind == "published":
            self._add_published(body, where=where)
        elif kind in ("granted", "revoked", "rewrapped", "shredded"):
            self._change_keys(kind, body, where=where)

    def _add_shard(self, body: Any, *, where: str) -> None:
        dataset, area = split_area(body.dataset)
        try:
            header = ShardHeader.model_validate(body.header)
        except ValidationError:
            raise LedgerError("holds a malformed shard header", where=where) from None
        context = header.ctx
        if (context.dataset, context.shard, context.version) != (
            body.dataset,
            body.shard,
            body.version,
        ):
            raise LedgerError("its header belongs to another shard", where=where)
        known = self.shards.setdefault(dataset, {})
        older = known.get((area, body.shard))
        if older is not None and older.header.ctx.version >= body.version:
            raise LedgerError("an older version of a shard follows a newer one", where=where)
        known[(area, body.shard)] = RecordedShard(
            area=area,
            header=header,
            wraps_sha256=body.keyring_sha256,
            replaced=(*older.replaced, older.header.stem) if older else (),
            destroyed=older.destroyed if older else (),
        )
        if older is not None:
            self._retired[dataset, (area, body.shard), older.header.stem] = older.wraps_sha256

    def _change_keys(self, kind: str, body: Any, *, where: str) -> None:
        dataset, area = split_area(body.dataset)
        known = self.shards.get(dataset, {})
        if not len(body.stems) == len(body.prev) == len(body.new):
            raise LedgerError("a change of keys has lists of unequal length", where=where)
        for stem, prev, new in zip(body.stems, body.prev, body.new, strict=True):
            key = (area, stem.partition(".")[0])
            shard = known.get(key)
            if kind == "shredded" and new != EMPTY_WRAPS_SHA256:
                raise LedgerError("a shredded shard would keep keys", where=where)
            if shard is not None and (shard.header.stem, shard.wraps_sha256) == (stem, prev):
                # Whoever shreds a shard means its older versions as well.
                destroyed = shard.replaced if new == EMPTY_WRAPS_SHA256 else shard.destroyed
                known[key] = replace(shard, wraps_sha256=new, destroyed=destroyed)
            elif shard is not None and self._retired.get((dataset, key, stem)) == prev:
                # A run sealed the next version while the keys of this one were being changed.
                self._retired[dataset, key, stem] = new
                if new == EMPTY_WRAPS_SHA256:
                    older = shard.replaced[: shard.replaced.index(stem) + 1]
                    known[key] = replace(shard, destroyed=max(shard.destroyed, older, key=len))
            else:
                raise LedgerError("a change of keys does not follow from the log", where=where)

    def _add_published(self, body: Any, *, where: str) -> None:
        earlier = self.published.setdefault(body.dataset, [])
        if body.version != len(earlier) + 1:
            raise LedgerError("the dataset's versions do not follow each other", where=where)
        earlier.append(body)


def split_area(name: str) -> tuple[str, str]:
    """(dataset id, area) of the dataset name in a context."""
    for suffix, area in _AREAS.items():
        if name.endswith(suffix):
            return name.removesuffix(suffix), area
    return name, DATA
