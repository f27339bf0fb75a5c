"""Quality against speed as an SVG: one panel a set, one point a system."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from math import ceil, floor, log10
from typing import Final, NamedTuple

_WIDTH, _HEIGHT = 400, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 20, 46, 52
_LETTER, _LINE = 7.0, 14.0  # width and height of a letter, about
_COLOURS: Final = ("#0b63ce", "#b04a00", "#18733a", "#6a3fc4", "#b4175b", "#55606c")


class Point(NamedTuple):
    """A system in a panel: kB per CPU second, and a score between 0 and 1."""

    name: str
    speed: float
    quality: float


class Box(NamedTuple):
    """Where a name stands: left edge, base line, width."""

    left: float
    base: float
    width: float

    def meets(self, other: Box) -> bool:
        """Whether the two would overlap."""
        beside = self.left < other.left + other.width and other.left < self.left + self.width
        return beside and abs(self.base - other.base) < _LINE


class Panel(NamedTuple):
    """One set: what is on the vertical axis, and its points."""

    title: str
    points: Sequence[Point]


def plot(panels: Sequence[Panel]) -> str:
    """The panels side by side, speed on a logarithmic axis."""
    width = _WIDTH * len(panels)
    told = "; ".join(
        f"{panel.title}: "
        + ", ".join(f"{p.name} {p.quality:.2f} at {p.speed:,.0f} kB/s" for p in panel.points)
        for panel in panels
    )
    drawn = "".join(
        f'<g transform="translate({_WIDTH * place} 0)">{_panel(panel)}</g>'
        for place, panel in enumerate(panels)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" width="{width}" '
        f'font-family="sans-serif" font-size="12" role="img" aria-label="{escape(told)}">'
        f'<rect width="{width}" height="{_HEIGHT}" fill="#ffffff"/>{drawn}</svg>\n'
    )


def _panel(panel: Panel) -> str:
    first = floor(log10(min(point.speed for point in panel.points)))
    last = max(ceil(log10(max(point.speed for point in panel.points))), first + 1)
    across, down = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def x(speed: float) -> float:
        return _LEFT + across * (log10(speed) - first) / (last - first)

    def y(quality: float) -> float:
        return _TOP + down * (1 - quality)

    parts = [f'<text x="{_LEFT}" y="22" font-weight="bold">{escape(panel.title)}</text>']
    for tenth in range(0, 11, 2):
        parts += [
            f'<path d="M{_LEFT} {y(tenth / 10):.1f}h{across}" stroke="#d0d7de"/>',
            (
                f'<text x="{_LEFT - 8}" y="{y(tenth / 10) + 4:.1f}" text-anchor="end">'
                f"{tenth / 10:.1f}</text>"
            ),
        ]
    for power in range(first, last + 1):
        parts += [
            f'<path d="M{x(10**power):.1f} {_TOP}v{down}" stroke="#d0d7de"/>',
            (
                f'<text x="{x(10**power):.1f}" y="{_TOP + down + 18}" text-anchor="middle">'
                f"{10**power:,}</text>"
            ),
        ]
    parts.append(
        f'<text x="{_LEFT + across / 2:.0f}" y="{_HEIGHT - 12}" text-anchor="middle">'
        "kB per CPU second</text>"
    )
    boxes: list[Box] = []
    for colour, point in zip(_COLOURS, panel.points, strict=False):
        at, height = x(point.speed), y(point.quality)
        boxes.append(_free(at, height, point.name, boxes))
        parts += [
            f'<circle cx="{at:.1f}" cy="{height:.1f}" r="5" fill="{colour}"/>',
            (
                f'<text x="{boxes[-1].left:.1f}" y="{boxes[-1].base:.1f}" '
                f'fill="{colour}">{escape(point.name)}</text>'
            ),
        ]
    return "".join(parts)


def _free(x: float, y: float, name: str, taken: Sequence[Box]) -> Box:
    """A place for a point's name: right of it or left, then ever further up."""
    width = _LETTER * len(name)
    sides = [side for side in (x + 9, x - 9 - width) if _LEFT <= side <= _WIDTH - width]
    places = [Box(side, y + 4 - _LINE * step, width) for step in range(9) for side in sides]
    return next(
        (place for place in places if not any(place.meets(other) for other in taken)), places[0]
    )
