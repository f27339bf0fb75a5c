"""The page of benchmarks/throughput.py: tables in Markdown, and the stages as bars."""

from __future__ import annotations

from html import escape
from typing import Any

WANTED = {
    "rules_vs_presidio_dense": "≥ 30",
    "rules_vs_presidio_prose": "≥ 10",
    "rules_kB_per_cpu_s": "≥ 3000",
    "ner_kB_per_cpu_s": "≥ 100",
    "two_workers": "≥ 1.8",
    "two_workers_cpu": "≥ 1.8",
    "long_doc_cost": "≤ 1.2",
    "pipeline_vs_detection": "≥ 0.8",
    "pipeline_gated_vs_detection": "≥ 0.45",
}
ABOUT = {
    "rules": "this project, all rules, no names",
    "same-rules": "its engine with the rules of Presidio's default registry only",
    "names": "this project as it comes: all rules and the name models",
    "fast-names": "the same with `--ner fast`",
    "presidio": "Presidio `AnalyzerEngine`, default rules, no names",
    "presidio-batch": "Presidio `BatchAnalyzerEngine`, the same",
    "scrubadub": "scrubadub's defaults",
}
_COLOURS = {
    "detect": "#0b63ce", "redact": "#18733a", "gate": "#b04a00",
    "seal": "#6a3fc4",
    "read": "#8a94a3", "utility": "#b4175b", "record": "#c79a00",
}  # fmt: skip
_REST = "#d0d5dc"
_WANTED_BYTES = 100_000


def render(
    machine: str,
    measured: dict[str, dict[str, Any]],
    runs: dict[str, dict[str, Any]],
    figures: dict[str, float],
    least: dict[str, Any] | None,
) -> str:
    """The page."""
    names = sorted({case for one in measured.values() for case in one["speed"]})
    lines = [
        "# How fast personal data is found",
        "",
        f"`python benchmarks/throughput.py --peers CACHE` on {machine}. kB per CPU second",
        "of one thread, the best of up to five runs; peak memory is of the whole process, with its",
        "libraries. *prose*: technical and encyclopedic English without personal data, in",
        "documents of 6.5 kB (*reports*: 26 kB; *one text*: all of it in one record). *dense*:",
        "invented letters and notes of about 500 characters with twenty spans in a thousand of",
        "them (*letters*, *reports*: the same, joined). *register*: a line a customer, more than",
        "forty spans in a thousand characters. The machine is shared: compare within this run.",
        "`two_workers` is by the clock, which the machine's other work disturbs; `two_workers_cpu`",
        "compares the CPU seconds of the process that worked longest.",
        "",
        "| system | " + " | ".join(names) + " | peak MB |",
        "|---|" + "---:|" * (len(names) + 1),
    ]
    for name, one in measured.items():
        cells = [f"{one['speed'][case]:,.0f}" if case in one["speed"] else "" for case in names]
        lines.append(f"| {ABOUT[name]} | {' | '.join(cells)} | {one['peak_mb']:,.0f} |")
    lines += ["", "| ratio | value | wanted |", "|---|---:|---:|"]
    lines += [f"| {name} | {value:g} | {WANTED.get(name, '')} |" for name, value in figures.items()]
    lines += [
        "",
        "## Where the pipeline's time goes",
        "",
        "Whole runs under the policy `gdpr` over the dense text: CPU seconds by stage. The gate's",
        "own search counts as gate. What a run of one record costs, keys and models and all, is",
        "taken off and stands in the column *start*. `pipeline_*_vs_detection` is the share of",
        "detection in the rest: the pipeline's speed over that of detection.",
        "",
        "![stages](throughput.svg)",
        "",
    ]
    stages = list(dict.fromkeys(s for run in runs.values() for s in run["stages"]))
    lines += ["| run | kB | " + " | ".join(stages) + " | all | start | peak MB |"]
    lines += ["|---|" + "---:|" * (len(stages) + 4)]
    for name, run in runs.items():
        cells = [f"{run['stages'].get(stage, 0):.2f}" for stage in stages]
        lines.append(
            f"| names {name} | {run['kilobytes']:,.0f} | {' | '.join(cells)} | {run['cpu_s']:.2f} "
            f"| {run['start_s']:.2f} | {run['peak_bytes'] / 1e6:,.0f} |"
        )
    return "\n".join([*lines, *_floor(least)]) + "\n"


def _floor(least: dict[str, Any] | None) -> list[str]:
    """What names cost at least, and what would be needed for the speed that is wanted."""
    if least is None:
        return []
    a_piece, adds = least["bytes_a_piece"], least["multiply_adds_a_piece"]
    needed = _WANTED_BYTES / a_piece
    lines = [
        "",
        "## What names cost at least",
        "",
        f"The English model reads {a_piece:.2f} bytes of prose a word piece; the products of its",
        f"layers take {adds / 1e6:.1f} million multiply-adds of eight bits for each. Bare model,",
        "one thread, by the length of its sequences:",
        "",
        "| pieces a sequence | pieces a CPU second | kB a CPU second | 10⁹ multiply-adds a s |",
        "|---:|---:|---:|---:|",
    ]
    for length, speed in least["pieces_per_s"].items():
        lines.append(
            f"| {length} | {speed:,.0f} | {speed * a_piece / 1000:.0f} | {speed * adds / 1e9:.0f} |"
        )
    times = needed / max(least["pieces_per_s"].values())
    return [
        *lines,
        "",
        f"{_WANTED_BYTES / 1000:.0f} kB a second are {needed:,.0f} pieces, that is",
        f"{needed * adds / 1e9:.0f} · 10⁹ multiply-adds, {times:.1f} times what the bare model",
        "reaches at best. So the layers that run for a byte must become fewer by that factor, by a",
        "smaller model or by leaving text out: `--ner fast` does both.",
    ]


def plot(runs: dict[str, dict[str, Any]]) -> str:
    """A bar a run, cut by stage, as shares of its time."""
    width, left, bars, keys = 640, 190, [], []
    for line, (name, run) in enumerate(runs.items()):
        x, y = float(left), 12 + 34 * line
        bars.append(
            f'<text x="{left - 8}" y="{y + 16}" text-anchor="end">names {escape(name)}</text>'
        )
        for stage, seconds in sorted(run["stages"].items(), key=lambda pair: _order(pair[0])):
            wide = seconds / run["cpu_s"] * width
            colour = _COLOURS.get(stage, _REST)
            bars.append(
                f'<rect x="{x:.1f}" y="{y}" width="{wide:.1f}" height="24" fill="{colour}">'
                f"<title>{escape(stage)}: {seconds:.2f} s</title></rect>"
            )
            x += wide
    height = 12 + 34 * len(runs)
    for place, (stage, colour) in enumerate([*_COLOURS.items(), ("other", _REST)]):
        keys.append(
            f'<rect x="{left + 70 * place}" y="{height + 6}" width="12" height="12" '
            f'fill="{colour}"/><text x="{left + 70 * place + 16}" y="{height + 17}">{stage}</text>'
        )
    told = "; ".join(f"{name}: {run['cpu_s']:.1f} CPU seconds" for name, run in runs.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 860 {height + 30}" width="860" '
        f'font-family="sans-serif" font-size="13" role="img" aria-label="{escape(told)}">'
        f'<rect width="860" height="{height + 30}" fill="#ffffff"/>'
        f"{''.join(bars)}{''.join(keys)}</svg>\n"
    )


def _order(stage: str) -> int:
    known = list(_COLOURS)
    return known.index(stage) if stage in known else len(known)
