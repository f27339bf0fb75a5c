"""How well and how fast personal data is found, beside other detectors, in one run.

    python benchmarks/detection.py --data DIR --peers CACHE [--quick] [--json]

DIR holds the development sets as JSON lines ``{id, lang, text, spans: [[start, end, label]]}``
(``docs/benchmarks/detection.md`` names them); CACHE is a folder in which the peers' own
environments are made with pip and kept. The measures are defined in ``benchmarks/scoring.py``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from benchmarks.detecting.page import TYPED_SET, Run, render
from benchmarks.detecting.plot import Panel, Point, plot
from benchmarks.detecting.results import Score, score
from benchmarks.detecting.sets import SETS, Gold, load
from benchmarks.detecting.systems import SYSTEMS, Outcome, System, prepare, run

TARGET = Path(__file__).resolve().parents[1] / "docs" / "benchmarks" / "detection.md"
QUICK_RECORDS = 150
QUICK_RESAMPLES = 200


def main() -> None:
    """Measure, print, and (in full) write the page."""
    options = _options()
    limit = QUICK_RECORDS if options.quick else None
    resamples = min(options.resamples, QUICK_RESAMPLES) if options.quick else options.resamples
    sets = {name: load(options.data, SETS[name], limit) for name in options.sets}
    sets = {name: gold for name, gold in sets.items() if gold}
    if not sets:
        print("no --data folder with the development sets: nothing to measure")
        return
    ready, absent = prepare(options.only, options.peers, options.spacy_model)
    for line in absent:
        sys.stderr.write(f"not measured: {line}\n")
    outcomes, failed = _run_all(ready, sets, options.keep)
    absent += [f"{name}: its process failed" for name in failed]
    systems = [system for system in ready if system.name in outcomes]
    if not systems:
        sys.exit("no system could be measured")
    measured = Run(
        machine=f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}",
        command="python benchmarks/detection.py --data DIR --peers CACHE",
        systems=systems,
        outcomes=outcomes,
        absent=absent,
        scores=_scores(outcomes, sets, resamples),
        sizes={name: len(gold) for name, gold in sets.items()},
        resamples=resamples,
    )
    if options.json:
        print(json.dumps(_as_json(measured)))
        return
    page = render(measured)
    print(page)
    if set(sets) == set(SETS) and "redactory" in outcomes and not options.quick:
        TARGET.parent.mkdir(parents=True, exist_ok=True)
        TARGET.write_text(page, encoding="utf-8")
        TARGET.with_suffix(".svg").write_text(plot(_panels(measured)), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of the sets, searched deeply")
    parser.add_argument("--peers", type=Path, help="folder of the peers' environments")
    parser.add_argument("--spacy-model", type=Path, help="spaCy 3 English model for Presidio")
    parser.add_argument("--sets", type=_names(SETS), default=list(SETS), help="only these, a,b")
    parser.add_argument("--only", type=_names(SYSTEMS), default=list(SYSTEMS), help="only these")
    parser.add_argument("--resamples", type=int, default=1000, help="of the bootstrap")
    parser.add_argument("--keep", type=Path, help="keep every system's findings below this")
    parser.add_argument("--quick", action="store_true", help="the first records only; no page")
    parser.add_argument("--json", action="store_true", help="print one JSON object; no page")
    options = parser.parse_args()
    if options.data is None:
        options.sets = []
    return options


def _names(known: Mapping[str, object] | Sequence[str]) -> Callable[[str], list[str]]:
    """An option's type: names out of ``known``, separated by commas."""

    def names(given: str) -> list[str]:
        wanted = given.split(",")
        unknown = set(wanted) - set(known)
        if unknown:
            raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
        return [name for name in known if name in wanted]

    return names


def _run_all(
    ready: Sequence[System], sets: Mapping[str, list[Gold]], keep: Path | None
) -> tuple[dict[str, Outcome], list[str]]:
    """What each system found, and the names of those whose process failed."""
    outcomes, failed = {}, []
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "sets"
        source.mkdir()
        for name, gold in sets.items():
            rows = [{"id": g.record_id, "lang": g.language, "text": g.text} for g in gold]
            lines = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
            (source / f"{name}.jsonl").write_text(lines, encoding="utf-8")
        for system in ready:
            sys.stderr.write(f"{system.name}: {system.about}\n")
            target = Path(folder) / system.name
            outcome = run(system, source, target)
            if outcome is None:
                failed.append(system.name)
                continue
            outcomes[system.name] = outcome
            if keep is not None:
                shutil.copytree(target, keep / system.name, dirs_exist_ok=True)
    return outcomes, failed


def _scores(
    outcomes: Mapping[str, Outcome], sets: Mapping[str, list[Gold]], resamples: int
) -> dict[tuple[str, str], Score]:
    scores = {}
    for name, gold in sets.items():
        for system, outcome in outcomes.items():
            sys.stderr.write(f"scoring {system} on {name}\n")
            scores[name, system] = score(
                system,
                SETS[name],
                gold,
                outcome.found[name],
                kilobytes=outcome.speed(name),
                failed=outcome.facts["sets"][name]["failed"],
                resamples=resamples,
            )
    return scores


def _panels(measured: Run) -> list[Panel]:
    def points(name: str, quality: str) -> list[Point]:
        told = []
        for system in measured.names:
            one = measured.scores[name, system]
            value = one.cover[quality] if quality in one.cover else one.overlap[quality]["f1"]
            told.append(Point(system, one.kilobytes, value.value))
        return told

    return [
        Panel("wikigold: PERSON overlap F1", points("wikigold", "PERSON")),
        Panel("btc_f: PERSON overlap F1", points("btc_f", "PERSON")),
        Panel(f"{TYPED_SET}: spans wholly covered", points(TYPED_SET, "spans_whole")),
    ]


def _as_json(measured: Run) -> dict[str, object]:
    scores = measured.scores.values()
    return {
        "name": "detection",
        "machine": measured.machine,
        "systems": {s.name: measured.outcomes[s.name].facts["versions"] for s in measured.systems},
        "absent": list(measured.absent),
        "cases": [one.as_json() for one in scores],
        "ratios": {name: value for one in scores for name, value in one.ratios().items()},
    }


if __name__ == "__main__":
    main()
