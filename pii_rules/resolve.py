"""Conflict resolution: from overlapping findings to disjoint spans.

Greedy by a total order: the longer span wins, then the higher score, then the fixed type
order, then the earlier start. The result depends on the set of findings only, never on
their order. (Presidio's anonymizer keeps partial overlaps of different types, which
corrupts the text on replacement.)
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from pii_rules.entities import type_rank
from pii_rules.spans import Span


def resolve(findings: Iterable[Span]) -> list[Span]:
    """Disjoint spans, sorted by column and start.

    Every finding that is left out overlaps a kept one. Empty spans are dropped.
    """
    kept: dict[str, list[Span]] = {}
    for span in sorted({f for f in findings if f.start < f.end}, key=_priority):
        row = kept.setdefault(span.column, [])
        place = bisect_left(row, span.start, key=_start)
        overlaps_left = place > 0 and row[place - 1].end > span.start
        overlaps_right = place < len(row) and row[place].start < span.end
        if not overlaps_left and not overlaps_right:
            row.insert(place, span)
    return [span for column in sorted(kept) for span in kept[column]]


def _start(span: Span) -> int:
    return span.start


def _priority(span: Span) -> tuple[object, ...]:
    validated = {True: 0, None: 1, False: 2}[span.validated]
    return (
        span.start - span.end,
        -span.score,
        type_rank(span.entity_type),
        span.start,
        span.column,
        span.recognizer,
        validated,
    )
