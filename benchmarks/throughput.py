"""How fast personal data is found, beside Presidio and scrubadub, and where the time goes.

    python benchmarks/throughput.py [--peers CACHE] [--quick] [--json]

Same texts and same run for all; each system in a process of its own with one thread, CPU seconds,
the best of up to five runs. ``rules`` is this project with all its rules, ``same-rules`` its engine
with the rules of Presidio's default registry and no others. CACHE holds the environment that
benchmarks/detection.py made for scrubadub; without it that peer is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.timing.page import plot, render
from benchmarks.timing.texts import BOOK, LETTER, REPORT, cut, dense, prose, register

HERE = Path(__file__).resolve().parent / "timing"
TARGET = HERE.parents[1] / "docs" / "benchmarks" / "throughput.md"
# Characters of a case; peers and name models take a tenth of it where they are slow.
FULL, QUICK = 1_000_000, 100_000
SLOW = ("names", "fast-names", "presidio", "presidio-batch", "scrubadub")
SYSTEMS = ("rules", "same-rules", "names", "fast-names", "presidio", "presidio-batch", "scrubadub")
RUNS = (("none", "off"), ("none", "gate"), ("embedded", "off"), ("embedded", "gate"))


def cases(name: str, size: int) -> dict[str, list[str]]:
    """The texts of a system, by case."""
    size = max(size // 10, LETTER * 3) if name in SLOW else size
    chosen = {"prose": cut(prose(size), LETTER), "dense": dense(size)}
    if name in ("rules", "presidio"):
        chosen["prose, reports"] = cut(prose(size), REPORT)
    if name in ("rules", "same-rules", "presidio"):
        joined = "\n\n".join(dense(size))
        chosen["dense, letters"] = cut(joined, LETTER)
        chosen["dense, reports"] = cut(joined, REPORT)
        # The slowest for peers: two documents say enough.
        values = register(2 * REPORT if name in SLOW else size // 4)
        chosen["register, letters"] = cut(values, LETTER)[: 2 if name in SLOW else None]
        chosen["register, reports"] = cut(values, REPORT)
    if name == "rules":
        chosen["prose, one text"] = cut(prose(size), BOOK)
        chosen["dense, one text"] = cut(joined, BOOK)
    return chosen


def told(python: Path, script: str, *arguments: str) -> dict[str, Any] | None:
    """What a process of its own measured; None when it failed."""
    root = HERE.parents[1]
    environment = {**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [str(python), str(HERE / script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if done.returncode:
        sys.stderr.write(f"{arguments[0]} failed: {done.stderr.strip().splitlines()[-1:]}\n")
        return None
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def speeds(folder: Path, size: int, peers: Path | None) -> dict[str, dict[str, Any]]:
    """Speed (kB per CPU second) of each system and case, and its peak memory."""
    measured = {}
    for name in SYSTEMS:
        python = Path(sys.executable)
        if name == "scrubadub":
            python = (peers or Path("absent")).absolute() / "scrubadub" / "bin" / "python"
            if not python.exists():
                sys.stderr.write("scrubadub is left out: no --peers with its environment\n")
                continue
        texts = cases(name, size)
        place = folder / f"{name}.json"
        place.write_text(json.dumps(texts), encoding="utf-8")
        sys.stderr.write(f"{name}\n")
        answer = told(python, "systems.py", name, str(place))
        if answer is not None:
            measured[name] = {
                "speed": {
                    case: sum(len(t.encode()) for t in texts[case]) / seconds / 1000
                    for case, seconds in answer["cpu_s"].items()
                },
                "peak_mb": answer["peak_bytes"] / 1e6,
            }
    return measured


def pipelines(folder: Path, size: int) -> dict[str, dict[str, Any]]:
    """Whole runs: kB per CPU second of detection alone and of everything, seconds by stage."""
    measured = {}
    for ner, gate in RUNS:
        texts = dense(2 * size if ner == "none" else size // 4)
        place = folder / f"run-{ner}.json"
        place.write_text(json.dumps(texts), encoding="utf-8")
        sys.stderr.write(f"pipeline: names {ner}, gate {gate}\n")
        answer = told(Path(sys.executable), "stages.py", str(place), ner, gate)
        if answer is not None:
            answer["kilobytes"] = sum(len(t.encode()) for t in texts) / 1000
            measured[f"{ner}, gate {'on' if gate == 'gate' else 'off'}"] = answer
    return measured


def floor(folder: Path) -> dict[str, Any] | None:
    """What the bare name model costs."""
    place = folder / "floor.json"
    place.write_text(json.dumps(cut(prose(QUICK), LETTER)), encoding="utf-8")
    sys.stderr.write("floor\n")
    return told(Path(sys.executable), "floor.py", str(place))


def two_workers(folder: Path, size: int) -> dict[str, float]:
    """Times as fast, by the clock and by the CPU seconds of the process that worked longest."""
    place = folder / "workers.json"
    place.write_text(json.dumps(cut(prose(size // 3), LETTER // 4)), encoding="utf-8")
    answers = []
    for workers in ("1", "2"):
        sys.stderr.write(f"workers: {workers}\n")
        answers.append(told(Path(sys.executable), "workers.py", str(place), "embedded", workers))
    one, two = answers
    if not one or not two:
        return {}
    return {
        "two_workers": one["seconds"] / two["seconds"],
        "two_workers_cpu": one["cpu_s"] / two["cpu_s"],
    }


def ratios(
    measured: dict[str, dict[str, Any]], runs: dict[str, dict[str, Any]], workers: dict[str, float]
) -> dict[str, float]:
    """The figures that are compared over time; what could not be measured is absent."""

    def speed(name: str, case: str) -> float | None:
        known: float | None = measured.get(name, {}).get("speed", {}).get(case)
        return known

    def ratio(one: float | None, other: float | None) -> float | None:
        return one / other if one and other else None

    def share(name: str) -> float | None:
        run = runs.get(name)
        return run["stages"]["detect"] / run["cpu_s"] if run else None

    ours = {
        "rules_vs_presidio_dense": ratio(speed("rules", "dense"), speed("presidio", "dense")),
        "rules_vs_presidio_dense_reports": ratio(
            speed("rules", "dense, reports"), speed("presidio", "dense, reports")
        ),
        "rules_vs_presidio_register": ratio(
            speed("rules", "register, letters"), speed("presidio", "register, letters")
        ),
        "rules_vs_presidio_register_reports": ratio(
            speed("rules", "register, reports"), speed("presidio", "register, reports")
        ),
        "rules_vs_presidio_prose": ratio(speed("rules", "prose"), speed("presidio", "prose")),
        "same_rules_vs_presidio_dense": ratio(
            speed("same-rules", "dense"), speed("presidio", "dense")
        ),
        "same_rules_vs_presidio_register_reports": ratio(
            speed("same-rules", "register, reports"), speed("presidio", "register, reports")
        ),
        "same_rules_vs_presidio_prose": ratio(
            speed("same-rules", "prose"), speed("presidio", "prose")
        ),
        "rules_kB_per_cpu_s": speed("rules", "prose"),
        "ner_kB_per_cpu_s": speed("names", "prose"),
        "fast_ner_kB_per_cpu_s": speed("fast-names", "prose"),
        **workers,
        "long_doc_cost": ratio(speed("rules", "prose"), speed("rules", "prose, one text")),
        "long_dense_doc_cost": ratio(
            speed("rules", "dense, letters"), speed("rules", "dense, one text")
        ),
        "pipeline_vs_detection": share("embedded, gate off"),
        "pipeline_gated_vs_detection": share("embedded, gate on"),
        "rules_pipeline_vs_detection": share("none, gate off"),
        "rules_pipeline_gated_vs_detection": share("none, gate on"),
    }
    return {name: round(value, 3) for name, value in ours.items() if value is not None}


def main() -> None:
    """Measure, print, and (in full) write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--peers", type=Path, help="folder of the peers' environments")
    parser.add_argument("--quick", action="store_true", help="a tenth of the text; no page")
    parser.add_argument("--json", action="store_true", help="print one JSON object; no page")
    options = parser.parse_args()
    size = QUICK if options.quick else FULL
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measured = speeds(folder, size, options.peers)
        runs = pipelines(folder, size)
        workers = two_workers(folder, size)
        least = floor(folder)
    figures = ratios(measured, runs, workers)
    machine = (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}; "
        f"{os.getloadavg()[1]:.1f} processes were running"
    )
    if options.json:
        rows = [{"name": name, **case} for name, case in measured.items()]
        rows += [{"name": f"pipeline: {name}", **run} for name, run in runs.items()]
        about = {"name": "throughput", "machine": machine, "cases": rows, "ratios": figures}
        about["floor"] = least
        print(json.dumps(about))
        return
    page = render(machine, measured, runs, figures, least)
    print(page)
    if not options.quick:
        TARGET.write_text(page, encoding="utf-8")
        TARGET.with_suffix(".svg").write_text(plot(runs), encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parents[1]))
    main()
