"""The main job on real text: every JSON-lines file of a folder, one dataset each, verified.

    python benchmarks/real_text.py --data DIR [--json]

The figures of ``docs/benchmarks/real_text.md`` are from public NER development sets (tweets,
encyclopaedia, court, company filings, Chinese); see that page for what they are.
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

TARGET = Path(__file__).resolve().parents[1] / "docs" / "benchmarks" / "real_text.md"
_HEAD = """# The main job on real text

    python benchmarks/real_text.py --data DIR

where DIR held the development sets of five public NER corpora as JSON lines `{{id, text, …}}`:
Broad Twitter Corpus section f (`btc_f`, CC-BY 4.0), GUM court transcripts (`gum_court`, CC-BY), SEC
filings FIN3 (`sec_filings`, CC-BY 3.0), Universal NER Chinese GSDSimp (`uner_zh_gsdsimp_dev`,
CC BY-SA 4.0) and WikiGold (`wikigold`, CC-BY 4.0). Each file went through

    redactory run FILE --policy gdpr --output DATASET
    redactory dataset verify DATASET

on {machine}. No record was lost: read = released + quarantined, and the rows in the sealed shards
are as many. The counts say what was removed, not how well: `detection.md` says that.

"""


def redactory(*arguments: object, home: Path) -> dict[str, Any]:
    """Run the command line with ``--json`` and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", "from redactory.cli import main; main()", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"REDACTORY_HOME": str(home)},
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def measure(file: Path) -> dict[str, Any]:
    """One file through the pipeline."""
    with tempfile.TemporaryDirectory() as folder:
        home, dataset = Path(folder) / "home", Path(folder) / "dataset"
        run = redactory("run", file, "-p", "gdpr", "-o", dataset, "--json", home=home)
        check = redactory("dataset", "verify", dataset, "--json", home=home)
    with file.open(encoding="utf-8") as lines:
        records = sum(1 for line in lines if line.strip())
    kept = check["rows"] + run["quarantined"]
    if not records == run["records_in"] == run["records_out"] + run["quarantined"] == kept:
        sys.exit(f"{file.name}: records were lost")
    return {
        "file": file.stem,
        "records_in": run["records_in"],
        "records_out": run["records_out"],
        "quarantined": run["quarantined"],
        "entities": run["entities"],
        "state": check["state"],
    }


def table(cases: list[dict[str, Any]]) -> str:
    """The result as Markdown."""
    lines = [
        "| file | read | released | quarantined | removed | verified |",
        "|---|---:|---:|---:|---|---|",
    ]
    for case in cases:
        counts = sorted(case["entities"].items(), key=lambda item: -item[1])
        removed = ", ".join(f"{name} {count:,}" for name, count in counts) or "nothing found"
        lines.append(
            f"| {case['file']} | {case['records_in']:,} | {case['records_out']:,} "
            f"| {case['quarantined']:,} | {removed} | {case['state']} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure, print and write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, help="folder of .jsonl files")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="the smallest file only; no page")
    options = parser.parse_args()
    files = (
        sorted(options.data.glob("*.jsonl"), key=lambda f: f.stat().st_size) if options.data else []
    )
    if not files:
        print("no --data folder with .jsonl files: nothing to measure")
        return
    cases = [measure(file) for file in (files[:1] if options.quick else files)]
    machine = f"{os.cpu_count()} cores, Python {platform.python_version()}"
    if options.json:
        print(json.dumps({"name": "real_text", "machine": machine, "cases": cases, "ratios": {}}))
        return
    page = _HEAD.format(machine=machine) + table(cases) + "\n"
    print(page)
    if not options.quick:
        TARGET.parent.mkdir(parents=True, exist_ok=True)
        TARGET.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
