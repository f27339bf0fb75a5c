"""Counters for whoever watches the deployment, through Airflow's own StatsD or OpenTelemetry.

They hold numbers, entity types and reason codes, and leave out what the log leaves out. The type
is the last part of the name, because plain StatsD knows no tags::

    redactory.records   redactory.quarantined   redactory.findings.<type>   redactory.reasons.<code>
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk.observability import stats

if TYPE_CHECKING:
    from redactory.pipeline.counts import Counts


def emit(counts: Counts) -> None:
    """Count what a batch did."""
    _add("records", counts.records)
    _add("quarantined", counts.quarantined)
    for entity_type, count in counts.findings.items():
        _add(f"findings.{entity_type}", count)
    for reason, count in counts.reasons.items():
        _add(f"reasons.{reason}", count)


def _add(name: str, count: int) -> None:
    if count:
        stats.incr(f"redactory.{name}", count)
