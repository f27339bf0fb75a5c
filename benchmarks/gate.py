"""Does the leak gate catch what redaction leaves, and do surrogates keep their promises?

On the bundled corpus and, where it lies beside the repository, the English part of pii/dev:

* **Known leaks**: a record is redacted by its labels, all but one value. Does the gate refuse or
  mend it? Only records count that pass when every labelled value is replaced, so that nothing
  else in them can be the reason. A thousand of them, structured values and names apart.
* **Canaries**: a thousand records with a planted value go through detector, redactor and gate;
  none may come out.
* **Surrogates**: under `llm-corpus`, is the same value always the same surrogate, over shuffled
  batches and 1, 2 and 4 workers; does the detector take a surrogate for the type that it stands
  for; how many different values share a surrogate?
* **Time**: detection, redaction and gate together over detection alone, in CPU seconds.

    python benchmarks/gate.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

REPOSITORY = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(REPOSITORY))

from benchmarks.detecting.sets import GROUPS  # noqa: E402 - run as a file
from pii_rules import Detector, LeakGate, Policy, Redactor, Span, load_policy  # noqa: E402
from pii_rules.entities import canonical_form  # noqa: E402
from pii_rules.identity_map import Collected  # noqa: E402
from pii_rules.identity_parse import parse  # noqa: E402
from pii_rules.ner.others import finder  # noqa: E402
from pii_rules.ner.tags import LABELS  # noqa: E402
from pii_rules.residual import original_places, wilson  # noqa: E402

TARGET = REPOSITORY / "docs" / "benchmarks" / "gate.md"
CORPUS = REPOSITORY / "redactory" / "demo_corpus" / "corpus.jsonl"
DEV = REPOSITORY.parent / "shared" / "data" / "pii" / "dev" / "pii_anon_dev.jsonl"
KEYS = {name: bytes([n]) * 32 for n, name in enumerate(("token", "surrogate", "shift"))}
# No direct identifiers, or not what this project calls one.
SKIPPED = {"HEALTH_CONDITION", "SALARY", "TIMESTAMP", "INVOICE_NUMBER", "DATE", "DATE_TIME"}
LEAKS, QUICK_LEAKS = 1000, 60
ROWS = 128
WANTED = {
    "structured_caught": "≥ 0.99",
    "names_caught": "≥ 0.90",
    "canaries_out": "0",
    "identity_consistency": "1",
    "same_for_all_workers": "1",
    "surrogate_type_check": "≥ 0.95",
    "gated_vs_detection": "≥ 0.45",
}


class Record(NamedTuple):
    """A labelled record; types under our names."""

    text: str
    lang: str
    spans: list[Span]


class Answer(NamedTuple):
    """Whether the gate sees a leak in a record, and where the original text was replaced."""

    refused: bool
    places: list[tuple[int, int]]


def records() -> list[Record]:
    """Both sets, shuffled."""
    found = []
    for path in (CORPUS, DEV):
        for line in path.read_text("utf-8").splitlines() if path.exists() else ():
            row = json.loads(line)
            if path == DEV and row["lang"] != "en":
                continue
            spans = [
                Span(
                    "text",
                    a,
                    b,
                    "ACCOUNT_ID" if (t := GROUPS.get(k, k)) == "ID_NUMBER" else t,
                    1.0,
                    k,
                )
                for a, b, k in row["spans"]
            ]
            found.append(Record(row["text"], row["lang"], disjoint(spans)))
    random.Random(5).shuffle(found)
    return found


def disjoint(spans: list[Span]) -> list[Span]:
    """Labels without those that overlap an earlier one."""
    kept: list[Span] = []
    for span in sorted(spans, key=lambda s: (s.start, -s.end)):
        if not kept or span.start >= kept[-1].end:
            kept.append(span)
    return kept


def batches(texts: list[str], langs: list[str]) -> Iterator[pa.RecordBatch]:
    """Record batches of ``ROWS`` rows."""
    for start in range(0, len(texts), ROWS):
        stop = start + ROWS
        yield pa.RecordBatch.from_pydict({"text": texts[start:stop], "lang": langs[start:stop]})


class Bench:
    """Detector, gate and policy, built once."""

    def __init__(self) -> None:
        self.policy = load_policy("gdpr")
        names = finder("embedded")
        self.detector = Detector(self.policy.languages, self.policy, ner=names or "none")
        keen = Detector(self.policy.languages, self.policy.keen(), ner=names or "none")
        self.gate = LeakGate(keen, self.policy)
        self.keen = keen

    def judged(self, rows: list[tuple[Record, list[Span]]]) -> list[Answer]:
        """For each record, redacted by these spans: what the gate says, and what was replaced."""
        redactor = Redactor(Policy(name="labels", version="1.0.0"), {})
        answers: list[Answer] = []
        texts, langs = [r.text for r, _ in rows], [r.lang for r, _ in rows]
        for number, batch in enumerate(batches(texts, langs)):
            spans = [s for _, s in rows[number * ROWS : number * ROWS + batch.num_rows]]
            sink = Collected()
            done = redactor.redact(batch, spans, sink=sink)
            leaks = self.gate.check(done.batch, done.replacements, [set()] * len(done.kept))
            seen = {done.kept[place] for place in leaks} | {row for row, _ in done.refused}
            places = {row: original_places(entries) for row, entries in sink.rows.items()}
            answers += [Answer(row in seen, places.get(row, [])) for row in range(batch.num_rows)]
        return answers


def known_leaks(bench: Bench, found: list[Record], count: int) -> tuple[list[Any], dict[str, Any]]:
    """Cases by type, and the two shares."""
    clean, refused = without_other_leaks(bench, found, 12 * count)
    chosen: dict[str, list[tuple[Record, Span]]] = {"structured": [], "names": []}
    for record in clean:
        for span in record.spans:
            if not SKIPPED & {span.entity_type, span.recognizer}:
                kind = "names" if span.entity_type in LABELS else "structured"
                chosen[kind].append((record, span))
    by_type: dict[str, list[bool]] = defaultdict(list)
    ratios: dict[str, Any] = {}
    for kind, planted in chosen.items():
        random.Random(7).shuffle(planted)
        # Names of people are what the target speaks of; places and companies are told by type.
        tried = planted[: 2 * count if kind == "structured" else 4 * count]
        rows = [(record, [s for s in record.spans if s != leak]) for record, leak in tried]
        counted = []
        for (_, leak), answer in zip(tried, bench.judged(rows), strict=True):
            if any(a < leak.end and leak.start < b for a, b in answer.places):
                continue  # replaced as another place of the same value: nothing leaks
            by_type[leak.entity_type].append(answer.refused)
            if (kind == "structured" or leak.entity_type == "PERSON") and len(counted) < count:
                counted.append(answer.refused)
        ratios[f"{kind}_caught"] = round(sum(counted) / max(1, len(counted)), 4)
        ratios[f"{kind}_planted"] = len(counted)
    ratios["refused_without_a_plant"] = refused
    cases = []
    for name, caught in sorted(by_type.items()):
        low, high = wilson(sum(caught), len(caught))
        cases.append(
            {
                "type": name,
                "planted": len(caught),
                "caught": sum(caught),
                "low": round(low, 4),
                "high": round(high, 4),
            }
        )
    return cases, ratios


def without_other_leaks(
    bench: Bench, found: list[Record], spans: int
) -> tuple[list[Record], float]:
    """Records that pass once every label is replaced, and the share that does not.

    Who labelled did not label everything (dates, places), so that share is no false alarm rate.
    """
    clean: list[Record] = []
    alarms = looked = 0
    for start in range(0, len(found), 512):
        part = [(record, record.spans) for record in found[start : start + 512]]
        answers = bench.judged(part)
        looked, alarms = looked + len(part), alarms + sum(a.refused for a in answers)
        clean += [record for (record, _), a in zip(part, answers, strict=True) if not a.refused]
        if sum(len(record.spans) for record in clean) > spans:
            break
    return clean, round(alarms / max(1, looked), 4)


def canaries(bench: Bench, found: list[Record], count: int) -> dict[str, Any]:
    """How many planted values come out."""
    draw = random.Random(11)
    letters = "BCDFGHJKLMNPQRSTVWXZ"
    planted = [
        "".join(draw.choices(letters, k=4)) + f"-{draw.randrange(10**6):06}" for _ in range(count)
    ]
    texts = []
    for number, value in enumerate(planted):
        record = found[number % len(found)]
        place = record.text.find(" ", draw.randrange(len(record.text)) // 2)
        shown = value if number % 3 else value.lower().replace("-", " ")
        texts.append(f"{record.text[: place + 1]}{shown} {record.text[place + 1 :]}")
    gate = LeakGate(bench.keen, bench.policy, planted)
    redactor = Redactor(bench.policy, KEYS, gate=gate)
    out = 0
    for batch in batches(texts, ["en"] * len(texts)):
        done = redactor.redact(batch, bench.detector.detect(batch))
        released = " ".join(done.batch.column("text").to_pylist()).lower().replace(" ", "-")
        out += sum(value.lower() in released for value in planted)
    return {"canaries_planted": count, "canaries_out": out}


def surrogates(bench: Bench, found: list[Record]) -> dict[str, Any]:
    """Consistency, type check and collisions under llm-corpus."""
    policy = load_policy("llm-corpus")
    detector, redactor = bench.detector, Redactor(policy, KEYS)
    fakes: dict[tuple[str, str], set[str]] = defaultdict(set)
    outputs: list[dict[str, str]] = []
    checked: dict[str, list[bool]] = defaultdict(list)
    for seed in range(2):
        order = list(range(len(found)))
        random.Random(seed).shuffle(order)
        output: dict[str, str] = {}
        for batch in batches([found[n].text for n in order], [found[n].lang for n in order]):
            start = len(output)
            sink = Collected()
            done = redactor.redact(batch, detector.detect(batch), sink=sink)
            new = done.batch.column("text").to_pylist()
            for place, row in enumerate(done.kept):
                output[str(order[start + row])] = new[place]
                for entry in sink.rows.get(row, ()) if seed == 0 else ():
                    if entry.operator == "surrogate" and stands_for_one(entry):
                        form = canonical_form(entry.entity_type, entry.original)
                        shown = new[place][entry.start : entry.end]
                        fakes[entry.entity_type, form].add(canonical_form(entry.entity_type, shown))
            output |= {str(order[start + row]): "" for row, _ in done.refused}
            if seed == 0:
                look(detector.detect(done.batch), done.replacements, checked)
        outputs.append(output)
    values: dict[tuple[str, str], set[str]] = defaultdict(set)
    for (kind, form), shown_as in fakes.items():
        for shown in shown_as:
            values[kind, shown].add(form)
    passed = [ok for answers in checked.values() for ok in answers]
    once = sum(len(shown_as) == 1 for shown_as in fakes.values())
    shared = sum(len(forms) for forms in values.values() if len(forms) > 1)
    return {
        "identity_consistency": round(
            min(once / max(1, len(fakes)), float(outputs[0] == outputs[1])), 4
        ),
        "surrogate_type_check": round(sum(passed) / max(1, len(passed)), 4),
        "values_that_share_a_surrogate": round(shared / max(1, len(fakes)), 4),
        **{f"type_check.{kind}": round(sum(a) / len(a), 4) for kind, a in sorted(checked.items())},
    }


def stands_for_one(entry: Any) -> bool:
    """Whether a value says by itself whose it is: part of a name means whom its record says."""
    return entry.entity_type != "PERSON" or parse(entry.original).is_full


def look(found: list[Any], replacements: list[Any], checked: dict[str, list[bool]]) -> None:
    """Does the detector find each surrogate under the type that it stands for?"""
    for spans, replaced in zip(found, replacements, strict=True):
        for r in replaced:
            if r.operator == "surrogate":
                same = (s for s in spans if s.entity_type == r.entity_type)
                checked[r.entity_type].append(
                    any(s.start < r.end and r.start < s.end for s in same)
                )


def workers(counts: tuple[int, ...]) -> dict[str, Any]:
    """Whether the command gives the same bytes with every number of workers."""
    with tempfile.TemporaryDirectory() as name:
        made = []
        for count in counts:
            out = Path(name) / f"{count}.jsonl"
            command = [
                sys.executable,
                "-c",
                "from redactory.cli import main; main()",
                "redact",
                str(CORPUS),
                "-p",
                "llm-corpus",
                "-o",
                str(out),
                "--workers",
                str(count),
            ]
            place = {"REDACTORY_HOME": f"{name}/home", "PYTHONPATH": str(REPOSITORY)}
            subprocess.run(command, check=True, env={**os.environ, **place}, capture_output=True)
            made.append(out.read_bytes())
    return {"same_for_all_workers": float(len(set(made)) == 1)}


def speed(bench: Bench, found: list[Record], rounds: int) -> dict[str, Any]:
    """CPU seconds of detection over those of detection, redaction and gate."""
    parts = list(batches([r.text for r in found], [r.lang for r in found]))
    redactor = Redactor(bench.policy, KEYS, gate=bench.gate)

    def all_of_it() -> None:
        for batch in parts:
            redactor.redact(batch, bench.detector.detect(batch))

    alone = [cpu(lambda: [bench.detector.detect(batch) for batch in parts]) for _ in range(rounds)]
    gated = [cpu(all_of_it) for _ in range(rounds)]
    return {"gated_vs_detection": round(statistics.median(alone) / statistics.median(gated), 3)}


def cpu(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    began = time.process_time()
    work()
    return time.process_time() - began


def run(*, quick: bool) -> tuple[list[Any], dict[str, Any]]:
    """All cases and ratios."""
    bench, found = Bench(), records()
    count = QUICK_LEAKS if quick else LEAKS
    cases, ratios = known_leaks(bench, found, count)
    ratios |= canaries(bench, found, count)
    corpus = [r for r in found if r.lang in ("en", "zh")][: 200 if quick else 1500]
    ratios |= surrogates(bench, corpus)
    ratios |= {} if quick else workers((1, 2, 4))
    ratios |= speed(bench, found[: 200 if quick else 400], 1 if quick else 5)
    return cases, ratios


def table(cases: list[Any], ratios: dict[str, Any]) -> str:
    """The result as Markdown."""
    lines = ["| type | planted | caught | share | 95 % interval |", "|---|---:|---:|---:|---:|"]
    lines += [
        f"| {c['type']} | {c['planted']} | {c['caught']} | {c['caught'] / c['planted']:.3f} "
        f"| {c['low']:.3f} to {c['high']:.3f} |"
        for c in cases
    ]
    lines += ["", "| ratio | value | wanted |", "|---|---:|---:|"]
    lines += [f"| {name} | {value:g} | {WANTED.get(name, '')} |" for name, value in ratios.items()]
    return "\n".join(lines)


def plot(cases: list[Any]) -> str:
    """Share caught of each type with its interval, as an SVG dot plot."""
    rows = []
    for line, case in enumerate(cases):
        y, share = 20 + 22 * line, case["caught"] / case["planted"]
        rows.append(
            f'<text x="190" y="{y + 4}" text-anchor="end">{case["type"]}</text>'
            f'<path d="M{200 + 300 * case["low"]:.0f} {y}H{200 + 300 * case["high"]:.0f}" '
            f'stroke="#8a94a3" stroke-width="4"/><circle cx="{200 + 300 * share:.0f}" cy="{y}" '
            f'r="5" fill="#0b63ce"/><text x="510" y="{y + 4}">{share:.1%}</text>'
        )
    height = 22 * len(cases) + 20
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 580 {height}" width="580" '
        'font-family="sans-serif" font-size="12" role="img" '
        'aria-label="Share of planted leaks that the gate catches, by type">'
        f'<rect width="580" height="{height}" fill="#ffffff"/>{"".join(rows)}</svg>\n'
    )


def machine() -> str:
    """What this ran on."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}"


def main() -> None:
    """Measure, print, and (in full) write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small counts, a minute or two")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    cases, ratios = run(quick=options.quick)
    if options.json:
        print(json.dumps({"name": "gate", "machine": machine(), "cases": cases, "ratios": ratios}))
        return
    about = __doc__.partition("\n\n")[2].partition("\n\n    python")[0]
    page = f"# The leak gate\n\n`python benchmarks/gate.py` on {machine()}.\n\n{about}\n\n"
    page += f"{table(cases, ratios)}\n\n![Planted leaks caught, by type](gate.svg)\n"
    print(page)
    if not options.quick:
        TARGET.write_text(page, encoding="utf-8")
        TARGET.with_suffix(".svg").write_text(plot(cases), encoding="utf-8")


if __name__ == "__main__":
    main()
