"""The result as Markdown, and as pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil, floor, log10

from learning.measured import Measured
from learning.real_text import Accuracy

_COLOURS = {
    "redactory": "#0b63ce",
    "plain": "#55606c",
    "spu": "#b04a00",
    "spu095": "#18733a",
    "crypten": "#6a3fc4",
    "mpyc": "#b4175b",
}
_WIDTH, _LINE, _NAMES = 720, 24, 250


def table(found: Sequence[Measured], names: Mapping[str, str]) -> str:
    """Every run in a row."""
    lines = [
        (
            "| task | delay | parties | engine | s/epoch | CPU s | MB sent | rounds | MB memory | "
            "accuracy |"
        ),
        "|---|---:|---|---|---:|---:|---:|---:|---:|---:|",
    ]
    for each in found:
        n, t = each.parties
        once = ", one epoch" if each.epochs == 1 else ""
        lines.append(
            f"| {each.task} | {each.delay_ms} ms | ({n},{t}) | {names[each.engine]}{once} "
            f"| {each.seconds:.4g} | {each.cpu_seconds:.4g} | {_or_dash(each.sent_mb)} "
            f"| {_or_dash(each.rounds)} | {each.memory_mb:.0f} | {each.accuracy:.2%} |"
        )
    return "\n".join(lines)


def accuracy_table(found: Sequence[Accuracy]) -> str:
    """Every set in a row."""
    lines = [
        "| set | rows | features | majority | plaintext | trained on shares | points lost |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {a.name} | {a.rows:,} | {a.d:,} | {a.majority:.2%} | {a.plain:.2%} | {a.shared:.2%} "
        f"| {a.gap:.2f} |"
        for a in found
    ]
    return "\n".join(lines)


def ratio_table(ratios: Mapping[str, float], wanted: Mapping[str, str]) -> str:
    """Ratios with what was wanted."""
    lines = ["| ratio | value | wanted |", "|---|---:|---:|"]
    lines += [f"| {k} | {v:.4g} | {wanted.get(k, '')} |" for k, v in ratios.items()]
    return "\n".join(lines)


def plot(found: Sequence[Measured], names: Mapping[str, str]) -> str:
    """Seconds an epoch, on a logarithmic axis, task by task."""
    shown = [each for each in found if each.parties == (3, 1)]
    groups: dict[str, list[Measured]] = {}
    for each in shown:
        delay = f", {each.delay_ms} ms delay" if each.delay_ms else ""
        groups.setdefault(f"{each.task}{delay}", []).append(each)
    low = floor(log10(min(each.seconds for each in shown)))
    high = max(low + 1, ceil(log10(max(each.seconds for each in shown))))
    across = (_WIDTH - _NAMES - 80) / (high - low)
    parts, y = [], 30
    for title, members in groups.items():
        parts.append(f'<text x="8" y="{y}" font-weight="bold">{escape(title)}</text>')
        for each in sorted(members, key=lambda m: m.seconds):
            y += _LINE
            width = max(2.0, (log10(each.seconds) - low) * across)
            parts.append(
                f'<text x="{_NAMES - 8}" y="{y}" text-anchor="end">'
                f"{escape(names[each.engine])}</text>"
                f'<rect x="{_NAMES}" y="{y - 13}" width="{width:.1f}" height="16" '
                f'fill="{_COLOURS[each.engine]}"/>'
                f'<text x="{_NAMES + width + 6:.1f}" y="{y}">{each.seconds:.3g}</text>'
            )
        y += _LINE + 14
    for power in range(low, high + 1):
        x = _NAMES + (power - low) * across
        parts.append(
            f'<path d="M{x:.1f} 12V{y - 20}" stroke="#d0d7de" stroke-dasharray="2 4"/>'
            f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{10.0**power:g} s</text>'
        )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {y + 12}" '
        f'width="{_WIDTH}" font-family="sans-serif" font-size="13" role="img" '
        'aria-label="Seconds an epoch by task and engine, logarithmic">'
        f'<rect width="{_WIDTH}" height="{y + 12}" fill="#ffffff"/>{"".join(parts)}</svg>\n'
    )


def _or_dash(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"
