"""The result as Markdown, and as pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log2, log10
from typing import NamedTuple

from proving.ours import Measured

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 260, 240, 52, 46, 40


class Line(NamedTuple):
    """One measure in a picture: its name, colour and points (x, y)."""

    name: str
    colour: str
    points: Sequence[tuple[float, float]]


class Picture(NamedTuple):
    """Lines over one quantity, both axes logarithmic."""

    title: str
    across: str
    lines: Sequence[Line]


def table(found: Sequence[Measured]) -> str:
    """Every case in a row."""
    lines = [
        (
            "| system | statement | prove, CPU ms | a row | verify, CPU ms | proof, B "
            "| set-up, CPU s | set-up, MB | memory, MB |"
        ),
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {m.system} | {m.case} | {m.prove_s * 1e3:,.1f} | {m.prove_s / m.rows * 1e3:,.3f} "
        f"| {m.verify_s * 1e3:,.1f} | {m.proof_bytes:,} | {_or_dash(m.setup_s, '.1f')} "
        f"| {_or_dash(m.setup_mb, ',.0f')} | {_or_dash(m.memory_mb, ',.0f')} |"
        for m in found
    ]
    return "\n".join(lines)


def sums_table(sums: Mapping[str, float]) -> str:
    """Sums of multiples of points."""
    lines = ["| sum of 1,024 multiples of points | CPU ms |", "|---|---:|"]
    lines += [f"| {name} | {seconds * 1e3:,.2f} |" for name, seconds in sums.items()]
    return "\n".join(lines)


def ratio_table(ratios: Mapping[str, float], wanted: Mapping[str, str]) -> str:
    """Ratios with what was wanted."""
    lines = ["| ratio | value | wanted |", "|---|---:|---:|"]
    lines += [f"| {k} | {v:,.4g} | {wanted.get(k, '')} |" for k, v in ratios.items()]
    return "\n".join(lines)


def growth(title: str, across: str, found: Sequence[tuple[float, Measured]]) -> Picture:
    """How proving, verifying and the proof grow with something."""
    return Picture(
        title,
        across,
        (
            Line("prove, ms", "#0b63ce", [(x, m.prove_s * 1e3) for x, m in found]),
            Line("verify, ms", "#18733a", [(x, m.verify_s * 1e3) for x, m in found]),
            Line("proof, kB", "#b04a00", [(x, m.proof_bytes / 1e3) for x, m in found]),
        ),
    )


def plot(pictures: Sequence[Picture]) -> str:
    """The pictures side by side."""
    width = _WIDTH * len(pictures)
    drawn = "".join(
        f'<g transform="translate({_WIDTH * place} 0)">{_drawn(picture)}</g>'
        for place, picture in enumerate(pictures)
    )
    told = "; ".join(
        f"{picture.title}: {line.name} " + ", ".join(f"{y:.3g} at {x:,.0f}" for x, y in line.points)
        for picture in pictures
        for line in picture.lines
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" width="{width}" '
        f'font-family="sans-serif" font-size="11" role="img" aria-label="{escape(told)}">'
        f'<rect width="{width}" height="{_HEIGHT}" fill="#ffffff"/>{drawn}</svg>\n'
    )


def _drawn(picture: Picture) -> str:
    xs = [log2(x) for line in picture.lines for x, _ in line.points]
    ys = [log10(y) for line in picture.lines for _, y in line.points]
    low, high = floor(min(ys)), max(ceil(max(ys)), floor(min(ys)) + 1)
    left, span = min(xs), max(max(xs) - min(xs), 1)
    wide, tall = _WIDTH - _LEFT - 16, _HEIGHT - _TOP - _BOTTOM

    def at(x: float, y: float) -> tuple[float, float]:
        over = _LEFT + wide * (log2(x) - left) / span
        return over, _TOP + tall * (high - log10(y)) / (high - low)

    parts = [f'<text x="{_LEFT}" y="14" font-weight="bold">{escape(picture.title)}</text>']
    for power in range(low, high + 1):
        y = at(1, 10.0**power)[1]
        parts.append(
            f'<path d="M{_LEFT} {y:.1f}h{wide}" stroke="#d0d7de"/>'
            f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>'
        )
    parts += [
        f'<text x="{at(x, 1)[0]:.1f}" y="{_TOP + tall + 16}" text-anchor="middle">{x:,.0f}</text>'
        for x in sorted({x for line in picture.lines for x, _ in line.points})
    ]
    parts.append(
        f'<text x="{_LEFT + wide / 2:.0f}" y="{_HEIGHT - 8}" text-anchor="middle">'
        f"{escape(picture.across)}</text>"
    )
    for number, line in enumerate(picture.lines):
        places = [at(x, y) for x, y in line.points]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        parts.append(f'<path d="M{path}" fill="none" stroke="{line.colour}" stroke-width="2"/>')
        parts += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{line.colour}"/>' for x, y in places
        ]
        parts.append(
            f'<text x="{_LEFT + 70 * number}" y="30" fill="{line.colour}">{line.name}</text>'
        )
    return "".join(parts)


def _or_dash(value: float | None, shown: str) -> str:
    return "–" if value is None else format(value, shown)
