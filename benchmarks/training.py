"""Training on shares beside other engines: same rows, batches and epochs, three processes.

Logistic regression by mini-batch gradient descent (batches of 500, from 10,000 rows on of 1,000;
the cubic in place of the logistic function), on rows with ``d`` features and a constant. Peers
live in environments of their own below ``--peers DIR`` (made with pip at first use); one that
cannot be installed or does not finish is named and left out. Seconds and CPU seconds are those
of an epoch, medians without the first; memory is the peak of a party. A peer whose epoch would
take longer than a minute, going by a smaller task, trains a single one. SPU's bytes are what its
processes write. The delay is added by proxies on every connection, one way; CrypTen's cannot be
led through them. Redactory and SPU 0.10 use TLS, SPU 0.9.5, CrypTen and MPyC do not.
``vs_spu_aby3`` is against the fastest SPU that ran. Parties wait for each other in every round, so
on a machine with other work trust the ratios of CPU seconds.

    python benchmarks/training.py [--quick] [--json] [--peers DIR] [--only KEY ...]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from detecting.environments import NotInstallableError, interpreter
from learning import engine, rivals
from learning.data import Task, descend, draw
from learning.extra import private, streamed
from learning.measured import Measured, typical
from learning.page import accuracy_table, plot, ratio_table, table
from learning.real_text import Accuracy, accuracies

TARGET = Path(__file__).resolve().parents[1] / "docs" / "benchmarks" / "training.md"
PEERS = Path.home() / ".cache" / "redactory-benchmark-peers"
SCHEMES = ((4, 1), (5, 2), (7, 3))
DELAY_MS = 25
EPSILON = 2.0
EPOCHS = 3
LONG_EPOCH_SECONDS = 60
WANTED = {
    "vs_mpyc": "≥ 100",
    "vs_spu095_aby3": "≥ 2.5",
    "accuracy_gap_points": "≤ 0.5",
}
RATIOS = {
    "mpyc": "vs_mpyc",
    "spu095": "vs_spu095_aby3",
    "spu": "vs_spu010_aby3",
    "crypten": "vs_crypten",
}
NAMES = {
    "redactory": "Redactory, TLS 1.3",
    "plain": "plaintext numpy",
    **{rival.key: rival.name for rival in rivals.RIVALS},
}


def installed(place: Path, only: Sequence[str]) -> dict[str, Path]:
    """Interpreters of the peers that can be installed; says which cannot."""
    found = {}
    for rival in rivals.RIVALS:
        if only and rival.key not in only:
            continue
        try:
            found[rival.key] = interpreter(place, rival.environment)
        except (NotInstallableError, OSError) as error:
            told(f"{rival.name} is left out: {error}")
    return found


def plain(task: Task) -> Measured:
    """Gradient descent in the clear."""
    rows = draw(task)
    weights, seconds = descend(task, rows)
    return Measured(
        "plain", task.name, (1, 0), 0, typical(seconds), typical(seconds), None, None,
        rows.x.nbytes / engine.MEGABYTE, rows.accuracy(weights),
    )  # fmt: skip


def epochs_for(key: str, task: Task, found: Sequence[Measured]) -> int:
    """Epochs of a peer on a task: one if it would be slow, going by what it took before."""
    before = [each for each in found if each.engine == key]
    expected = [each.seconds * task.cells / each.cells for each in before]
    return 1 if expected and min(expected) > LONG_EPOCH_SECONDS else task.epochs


@dataclass
class Bench:
    """Everything that is measured, piece by piece.

    Attributes:
        parties: of this engine.
        peers: interpreters of the others.
        folder: for their files.
        results: grow with every piece.
    """

    parties: engine.Parties
    peers: dict[str, Path]
    folder: Path
    results: Results

    def measure(self, *, quick: bool) -> Iterator[str]:
        """Measure; after each piece, its name."""
        results, main = self.results, self.results.main
        self.everyone(main)
        yield main.name
        self.schemes(() if quick else SCHEMES)
        yield "more parties"
        results.texts = list(accuracies(self.parties, quick=quick))
        yield "accuracy on text"
        results.noisy = private(self.parties, rows=main.rows, d=main.d, epsilon=EPSILON)
        yield "a privacy budget"
        rows, d = (10_000, 256) if quick else (100_000, 1024)
        results.stream = streamed(self.parties, rows=rows, d=d, memory_bytes=1 << 20)
        yield "a job larger than memory"
        self.everyone(main, delay_ms=DELAY_MS)
        yield f"{main.name} with delay"
        for rows, d in [(2000, 64)] if quick else _grid():
            task = Task(rows, d, EPOCHS)
            self.everyone(task)
            if d == main.d:
                self.everyone(task, delay_ms=DELAY_MS)
            yield task.name

    def everyone(self, task: Task, *, delay_ms: int = 0) -> None:
        """Every engine on a task."""
        rows, found = draw(task), self.results.found
        if not delay_ms:
            found.append(plain(task))
        found.append(_said(engine.measure(self.parties, task, rows, delay_ms=delay_ms)))
        for rival in rivals.RIVALS:
            if rival.key not in self.peers or (delay_ms and not rival.through_proxies):
                continue
            shorter = replace(task, epochs=epochs_for(rival.key, task, found))
            python = self.peers[rival.key]
            try:
                measured = rivals.measure(
                    rival, python, shorter, rows, self.folder, delay_ms=delay_ms
                )
                found.append(_said(measured))
            except rivals.RivalError as error:
                told(f"{rival.name} is left out of {task.name}: {error}")

    def schemes(self, schemes: Sequence[tuple[int, int]]) -> None:
        """This engine on the main task with more parties."""
        main = self.results.main
        rows = draw(main)
        for scheme in schemes:
            told(f"{scheme[0]} parties, threshold {scheme[1]}")
            measured = engine.measure(self.parties, main, rows, scheme=scheme)
            self.results.found.append(_said(measured))


def _said(each: Measured) -> Measured:
    told(
        f"{each.task}, {each.delay_ms} ms, {NAMES[each.engine]}: {each.seconds:.4g} s, "
        f"{each.cpu_seconds:.4g} CPU s an epoch"
    )
    return each


def compared(found: Sequence[Measured], texts: Sequence[Accuracy], task: Task) -> dict[str, float]:
    """The fixed ratios: peers over us, by the clock and in CPU seconds."""
    ratios: dict[str, float] = {}
    for delay, suffix in ((0, ""), (DELAY_MS, f"_{DELAY_MS}ms")):
        runs = {
            each.engine: each
            for each in found
            if (each.task, each.delay_ms, each.parties) == (task.name, delay, (3, 1))
        }
        if "redactory" not in runs:
            continue
        ours = runs["redactory"]
        for key, name in RATIOS.items():
            if key in runs:
                ratios[f"{name}{suffix}"] = runs[key].seconds / ours.seconds
                if not delay:
                    ratios[f"cpu_{name}"] = runs[key].cpu_seconds / ours.cpu_seconds
        spus = [runs[key].seconds for key in ("spu", "spu095") if key in runs]
        if spus:
            ratios[f"vs_spu_aby3{suffix}"] = min(spus) / ours.seconds
    if texts:
        ratios["accuracy_gap_points"] = max(each.gap for each in texts)
    return {name: round(value, 3) for name, value in ratios.items()}


def told(line: str) -> None:
    """One line for the person who waits."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def machine() -> str:
    """What this ran on."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}"


def main() -> None:
    """Measure, print, and (in full) write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, a few minutes")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--peers", type=Path, default=PEERS, help="where the peers live")
    parser.add_argument("--only", nargs="*", default=[], help="only these peers, by key")
    options = parser.parse_args()
    peers = installed(options.peers, options.only)
    main_task = Task(2000, 256, EPOCHS) if options.quick else Task(10_000, 256, EPOCHS)
    results = Results(main_task)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bench = Bench(engine.Parties(folder, 3 if options.quick else 7), peers, folder, results)
        for done in bench.measure(quick=options.quick):
            told(f"{done}: done")
            if not (options.quick or options.json):
                results.write()  # so that an interrupted run leaves what it measured
    print(results.as_json() if options.json else results.page())


@dataclass
class Results:
    """What was measured so far.

    Attributes:
        main: the task of the ratios.
        found: runs of engines.
        texts: accuracy on text.
        stream: a job larger than memory.
        noisy: a job with a privacy budget.
    """

    main: Task
    found: list[Measured] = field(default_factory=list)
    texts: list[Accuracy] = field(default_factory=list)
    stream: dict[str, float] = field(default_factory=dict)
    noisy: dict[str, float] = field(default_factory=dict)

    def as_json(self) -> str:
        """One object, as the other benchmarks print it."""
        return json.dumps(
            {
                "name": "training",
                "machine": machine(),
                "cases": [each.as_json() for each in self.found],
                "ratios": compared(self.found, self.texts, self.main),
                "accuracy": [asdict(each) for each in self.texts],
                "streamed": self.stream,
                "private": self.noisy,
            }
        )

    def page(self) -> str:
        """The page, Markdown."""
        parts = [
            f"# Training on shares\n\n`python benchmarks/training.py` on {machine()}.",
            __doc__.split("\n\n")[1],
            f"Ratios at {self.main.name}:",
            ratio_table(compared(self.found, self.texts, self.main), WANTED),
            "![Seconds an epoch](training.svg)",
            table(self.found, NAMES),
        ]
        if self.texts:
            parts.append(
                "Accuracy on held-out text: the quantised model that the parties commit to and "
                "reveal, trained as `redactory train plan` does it unless told otherwise, against "
                "scikit-learn's logistic regression on the same integers:"
            )
            parts.append(accuracy_table(self.texts))
        if stream := self.stream:
            parts.append(
                f"One epoch over {stream['rows']:,.0f} rows of {stream['d']:,.0f} features, "
                f"{stream['shares_mb']:,.0f} MB of shares a party, read as they are needed: "
                f"{stream['epoch_seconds']:.1f} s, peak memory of a party "
                f"{stream['peak_memory_mb']:,.0f} MB."
            )
        if noisy := self.noisy:
            parts.append(
                f"With differential privacy (ε = {noisy['epsilon']:g}, δ = {noisy['delta']:g}, "
                f"noise of every party in every step) an epoch of {self.main.name} in four batches "
                f"takes {noisy['private_seconds']:.3g} s in place of "
                f"{noisy['plain_seconds']:.3g} s."
            )
        return "\n\n".join(parts)

    def write(self) -> None:
        """The page and its picture."""
        TARGET.write_text(f"{self.page()}\n", encoding="utf-8")
        TARGET.with_suffix(".svg").write_text(plot(self.found, NAMES), encoding="utf-8")


def _grid() -> list[tuple[int, int]]:
    sizes = [(rows, d) for rows in (2000, 10_000) for d in (64, 256, 1024)]
    return [size for size in sizes if size != (10_000, 256)]


if __name__ == "__main__":
    main()
