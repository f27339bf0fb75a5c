"""The shards of a dataset, each with its state."""

from __future__ import annotations

import re
from typing import Final, Literal, NamedTuple

from redactory.areas import IDENTITY
from redactory.auditing.facts import LogFacts
from redactory.auditing.watch import Look
from sealed_shards.access import RecordedShard, ShardKey
from sealed_shards.layout import DATA
from sealed_shards.manifest import Manifest

ShardState = Literal["faulty", "readable", "superseded", "shredded"]
SHARD_STATES: Final[tuple[ShardState, ...]] = ("faulty", "readable", "superseded", "shredded")

_SHARD_FILE = re.compile(
    r"(?:(?P<area>[a-z]+)/)?(?:shards|headers|wraps|chunks)/(?P<shard>[0-9a-f]{32})\."
)


class ShardLine(NamedTuple):
    """A shard as a table shows it.

    Attributes:
        area: data (empty), quarantine, sources or identity.
        state: ``faulty`` (a file is not what was recorded), ``readable``, ``superseded`` (a later
            run made it anew) or ``shredded`` (its keys are destroyed).
        problem: what is wrong with a faulty one.
        removed: values that were replaced in it.
        leaf: number of the statement that sealed it.
    """

    area: str
    shard: str
    version: int
    rows: int
    size: int
    sha256: str
    rules: str
    state: ShardState
    problem: str
    removed: int
    leaf: int


def shard_lines(look: Look, dataset: str) -> list[ShardLine]:
    """All shards of a dataset, those with a fault first, then the newest."""
    facts = look.facts
    if facts is None or dataset not in facts.datasets:
        return []
    return look.once(f"shards of {dataset}", lambda: _lines(look, facts, dataset))


def faulty_shards(look: Look) -> dict[ShardKey, str]:
    """What is wrong with which shard."""
    found: dict[ShardKey, str] = {}
    for file, what in look.problems:
        match = _SHARD_FILE.match(file)
        if match is not None:
            found.setdefault((match["area"] or DATA, match["shard"]), f"{file}: {what}")
    return found


def _lines(look: Look, facts: LogFacts, dataset: str) -> list[ShardLine]:
    evidence, sealed = facts.evidence, facts.datasets[dataset].sealed
    counts = evidence.counts.get(dataset, {})
    faults = faulty_shards(look)
    superseded = _superseded(list(look.watch.manifests(dataset).values()))
    own = dict(evidence.head(dataset).shards)
    own |= {
        (IDENTITY, shard): recorded
        for (_, shard), recorded in evidence.head(f"{dataset}/{IDENTITY}").shards.items()
    }
    lines = []
    for key, recorded in own.items():
        area, shard = key
        header = recorded.header
        redacted = counts.get(shard) if area == DATA else None
        lines.append(
            ShardLine(
                area=area,
                shard=shard,
                version=header.ctx.version,
                rows=header.rows,
                size=header.size,
                sha256=header.sha256,
                rules=header.ctx.policy_digest,
                state=_state(key, recorded, faults, superseded),
                problem=faults.get(key, ""),
                removed=sum(redacted.entities.values()) if redacted else 0,
                leaf=sealed.get(key, 0),
            )
        )
    lines.sort(key=lambda line: (line.state != "faulty", -line.leaf))
    return lines


def _superseded(manifests: list[Manifest]) -> set[str]:
    gone: set[str] = set()
    for manifest in manifests:
        gone.update(manifest.supersedes)
        gone.difference_update(entry.shard for entry in manifest.shards)
    return gone


def _state(
    key: ShardKey, recorded: RecordedShard, faults: dict[ShardKey, str], superseded: set[str]
) -> ShardState:
    if key in faults:
        return "faulty"
    if recorded.shredded:
        return "shredded"
    return "superseded" if key[0] == DATA and key[1] in superseded else "readable"
