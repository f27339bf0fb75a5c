"""The page of benchmarks/sealing.py: tables in Markdown and a bar chart."""

from __future__ import annotations

from typing import Any

JOBS = ("write", "read", "projected")
WANTED = {
    "write_cost": "≤ 1.1",
    "read_cost": "≤ 1.15",
    "projected_cost": "≤ 1.25",
    "size_cost": "≤ 1.001",
    "over_defaults.write_cost": "≤ 1.1",
    "over_defaults.read_cost": "≤ 1.15",
    "over_defaults.projected_cost": "≤ 1.25",
    "over_defaults.size_cost": "≤ 1.001",
    "rotate_per_s": "≥ 300",
    "verify_vs_sha256": "≥ 0.9 (or the disk)",
    "verify_vs_openssl_dgst": "≥ 1",
    "verify_cold_vs_disk": "≥ 0.9 where hashing is faster than the disk",
}


def table(cases: list[dict[str, Any]], ratios: dict[str, float]) -> str:
    """The result as Markdown."""
    lines = [
        "| way | files | write CPU s | read CPU s | projected CPU s | MB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {c['name']} | {c['files']} | {c['write_s']:.3f} | {c['read_s']:.3f} "
        f"| {c['projected_s']:.4f} | {c['mb']:.2f} |"
        for c in cases
    ]
    lines += [
        "",
        "| sealed, over plain | write | its primitives alone | read | its primitives alone |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {c['name']} | {ratios[prefix(c) + 'write_cost']:.2f} | {c['write_floor']:.2f} "
        f"| {ratios[prefix(c) + 'read_cost']:.2f} | {c['read_floor']:.2f} |"
        for c in cases
        if "write_floor" in c
    ]
    lines += ["", "| ratio | value | wanted |", "|---|---:|---:|"]
    lines += [f"| {name} | {value:g} | {WANTED.get(name, '')} |" for name, value in ratios.items()]
    return "\n".join(lines)


def plot(cases: list[dict[str, Any]], ratios: dict[str, float]) -> str:
    """CPU time over that of the plain files, as an SVG bar chart."""
    rows = [(job, case) for job in JOBS for case in cases if case["base"]]
    values = [ratios[f"{prefix(case)}{job}_cost"] for job, case in rows]
    scale, bars = 280 / max(values), []
    for line, ((job, case), value) in enumerate(zip(rows, values, strict=True)):
        y, colour = 12 + 26 * line, "#0b63ce" if case["key"] in ("sealed", "small") else "#8a94a3"
        bars.append(
            f'<text x="280" y="{y + 14}" text-anchor="end">{job}: {case["name"]}</text>'
            f'<rect x="290" y="{y}" width="{value * scale:.0f}" height="18" fill="{colour}"/>'
            f'<text x="{296 + value * scale:.0f}" y="{y + 14}">{value:.2f}</text>'
        )
    mark, height = 290 + scale, 26 * len(rows) + 20
    line = f'<path d="M{mark:.0f} 4V{height - 6}" stroke="#b00020" stroke-dasharray="4 3"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 630 {height}" width="630" '
        'font-family="sans-serif" font-size="13" role="img" aria-label="CPU time of sealed shards, '
        'a GCM stream and age, over that of plain Parquet">'
        f'<rect width="600" height="{height}" fill="#ffffff"/>{"".join(bars)}{line}</svg>\n'
    )


def prefix(case: dict[str, Any]) -> str:
    """What the names of a way's ratios begin with."""
    return "" if case["key"] == "sealed" else f"{case['key']}."
