"""Retention: what is older than it may be is shredded (design page 20, "Promises").

A shard's age counts from its first statement in the log: sealing it again makes it no younger.
What a later run superseded ages from the run that superseded it. The quarantine holds raw
records, so it always has a limit.

What was shredded comes back if its source is still there and is read again under another policy
or without ``only_changed``: delete the source as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from redactory.areas import IDENTITY
from redactory.durable import Folder, open_folder
from redactory.errors import LedgerError
from redactory.evidence import split_area
from redactory.keeping_config import RetentionConfig
from redactory.lifecycle import Change, changing
from redactory.pipeline.identity_names import identity_dataset
from redactory.reading import Trust
from sealed_shards.access import DatasetHead, RecordedShard
from sealed_shards.dataset import current_shards, published_manifests
from sealed_shards.layout import DATA, QUARANTINE, SOURCES
from sealed_shards.settling import settle
from sealed_shards.shredding import shred_shards


@dataclass(frozen=True)
class Expired:
    """What was due, in shards; with a dry run nothing happened to it."""

    data: int
    superseded: int
    quarantine: int
    sources: int
    identity: int
    dry_run: bool

    @property
    def shards(self) -> int:
        """All of them."""
        return self.data + self.superseded + self.quarantine + self.sources + self.identity


def expire(config: RetentionConfig, trust: Trust, *, now: datetime | None = None) -> Expired:
    """Shred what is due.

    Args:
        config: the limits.
        trust: which log to believe, and who is at work; its key must be here.
        now: default: the time of the call.

    Raises:
        KeyringError: the log key is not here.
        IntegrityError: a manifest is not as recorded.
        LedgerError: the log is broken or cannot be written; nothing was destroyed.
    """
    now = now or datetime.now(UTC)
    counts: Counter[str] = Counter()
    with changing(config.dataset, trust) as change:
        for part in _parts(change):
            due = list(_due(config, part, now))
            counts.update(why for why, _ in due)
            if due and not config.dry_run:
                settle(part.folder, part.head)
                shred_shards(part.folder, [shard for _, shard in due], change.log)
    return Expired(
        data=counts["data"],
        superseded=counts["superseded"],
        quarantine=counts[QUARANTINE],
        sources=counts[SOURCES],
        identity=counts[IDENTITY],
        dry_run=config.dry_run,
    )


@dataclass
class _Part:
    """The dataset itself, or its identity map.

    Attributes:
        name: what its data shards count as.
        folder: its folder.
        head: what the log says of it.
        sealed: when the log first heard of a shard, by area and id.
        published: when its runs were published.
    """

    name: str
    folder: Folder
    head: DatasetHead
    sealed: dict[tuple[str, str], str] = field(default_factory=dict)
    published: dict[str, str] = field(default_factory=dict)

    def superseded(self) -> dict[str, str]:
        """Since when shards are out of force."""
        manifests = published_manifests(self.folder, self.head)
        current = {entry.shard for entry in current_shards(manifests)}
        return {
            shard: self.published[manifest.run_id]
            for manifest in manifests
            for shard in manifest.supersedes
            if shard not in current
        }


def _parts(change: Change) -> list[_Part]:
    log, dataset = change.checked.log, change.head.dataset
    if log is None:
        raise LedgerError("the log did not verify", where="ledger")
    mapped = identity_dataset(dataset)
    parts = {
        dataset: _Part("data", change.folder, change.head),
        mapped: _Part(
            IDENTITY,
            open_folder(change.folder.path(IDENTITY)),
            change.checked.evidence().head(mapped),
        ),
    }
    for entry in log.entries():
        statement, body = entry.statement, entry.statement.body
        if statement.kind in {"sealed", "quarantined"}:
            name, area = split_area(body.dataset)
            if name in parts:
                parts[name].sealed.setdefault((area, body.shard), statement.time)
        elif statement.kind == "published" and body.dataset in parts:
            parts[body.dataset].published[body.run_id] = statement.time
    return list(parts.values())


def _due(
    config: RetentionConfig, part: _Part, now: datetime
) -> Iterator[tuple[str, RecordedShard]]:
    """Shards that are due, and what they count as."""
    superseded = part.superseded()
    for (area, shard), found in part.head.shards.items():
        if found.shredded:
            continue
        days = config.quarantine_days if area == QUARANTINE else config.data_days
        counted = part.name if area == DATA else area
        if _is_old(part.sealed.get((area, shard)), days, now):
            yield counted, found
        elif area == DATA and _is_old(superseded.get(shard), config.superseded_days, now):
            yield ("superseded" if counted == "data" else counted), found


def _is_old(since: str | None, days: int | None, now: datetime) -> bool:
    if since is None or days is None:
        return False
    return datetime.fromisoformat(since) + timedelta(days=days) <= now
