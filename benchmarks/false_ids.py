"""False structured ids per 100 kB of text without personal data, by type.

    python benchmarks/false_ids.py [--quick] [--json]

Reads the frozen samples below ``tests/data`` (sources and licences in the page there). A
structured id is a number or another code that names one thing; e-mail and IP addresses, URLs,
dates and places are counted beside them, since documentation is full of genuine ones.
"""

from __future__ import annotations

import argparse
import json
import lzma
import platform
import time
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "benchmarks" / "false_ids.md"
LANGUAGES = {"en": "English", "zh": "Chinese"}
# Not ids: addresses of machines, dates, places, and the names that a model finds.
OTHER = {"EMAIL_ADDRESS", "URL", "IP_ADDRESS", "DATE_TIME", "LOCATION", "PERSON", "ORGANIZATION"}
LINES = 40  # a record; the samples keep a file's lines together
_HEAD = """# False structured ids

    python benchmarks/false_ids.py

Findings of the rules at the default threshold on the frozen samples of `tests/data`: documentation
in English and Chinese under free licences, with numbers, versions, sizes, dates and code, and no
personal data ([sources](../../tests/data/README.md)). Records are {lines} lines long. Whatever is
found below "ids" is false; the other types occur in documentation and are only counted.
The rules were corrected on this text, so the counts show that it stays clean rather than how other
text fares. Counts and types only; a test keeps the ids at one per 100 kB or less.

| text | kB | ids | ids per 100 kB | ids by type | other findings | kB per CPU second |
|---|---:|---:|---:|---|---|---:|
"""


def measure(detector: Any, language: str, *, quick: bool) -> dict[str, Any]:
    """Findings by type in one sample (a tenth of it if ``quick``)."""
    packed = (ROOT / "tests" / "data" / f"no_pii_{language}.txt.xz").read_bytes()
    lines = lzma.decompress(packed).decode("utf-8").splitlines()
    records = ["\n".join(lines[i : i + LINES]) for i in range(0, len(lines), LINES)]
    records = records[:: 10 if quick else 1]
    found: Counter[str] = Counter()
    start = time.process_time()
    for record in records:
        found.update(span.entity_type for span in detector.detect_record({"text": record}))
    seconds = time.process_time() - start
    size = sum(len(record.encode()) for record in records) / 1000
    ids = {name: count for name, count in found.most_common() if name not in OTHER}
    return {
        "language": language,
        "kB": round(size),
        "ids": ids,
        "other": {name: count for name, count in found.most_common() if name in OTHER},
        "per_100_kB": round(sum(ids.values()) * 100 / size, 2),
        "kB_per_cpu_s": round(size / seconds),
    }


def table(cases: list[dict[str, Any]]) -> str:
    """Rows of a Markdown table."""
    rows = []
    for case in cases:
        ids, other = (
            ", ".join(f"{name} {count}" for name, count in case[part].items()) or "none"
            for part in ("ids", "other")
        )
        cells = [LANGUAGES[case["language"]], f"{case['kB']:,}", sum(case["ids"].values())]
        cells += [case["per_100_kB"], ids, other, case["kB_per_cpu_s"]]
        rows.append("| " + " | ".join(map(str, cells)) + " |\n")
    return "".join(rows)


def main() -> None:
    """Print the table; without ``--quick`` and ``--json`` write the page too."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the samples")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    from pii_rules import Detector

    detector = Detector(ner="none")
    cases = [measure(detector, language, quick=options.quick) for language in LANGUAGES]
    if options.json:
        ratios = {f"{case['language']}.false_ids_per_100_kB": case["per_100_kB"] for case in cases}
        machine = f"Python {platform.python_version()}"
        print(
            json.dumps({"name": "false_ids", "machine": machine, "cases": cases, "ratios": ratios})
        )
        return
    print(table(cases), end="")
    if not options.quick:
        TARGET.write_text(_HEAD.format(lines=LINES) + table(cases), "utf-8")


if __name__ == "__main__":
    main()
