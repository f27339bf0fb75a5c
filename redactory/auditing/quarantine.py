"""What was withheld and waits for a decision: counts and reasons, nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from redactory.auditing.facts import LogFacts
from redactory.auditing.watch import Look
from sealed_shards.layout import QUARANTINE


@dataclass
class Withheld:
    """The quarantine of a dataset.

    Attributes:
        records: in shards whose keys still exist.
        decided: of which a person decided: the runs that withheld them were released or
            refused, or a statement counts the records.
        reasons: records by reason.
        leaves: numbers of the statements on these shards, the newest first.
    """

    dataset: str
    records: int = 0
    decided: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    leaves: list[int] = field(default_factory=list)

    @property
    def waiting(self) -> int:
        """Records that wait for a decision."""
        return max(0, self.records - self.decided)


def withheld(look: Look, dataset: str) -> Withheld:
    """What lies in the quarantine of ``dataset``."""
    facts = look.facts
    if facts is None or dataset not in facts.datasets:
        return Withheld(dataset)
    return look.once(f"quarantine of {dataset}", lambda: _gather(facts, dataset))


def _gather(log: LogFacts, dataset: str) -> Withheld:
    facts = log.datasets[dataset]
    found = Withheld(dataset, decided=facts.decided)
    rows = log.rows
    for (area, shard), recorded in log.evidence.head(dataset).shards.items():
        if area == QUARANTINE and not recorded.shredded:
            leaf = facts.sealed[area, shard]
            found.records += recorded.header.rows
            found.leaves.append(leaf)
            if rows[leaf].run in facts.decisions:
                found.decided += recorded.header.rows
    found.leaves.sort(reverse=True)
    for reasons in log.evidence.reasons.get(dataset, {}).values():
        found.reasons.update(reasons)
    return found
