"""The systems of the detection benchmark, and running one of them over the sets.

A system runs as a process of its own: the adapter under ``benchmarks/peers`` reads JSON
lines and writes JSON lines, with one thread per library, so that CPU seconds are comparable.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.detecting import environments
from benchmarks.detecting.environments import NotInstallableError, interpreter, packaged_model
from benchmarks.scoring import Span

_ADAPTERS: Final = Path(__file__).resolve().parents[1] / "peers"
_ENGLISH_MODELS: Final = ("en_core_web_lg", "en_core_web_md", "en_core_web_sm")
_ONE_THREAD: Final = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    **dict.fromkeys(("DO_NOT_TRACK", "DATAFOG_NO_TELEMETRY"), "1"),
    "PYTHONWARNINGS": "ignore",
}


@dataclass(frozen=True)
class System:
    """One detector that can be run.

    Attributes:
        name: its name in tables and results.
        adapter: the script under ``benchmarks/peers``.
        python: the interpreter of its environment.
        about: what exactly was measured, one line.
        options: further arguments of the adapter.
    """

    name: str
    adapter: str
    python: Path
    about: str
    options: tuple[str, ...] = ()


@dataclass
class Outcome:
    """What a system found, and what it cost.

    Attributes:
        found: by set and record id.
        facts: what the adapter tells: versions, loading, CPU seconds and failures.
    """

    found: dict[str, dict[str, list[Span]]] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)

    def speed(self, name: str) -> float:
        """Kilobytes of UTF-8 text per CPU second on a set."""
        cost = self.facts["sets"][name]
        return float(cost["bytes"] / 1000 / max(cost["cpu_s"], 1e-6))


def prepare(
    wanted: Sequence[str], peers: Path | None, model: Path | None
) -> tuple[list[System], list[str]]:
    """The systems that can run, and a line for each that cannot.

    Args:
        wanted: names, out of ``SYSTEMS``.
        peers: folder of the peers' environments; None: no peers.
        model: folder of a spaCy English model for Presidio; None: the best there is.
    """
    ready, absent = [], []
    for name in wanted:
        if name in _OURS:
            about, options = _OURS[name]
            ready.append(System(name, "run_redactory.py", Path(sys.executable), about, options))
        elif peers is None:
            absent.append(f"{name}: no --peers folder was given")
        else:
            try:
                ready.append(_PEERS[name](peers, model))
            except NotInstallableError as error:
                absent.append(f"{name}: {error}")
    return ready, absent


def run(system: System, source: Path, target: Path) -> Outcome | None:
    """Run a system over ``source/*.jsonl``; None if its process failed.

    What the adapter says on standard error goes to the terminal.
    """
    target.mkdir(parents=True, exist_ok=True)
    script = _ADAPTERS / system.adapter
    done = subprocess.run(
        [str(system.python), str(script), str(source), str(target), *system.options],
        env=os.environ | _ONE_THREAD,
        stdout=sys.stderr,
        check=False,
    )
    if done.returncode:
        return None
    outcome = Outcome(facts=json.loads((target / "facts.json").read_text("utf-8")))
    for path in sorted(target.glob("*.jsonl")):
        rows = map(json.loads, path.read_text("utf-8").splitlines())
        outcome.found[path.stem] = {r["id"]: [(s, e, t) for s, e, t in r["spans"]] for r in rows}
    return outcome


def _presidio(peers: Path, model: Path | None) -> System:
    """Presidio with the model given, else one installed here, else the mirrored small one."""
    model = model or _installed_model()
    if model is not None:
        python = interpreter(peers, environments.PRESIDIO)
        return _with_model(python, model, model.name)
    try:
        python = interpreter(peers, environments.PRESIDIO_SPACY_2)
        found = packaged_model(python, "en_core_web_sm")
    except NotInstallableError:
        found = None
    if found is not None:
        return _with_model(python, found, f"{found.name} (spaCy 2 weights)")
    about = "default AnalyzerEngine without a model: rules only"
    return System("presidio", "run_presidio.py", interpreter(peers, environments.PRESIDIO), about)


def _with_model(python: Path, model: Path, name: str) -> System:
    return System(
        "presidio",
        "run_presidio.py",
        python,
        f"default AnalyzerEngine with {name}",
        ("--model", str(model)),
    )


def _installed_model() -> Path | None:
    """A spaCy 3 English model in this environment, the largest first."""
    for name in _ENGLISH_MODELS:
        if importlib.util.find_spec(name) is not None:
            return packaged_model(Path(sys.executable), name)
    return None


def _scrubadub(peers: Path, _: Path | None) -> System:
    about = "default detectors; no names without a further package and model"
    return System(
        "scrubadub", "run_scrubadub.py", interpreter(peers, environments.SCRUBADUB), about
    )


def _datafog(peers: Path, _: Path | None) -> System:
    about = "datafog.scan with its default engine, patterns only"
    return System("datafog", "run_datafog.py", interpreter(peers, environments.DATAFOG), about)


_PEERS: Final[Mapping[str, Callable[[Path, Path | None], System]]] = {
    "presidio": _presidio,
    "scrubadub": _scrubadub,
    "datafog": _datafog,
}
_OURS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "redactory": ("default detector, told each record's language", ()),
    "redactory-fast": ("the same with the faster name model", ("--ner", "fast")),
    "redactory-rules": ("the same without the name model", ("--ner", "none")),
}
SYSTEMS: Final = (*_OURS, *_PEERS)
