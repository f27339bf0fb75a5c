"""Does peak memory stay flat when the input grows tenfold?

Two jobs, each at two sizes ten times apart, one process each, peak resident set as the kernel
accounts it when the process has ended:

* ``seal``: reading and sealing with an empty rule set (50 and 500 MB);
* ``pipeline``: the whole pipeline with the policy ``gdpr`` (5 and 50 MB).

    python benchmarks/memory.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

MEGABYTE = 1_000_000
LIMIT = 1.15
SIZES = {"seal": (50, 500), "pipeline": (5, 50)}
QUICK_SIZES = {"seal": (10, 100), "pipeline": (0.5, 2)}
TARGET = Path(__file__).resolve().parents[1] / "docs" / "benchmarks" / "memory.md"

_WORDS = (
    "the patient was seen again after two weeks and reported that the pain had eased while "
    "walking but returned at night the plan is to continue as before and to review in spring "
    "our branch has received your letter about the standing order and will answer in writing"
).split()


def write_input(path: Path, megabytes: float) -> None:
    """Prose records of about 700 bytes, one in ten with an e-mail address."""
    draw = random.Random(7)
    written = number = 0
    with path.open("w", encoding="utf-8") as file:
        while written < megabytes * MEGABYTE:
            text = " ".join(draw.choices(_WORDS, k=120))
            if number % 10 == 0:
                text += f" Write to user{number}@example.org."
            line = json.dumps({"id": f"r{number}", "text": text}) + "\n"
            file.write(line)
            written += len(line)
            number += 1


def work(job: str, source: Path, output: Path) -> None:
    """One case, in a process of its own."""
    from redactory.config import RunConfig
    from redactory.pipeline.run import run
    from redactory.pipeline.sanitise import Sanitised
    from redactory.pipeline.setup import RunSetup

    class KeepAll:
        """The empty rule set."""

        def sanitise(self, batch: Any) -> Sanitised:
            return Sanitised(kept=batch, refused=(), entities={}, operators={})

        def check_labels(self, labels: Any) -> None:
            pass

    config = RunConfig(input=(str(source),), output=str(output), workers=1)
    if job == "seal":
        run(RunSetup(config, describe=lambda: {"engine": "none"}), sanitiser=KeepAll())
    else:
        run(RunSetup(config))


def measure(job: str, megabytes: float) -> dict[str, Any]:
    """Run one case and return its peak memory, CPU and wall time."""
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder) / "in.jsonl", Path(folder) / "out"
        write_input(source, megabytes)
        environment = os.environ | {"REDACTORY_HOME": f"{folder}/home", "OMP_NUM_THREADS": "1"}
        began = time.monotonic()
        child = subprocess.Popen(
            [sys.executable, __file__, "--work", job, str(source), str(output)],
            env=environment,
            stderr=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(child.pid, 0)
        if status:
            sys.exit(f"the case {job} {megabytes} MB failed")
    return {
        "job": job,
        "input_mb": megabytes,
        "peak_mb": round(usage.ru_maxrss * 1024 / MEGABYTE, 1),
        "cpu_s": round(usage.ru_utime + usage.ru_stime, 1),
        "wall_s": round(time.monotonic() - began, 1),
    }


def machine() -> str:
    """What this ran on."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}"


def table(cases: list[dict[str, Any]], ratios: dict[str, float]) -> str:
    """The result as Markdown."""
    lines = ["| job | input MB | peak MB | CPU s | wall s |", "|---|---:|---:|---:|---:|"]
    lines += [
        f"| {c['job']} | {c['input_mb']} | {c['peak_mb']} | {c['cpu_s']} | {c['wall_s']} |"
        for c in cases
    ]
    lines += ["", "| growth of the peak, tenfold input | ratio |", "|---|---:|"]
    lines += [f"| {name} | {value:.3f} |" for name, value in ratios.items()]
    return "\n".join(lines)


def plot(cases: list[dict[str, Any]]) -> str:
    """The peaks as an SVG bar chart."""
    scale = 360 / max(case["peak_mb"] for case in cases)
    bars = [
        f'<text x="150" y="{26 + 30 * n}" text-anchor="end">{c["job"]} {c["input_mb"]} MB</text>'
        f'<rect x="160" y="{12 + 30 * n}" width="{c["peak_mb"] * scale:.0f}" height="20" '
        f'fill="#0b63ce"/><text x="{168 + c["peak_mb"] * scale:.0f}" y="{26 + 30 * n}">'
        f"{c['peak_mb']:.0f}</text>"
        for n, c in enumerate(cases)
    ]
    height = 30 * len(cases) + 20
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 {height}" width="600" '
        'font-family="sans-serif" font-size="13" role="img" aria-label="Peak memory in MB by job '
        f'and input size"><rect width="600" height="{height}" fill="#ffffff"/>'
        + "".join(bars)
        + "</svg>\n"
    )


def main() -> None:
    """Measure, print, and (in full) write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, a minute or two")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--job", choices=sorted(SIZES), help="only this job")
    parser.add_argument("--work", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.work:
        work(options.work[0], Path(options.work[1]), Path(options.work[2]))
        return
    sizes = QUICK_SIZES if options.quick else SIZES
    jobs = [options.job] if options.job else list(sizes)
    cases = [measure(job, size) for job in jobs for size in sizes[job]]
    peaks = {(c["job"], c["input_mb"]): c["peak_mb"] for c in cases}
    ratios = {
        f"{job}_peak_cost": round(peaks[job, sizes[job][1]] / peaks[job, sizes[job][0]], 3)
        for job in jobs
    }
    if options.json:
        print(
            json.dumps({"name": "memory", "machine": machine(), "cases": cases, "ratios": ratios})
        )
        return
    page = (
        "# Peak memory\n\n`python benchmarks/memory.py` on "
        f"{machine()}. Peak resident set of one process, input ten times as large.\n\n"
        f"{table(cases, ratios)}\n\n![Peak memory in MB](memory.svg)\n"
    )
    print(page)
    if not options.quick and not options.job:
        TARGET.parent.mkdir(parents=True, exist_ok=True)
        TARGET.write_text(page, encoding="utf-8")
        TARGET.with_suffix(".svg").write_text(plot(cases), encoding="utf-8")
    if any(ratio > LIMIT for ratio in ratios.values()):
        sys.exit(f"over the limit of {LIMIT}")


if __name__ == "__main__":
    main()
