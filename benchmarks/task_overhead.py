"""What a task costs besides its work: in this process, on worker processes, in Airflow, on Spark.

The input is a row of files with one short record each, every one a batch and a shard of its own,
sealed with the default configuration; one at a time, so that nothing overlaps. "Each further task"
is the median time from the end of one to the end of the next; "before the first" is all from the
start of the program to the end of the first: imports, models, Java. CPU seconds are those of all
processes together. What is over the first row is the engine's share.

``dag.test()`` runs Airflow's tasks one after the other in one process. An executor (local,
Celery, Kubernetes) starts a process for each, which imports the program and loads the models
again: a task pays "before the first" of the first row besides, and waits for the scheduler.

    python benchmarks/task_overhead.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).resolve().parents[1]
TARGET = REPOSITORY / "docs" / "benchmarks" / "task_overhead.md"
ROUNDS, TASKS = 3, 12
QUICK = 1, 6
TICKS = os.sysconf("SC_CLK_TCK")
_SPARK = {"engine": "spark", "master": "local[1]"}


class Engine(NamedTuple):
    """A way to run the seal step."""

    key: str
    name: str
    needs: tuple[str, ...]
    settings: dict[str, Any]


ENGINES = (
    Engine("here", "in this process (`--workers 1`)", (), {"workers": 1}),
    Engine("pool", "worker processes (`--workers 2`)", (), {"workers": 2}),
    Engine("airflow", "Airflow mapped task (`dag.test()`)", ("airflow",), {"workers": 1}),
    Engine("spark", "Spark job (`local[1]`)", ("pyspark", "pandas"), _SPARK),
)


class Moment(NamedTuple):
    """Seconds since the program began, by the clock and of all its processes' work."""

    wall: float
    cpu: float


def moment() -> Moment:
    """Now."""
    parents, works = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:  # it has just ended
            continue
        process = int(stat.parent.name)
        parents[process] = int(fields[1])
        works[process] = sum(map(int, fields[11:15])) / TICKS, int(fields[19]) / TICKS
    ours = {os.getpid()}
    while more := {child for child, parent in parents.items() if parent in ours} - ours:
        ours |= more
    since_boot = time.clock_gettime(time.CLOCK_BOOTTIME)
    return Moment(since_boot - works[os.getpid()][1], sum(works[process][0] for process in ours))


def work(engine: str, config: dict[str, Any]) -> list[Moment]:
    """Run it all in this process; when each task ended."""
    ends: list[Moment] = []
    if engine == "airflow":
        in_airflow(lambda: ends.append(moment()))
        return ends
    from redactory.config import RunConfig
    from redactory.pipeline.run import run
    from redactory.pipeline.setup import RunSetup

    run(RunSetup(RunConfig.parse(config)), progress=lambda _: ends.append(moment()))
    return ends


def in_airflow(ended: Callable[[], None]) -> None:
    """Run the DAG of the repository; ``ended`` is called after each mapped task's work."""
    from airflow.dag_processing.dagbag import DagBag
    from airflow.utils.db import initdb

    import redactory.pipeline as steps

    seal_batch = steps.seal_batch

    def noted(*arguments: Any, **options: Any) -> dict[str, Any]:
        result = seal_batch(*arguments, **options)
        ended()
        return result

    steps.seal_batch = noted
    initdb()
    DagBag(dag_folder=str(REPOSITORY)).dags["redactory_ingest"].test()


def measure(engine: Engine, tasks: int) -> list[Moment]:
    """Run an engine in a program and a home of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        for number in range(tasks):
            record = {"id": str(number), "text": f"Write to user{number}@example.org today."}
            (folder / "in" / f"{number:03}.jsonl").write_text(json.dumps(record) + "\n")
        config = {"input": [f"{name}/in"], "output": f"{name}/out", "bytes_per_batch": 1}
        config |= engine.settings
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in config.items()]
        (folder / "standing.toml").write_text("".join(lines))
        done = subprocess.run(
            [sys.executable, __file__, "--one", engine.key, json.dumps(config)],
            env=os.environ | environment(folder),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            sys.exit(f"{engine.name} failed: {done.stderr[-2000:]}")
        (line,) = (text for text in done.stdout.splitlines() if text.startswith("ENDS "))
        return [Moment(*each) for each in json.loads(line.removeprefix("ENDS "))]


def environment(folder: Path) -> dict[str, str]:
    """Homes below ``folder``, for Airflow as for us."""
    bundle = {
        "name": "repo",
        "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle",
        "kwargs": {"path": str(REPOSITORY)},
    }
    path = [str(REPOSITORY), os.environ.get("PYTHONPATH", "")]
    return {
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps([bundle]),
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        "REDACTORY_CONFIG": str(folder / "standing.toml"),
        "REDACTORY_HOME": str(folder / "home"),
    }


def run(rounds: int, tasks: int) -> list[dict[str, Any]]:
    """A case for each engine that is installed; engines take turns."""
    here = [engine for engine in ENGINES if all(map(find_spec, engine.needs))]
    seen: dict[str, list[list[Moment]]] = {engine.key: [] for engine in here}
    for _ in range(rounds):
        for engine in here:
            seen[engine.key].append(measure(engine, tasks))
    return [case(engine, seen[engine.key]) for engine in here]


def case(engine: Engine, runs: list[list[Moment]]) -> dict[str, Any]:
    """Medians over all rounds."""
    facts: dict[str, Any] = {"key": engine.key, "name": engine.name}
    for number, clock in enumerate(Moment._fields):
        steps = [b[number] - a[number] for ends in runs for a, b in pairwise(ends)]
        facts[f"first_{clock}_s"] = round(statistics.median(ends[0][number] for ends in runs), 2)
        facts[f"task_{clock}_s"] = round(statistics.median(steps), 3)
    return facts


def ratios(cases: list[dict[str, Any]]) -> dict[str, float]:
    """What an engine adds to each task, in milliseconds of CPU time."""
    here = cases[0]["task_cpu_s"]
    return {
        f"{case['key']}_task_cpu_ms": round((case["task_cpu_s"] - here) * 1000)
        for case in cases[1:]
    }


def table(cases: list[dict[str, Any]]) -> str:
    """Markdown."""
    rows = [
        "| engine | each further task, s | CPU s | before the first, s | CPU s |",
        "|---|---:|---:|---:|---:|",
    ]
    keys = ("name", "task_wall_s", "task_cpu_s", "first_wall_s", "first_cpu_s")
    rows += ["| " + " | ".join(str(case[key]) for key in keys) + " |" for case in cases]
    return "\n".join(rows)


def machine() -> str:
    """What this ran on."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}"


def main() -> None:
    """Measure, print, and (in full) write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="one round of few tasks")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        engine, config = options.one
        print("ENDS " + json.dumps(work(engine, json.loads(config))))
        return
    rounds, tasks = QUICK if options.quick else (ROUNDS, TASKS)
    cases = run(rounds, tasks)
    if options.json:
        found = {"name": "task_overhead", "machine": machine()}
        print(json.dumps(found | {"cases": cases, "ratios": ratios(cases)}))
        return
    busy = f"{os.getloadavg()[0]:.1f} processes were running"
    about = __doc__.partition("\n\n")[2].partition("\n\n    python")[0]
    page = f"# Overhead of a task\n\n`python benchmarks/task_overhead.py` on {machine()}; {busy}.\n"
    page += f"\n{about}\n\n{rounds} rounds of {tasks} tasks.\n\n{table(cases)}\n\n"
    page += "".join(f"* {name}: {value}\n" for name, value in ratios(cases).items())
    print(page)
    if not options.quick:
        TARGET.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
