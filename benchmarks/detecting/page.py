"""The page of the detection benchmark: tables in Markdown, and what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.detecting.results import Score
from benchmarks.detecting.sets import SETS
from benchmarks.detecting.systems import Outcome, System
from benchmarks.scoring import SEED, Interval

TYPED_SET: Final = "pii_anon_dev"
_MOST_STRAYS: Final = 10
_LABELS: Final = {
    "LOCATION": "LOCATION (with addresses)",
    "DATE": "DATE (births and others)",
    "ID_NUMBER": "ID_NUMBER (all kinds)",
}


@dataclass(frozen=True)
class Run:
    """Everything one run of the benchmark measured.

    Attributes:
        machine: what it ran on.
        command: the command as it was given, without paths.
        systems: what ran, in the order of the columns.
        outcomes: by system name.
        absent: a line for each system that did not run.
        scores: by set and system.
        sizes: records by set.
        resamples: of the bootstrap.
    """

    machine: str
    command: str
    systems: Sequence[System]
    outcomes: Mapping[str, Outcome]
    absent: Sequence[str]
    scores: Mapping[tuple[str, str], Score]
    sizes: Mapping[str, int]
    resamples: int

    @property
    def names(self) -> list[str]:
        """The systems' names."""
        return [system.name for system in self.systems]


def render(run: Run) -> str:
    """The whole page."""
    parts = [
        (
            f"# Personal data found, beside other detectors\n\n    {run.command}\n\n"
            f"One run on {run.machine}; every figure below is from it."
        ),
        _systems(run),
        _sets(run),
        _names(run),
        _cover(run),
        _speed(run),
        _types(run) if TYPED_SET in run.sizes else "",
        _strays(run) if TYPED_SET in run.sizes else "",
        _details(run),
        _notes(run),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _systems(run: Run) -> str:
    rows = []
    for system in run.systems:
        facts = run.outcomes[system.name].facts
        versions = ", ".join(f"{name} {version}" for name, version in facts["versions"].items())
        rows.append([system.name, system.about, versions, f"{facts['load_s']:.1f}"])
    told = table(["system", "as it ran", "versions", "loads in CPU s"], rows, "lllr")
    absent = "".join(f"\n\nNot measured: {line}." for line in run.absent)
    return f"## Systems\n\n{told}{absent}"


def _sets(run: Run) -> str:
    rows = [[name, f"{size:,}", SETS[name].about] for name, size in run.sizes.items()]
    return f"## Sets\n\n{table(['set', 'records', 'what'], rows, 'lrl')}"


def _names(run: Run) -> str:
    rows = []
    for name in run.sizes:
        if name == TYPED_SET:
            continue
        for label in _labels(run, name):
            cells = [_cell(run.scores[name, system].overlap[label]["f1"]) for system in run.names]
            gold = run.scores[name, run.names[0]].gold[label]
            rows.append([name, label, f"{gold:,}", *cells])
    if not rows:
        return ""
    head = ["set", "label", "gold", *run.names]
    return (
        "## Names: overlap F1\n\nA found span counts if it overlaps a gold one of its label, and "
        f"the other way round.\n\n{table(head, rows, 'llr' + 'r' * len(run.names))}"
    )


def _cover(run: Run) -> str:
    rows = []
    for name in run.sizes:
        for system in run.names:
            measures = run.scores[name, system].cover
            keys = ("chars_covered", "spans_whole", "char_precision")
            rows.append([name, system, *(_cell(measures[key]) for key in keys)])
    head = ["set", "system", "characters covered", "spans wholly covered", "character precision"]
    return (
        "## Personal data covered, whatever its label\n\nPersonal data are persons and places in "
        f"the name sets, and direct identifiers in `{TYPED_SET}`.\n\n{table(head, rows, 'llrrr')}"
    )


def _speed(run: Run) -> str:
    rows = [
        [system, *(f"{run.scores[name, system].kilobytes:,.0f}" for name in run.sizes)]
        for system in run.names
    ]
    told = table(["kB per CPU second", *run.sizes], rows, "l" + "r" * len(run.sizes))
    return f"## Speed\n\n{told}\n\n![Quality and speed](detection.svg)"


def _types(run: Run) -> str:
    scores = [run.scores[TYPED_SET, system] for system in run.names]
    order = sorted(scores[0].whole, key=lambda label: -scores[0].whole[label][1])
    rows = [
        [
            label + (" *" if label in SETS[TYPED_SET].ignored else ""),
            f"{scores[0].whole[label][1]:,}",
            *(f"{score.whole[label][0] / score.whole[label][1]:.3f}" for score in scores),
        ]
        for label in order
    ]
    told = table(["type", "gold", *run.names], rows, "lr" + "r" * len(run.names))
    return (
        f"## {TYPED_SET} by type: share of spans wholly covered\n\n{told}\n\n"
        "\\* no direct identifier: outside the measures of personal data covered."
    )


def _strays(run: Run) -> str:
    scores = [run.scores[TYPED_SET, system] for system in run.names]
    total: dict[str, int] = {}
    for score in scores:
        for kind, characters in score.stray.items():
            total[kind] = max(total.get(kind, 0), characters)
    kinds = sorted(total, key=lambda kind: -total[kind])[:_MOST_STRAYS]
    rows = [[kind, *(f"{score.stray.get(kind, 0):,}" for score in scores)] for kind in kinds]
    told = table(["found as", *run.names], rows, "l" + "r" * len(run.names))
    return (
        f"## {TYPED_SET}: characters found outside gold spans\n\n{told}\n\n"
        "What character precision loses, by the type it was found as. The set labels no telephone "
        "numbers and no MAC addresses in its access logs (`Phone: +1 (…`, `(MAC: …`), and not "
        "every name; a system that finds them is charged for it."
    )


def _details(run: Run) -> str:
    rows = []
    for name in run.sizes:
        for label in _labels(run, name):
            for system in run.names:
                score = run.scores[name, system]
                if not score.found_any(label):
                    continue
                figures = [
                    _cell(measures[label][key]) if key == "f1" else _plain(measures[label][key])
                    for measures in (score.overlap, score.exact)
                    for key in ("precision", "recall", "f1")
                ]
                told = _LABELS.get(label, label) if name == TYPED_SET else label
                rows.append([name, told, system, *figures])
    head = ["set", "label", "system", "P", "R", "F1", "exact P", "exact R", "exact F1"]
    return (
        "## By label: precision, recall, F1\n\nA system that found nothing of a label has no "
        f"row: all its figures are 0.\n\n{table(head, rows, 'lll' + 'r' * 6)}"
    )


def _notes(run: Run) -> str:
    failed = {
        f"{score.system} on {score.failed} of {name}"
        for (name, _), score in run.scores.items()
        if score.failed
    }
    failures = "; ".join(sorted(failed)) or "none"
    return f"""## How it was measured

* Brackets hold 95 % intervals: {run.resamples:,} bootstrap resamples of records (seed {SEED}).
  The records of `wikigold` are sentences, so neighbours are not independent and the true
  intervals are wider.
* Overlap F1, spans wholly covered (letters and digits only) and character precision are
  defined in `benchmarks/scoring.py`. Exact figures compare borders after touching spans of
  one label are joined. For character precision, a date, URL, organisation, age or nationality
  that touches no gold span counts neither way; any other finding outside gold spans counts as
  wrong, also a telephone number in a set whose labels are names only.
* A gold span without a letter or digit, as the "@" that `btc_f` marks apart from the name behind
  it, counts as wholly covered for every system.
* Types were brought under common names for every system alike (`benchmarks/peers`,
  `benchmarks/detecting/sets.py`). A user name counts as a PERSON in `btc_f` only, whose labels
  say so. In `{TYPED_SET}` birth dates and time stamps are one label, and all identity,
  tax, account and record numbers another.
* Each system ran in a process and an environment of its own, one thread per library. Speed is
  kB (1000 bytes of UTF-8) per CPU second of that process, without loading, after one
  warm-up line; short records, since these sets have no long ones.
* Each peer ran as it comes. Presidio's default configuration reports no ORGANIZATION, and knows
  English only; scrubadub and DataFog have no names without further packages and models. With
  larger models Presidio would do better: `--spacy-model DIR` measures that.
* This project's rules were written with `{TYPED_SET}` in view, so its figures there are no
  held-out evidence. No set here was trained on.
* Records on which a system failed, counted as nothing found: {failures}."""


def _labels(run: Run, name: str) -> Iterable[str]:
    return run.scores[name, run.names[0]].gold


def table(head: Sequence[str], rows: Iterable[Sequence[str]], align: str) -> str:
    """A Markdown table; ``align`` has an l or r for each column."""
    rules = ["---:" if side == "r" else "---" for side in align]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rules, *rows))


def _cell(interval: Interval) -> str:
    if interval.value == interval.high == 0:
        return "0"
    return f"{_plain(interval)} [{interval.low:.3f}–{interval.high:.3f}]"


def _plain(interval: Interval) -> str:
    return f"{interval.value:.3f}"
