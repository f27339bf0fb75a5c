"""What a batch did, in numbers that may leave for a monitoring system."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redactory.pipeline.setup import RunSetup
from redactory.pipeline.state import RunState
from redactory.suppression import suppressed


@dataclass(frozen=True)
class Counts:
    """Sums over the shards that a batch sealed; those that were sealed before do not count.

    Attributes:
        shards: ids of those shards.
        records: records read.
        quarantined: of them withheld.
        findings: replaced values by entity type; counts too small to tell are left out.
        reasons: withheld records by reason, likewise.
    """

    shards: tuple[str, ...]
    records: int
    quarantined: int
    findings: Mapping[str, int]
    reasons: Mapping[str, int]


def counts(setup: RunSetup, run_id: str, result: Mapping[str, Any]) -> Counts:
    """Count what the seal step of a batch left.

    Raises:
        IntegrityError: its result is missing or was changed.
    """
    batch = RunState(setup.folder, run_id).read_result(result)
    new = [outcome for outcome in batch.outcomes if not outcome.data.adopted]
    entities: Counter[str] = Counter()
    operators: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for outcome in new:
        entities.update(outcome.entities)
        operators.update(outcome.operators)
        reasons.update(outcome.reasons)
    limit = setup.suppress_below
    return Counts(
        shards=tuple(outcome.shard for outcome in new),
        records=sum(outcome.rows_in for outcome in new),
        quarantined=sum(outcome.quarantined for outcome in new),
        findings=suppressed({"entities": entities, "operators": operators}, limit)["entities"],
        reasons=suppressed({"reasons": reasons}, limit)["reasons"],
    )
