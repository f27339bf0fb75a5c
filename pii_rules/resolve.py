"""Conflict resolution: from overlapping findings to disjoint spans.

Greedy by a total order: the longer span wins, then the higher score, then the fixed type
order, then the earlier start. The result depends on the set of findings only, never on
their order. (Presidio's anonymizer keeps partial overlaps of different types, which
corrupts the text on replacement.)
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from pii_rules.entities import type_rank
from pii_rules.spans import Span


def resolve(findings: Iterable[Span]) -> list[Span]:
    """Disjoint spans, sorted by column and start.

    Every finding that is left out overlaps a kept one. Empty spans are dropped.
    """
    kept: dict[str, tuple[list[Span], list[int]]] = {}
    for span in sorted({f for f in findings if f.start < f.end}, key=_priority):
        row, starts = kept.setdefault(span.column, ([], []))
        place = bisect_left(starts, span.start)
        overlaps_left = place > 0 and row[place - 1].end > span.start
        overlaps_right = place < len(row) and starts[place] < span.end
        if not overlaps_left and not overlaps_right:
            row.insert(place, span)
            starts.insert(place, span.start)
    return [span for column in sorted(kept) for span in kept[column][0]]


def resolve_covering(texts: Mapping[str, str], findings: Iterable[Span]) -> list[Span]:
    """As ``resolve``; of each finding that a longer one pushes aside, what lies outside stays.

    Of ``12 Baker Street, London`` and ``London SW1`` both halves must go. A remainder without
    a letter or digit is left out.

    Args:
        texts: the record's text by column.
        findings: not yet resolved.
    """
    everything = set(findings)
    kept = resolve(everything)
    if len(kept) == len(everything):
        return kept
    rows: dict[str, list[Span]] = {}
    for span in kept:
        rows.setdefault(span.column, []).append(span)
    chosen = set(kept)
    rest = [span for span in everything if span not in chosen and span.start < span.end]
    remainders = [
        part for span in rest for part in _remainders(span, rows[span.column], texts[span.column])
    ]
    return resolve(everything.union(remainders)) if remainders else kept


def outside(start: int, end: int, taken: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The parts of [start, end) that no range of ``taken`` (disjoint and sorted) covers."""
    parts = []
    for first, last in taken:
        if first >= end:
            break
        if first > start:
            parts.append((start, first))
        start = max(start, last)
    if start < end:
        parts.append((start, end))
    return parts


def ranges_from(row: Sequence[Span], place: int) -> Iterator[tuple[int, int]]:
    """The ranges of ``row`` (disjoint, sorted) from the last one that begins before ``place``."""
    first = max(bisect_left(row, place, key=_start) - 1, 0)
    return ((row[n].start, row[n].end) for n in range(first, len(row)))


def _remainders(span: Span, row: list[Span], text: str) -> list[Span]:
    """What of ``span`` lies outside of the spans of ``row`` (disjoint and sorted)."""
    parts = outside(span.start, span.end, ranges_from(row, span.start))
    return [
        span._replace(start=a, end=b, validated=None)
        for a, b in parts
        if any(c.isalnum() for c in text[a:b])
    ]


def _start(span: Span) -> int:
    return span.start


_VALIDATED: Final = {True: 0, None: 1, False: 2}


def _priority(span: Span) -> tuple[object, ...]:
    return (
        span.start - span.end,
        -span.score,
        type_rank(span.entity_type),
        span.start,
        span.column,
        span.recognizer,
        _VALIDATED[span.validated],
    )
