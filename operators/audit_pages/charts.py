"""Charts as numbers that a template draws as SVG: what was removed over time, by type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from typing import NamedTuple

WIDTH, HEIGHT = 720, 220
_LEFT, _BOTTOM, _TOP = 56, 24, 8
_TYPES = 7
_MOST_COLUMNS = 31
_WIDEST = 40.0
_OTHER = "other types"


class Segment(NamedTuple):
    """A part of a column; ``series`` picks its colour and pattern."""

    series: int
    kind: str
    amount: int
    y: float
    height: float


class Column(NamedTuple):
    """All of one day, week or month."""

    label: str
    shown: bool
    x: float
    width: float
    total: int
    segments: list[Segment]


class Tick(NamedTuple):
    """A line across, with its value."""

    value: int
    y: float


class Stacked(NamedTuple):
    """A chart of stacked columns.

    Attributes:
        unit: ``day``, ``week`` or ``month``.
        legend: (series, type, total), the largest first.
    """

    unit: str
    columns: list[Column]
    ticks: list[Tick]
    legend: list[tuple[int, str, int]]


class Bar(NamedTuple):
    """One bar, as a share of the longest in per cent."""

    label: str
    amount: int
    share: float


def stacked(by_day: Mapping[str, Counter[str]]) -> Stacked | None:
    """The chart of counts by day and type; None without any.

    Args:
        by_day: counts by type, by ISO date.
    """
    unit, spans = _spans({day: counts for day, counts in by_day.items() if counts.total()})
    if not spans:
        return None
    totals = sum(spans.values(), Counter[str]())
    largest = [kind for kind, _ in totals.most_common()]
    named = largest if len(largest) <= _TYPES + 1 else largest[:_TYPES]
    top = _round_up(max(counts.total() for counts in spans.values()))
    room = (WIDTH - _LEFT) / len(spans)
    width = min(_WIDEST, room * 0.7)
    columns = []
    for number, (label, counts) in enumerate(spans.items()):
        x = _LEFT + room * number + (room - width) / 2
        columns.append(
            Column(
                label=label,
                shown=number % (1 + len(spans) // 9) == 0,
                x=x,
                width=width,
                total=counts.total(),
                segments=_segments(counts, named, top),
            )
        )
    legend = [(series, kind, totals[kind]) for series, kind in enumerate(named)]
    rest = totals.total() - sum(count for _, _, count in legend)
    if rest:
        legend.append((len(named), _OTHER, rest))
    ticks = [Tick(top * i // 4, _y(top * i // 4, top)) for i in range(5)] if top >= 4 else []
    return Stacked(unit, columns, ticks or [Tick(0, _y(0, top)), Tick(top, _y(top, top))], legend)


def bars(counts: Mapping[str, int]) -> list[Bar]:
    """The counts as bars, the longest first."""
    longest = max(counts.values(), default=0) or 1
    return [
        Bar(label, count, 100 * count / longest)
        for label, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def _segments(counts: Counter[str], named: list[str], top: int) -> list[Segment]:
    parts = [(series, kind, counts[kind]) for series, kind in enumerate(named) if counts[kind]]
    rest = counts.total() - sum(count for _, _, count in parts)
    if rest:
        parts.append((len(named), _OTHER, rest))
    segments, below = [], 0
    for series, kind, count in parts:
        y = _y(below + count, top)
        segments.append(Segment(series, kind, count, y, _y(below, top) - y))
        below += count
    return segments


def _spans(by_day: Mapping[str, Counter[str]]) -> tuple[str, dict[str, Counter[str]]]:
    """Counts by day, or by week or month where the days are too many; the oldest first.

    Days on which nothing was removed have their place on the axis as well.
    """
    if not by_day:
        return "day", {}
    first, last = (date.fromisoformat(day) for day in (min(by_day), max(by_day)))
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    for unit in ("day", "week", "month"):
        spans: dict[str, Counter[str]] = {_span(day, unit): Counter() for day in days}
        if len(spans) <= _MOST_COLUMNS:
            break
    for named, counts in by_day.items():
        spans[_span(date.fromisoformat(named), unit)].update(counts)
    return unit, dict(list(spans.items())[-_MOST_COLUMNS:])


def _span(day: date, unit: str) -> str:
    if unit == "week":
        year, week, _ = day.isocalendar()
        return f"{year}-W{week:02d}"
    return day.isoformat() if unit == "day" else day.isoformat()[:7]


def _y(value: int, top: int) -> float:
    return HEIGHT - _BOTTOM - (HEIGHT - _BOTTOM - _TOP) * value / top


def _round_up(value: int) -> int:
    """The next number of one digit and zeros that four divides, if it is not tiny."""
    step = 1
    while step * 40 < value:
        step *= 10
    for factor in (4, 8, 12, 16, 20, 24, 28, 32, 36, 40):
        if factor * step >= value:
            return factor * step
    return value
