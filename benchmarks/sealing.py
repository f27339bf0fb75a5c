"""What sealing costs beside plain Parquet and beside encrypting whole files.

One table (documents of the bundled corpus' generator), kept in several ways: plain Parquet; sealed
shards; the plain file encrypted as one AES-256-GCM stream; the plain file encrypted by ``age``.
Written, read whole, and read with three of its five columns; in turn, five times after one round
that does not count; CPU seconds, those of child processes included. Times are medians; a ratio is
the median of the five ratios to plain Parquet in the same round. Compression (zstd level 1),
encodings and writer options are the same in all, and all are synced to disk; "pyarrow's defaults"
is the one exception: it tries a dictionary on texts too, which sealed shards do not (decision
0032). The ratios `over_defaults` are those of sealed shards to such files, which is what somebody
sees who writes plain Parquet without choosing; the first ones are like for like. Arrow's memory
pool gives no page back meanwhile, so that nobody pays for pages that another way gave back.

Files of some 28 MB show the format. Shards of the pipeline's default 10,000 rows, beside plain
files of 10,000 rows, show what each shard pays besides: an RSA operation, three small files, and a
chunk of 1 MiB checked whole even where one column is wanted. "Its primitives alone" is what no
reader or writer of this format can go below: over plain Parquet, plus SHA-256 of the ciphertext
(twice when writing: the whole file and its chunks), AES-GCM of it, and RSA-3072 once a shard, each
measured by itself in the same run.

By the clock: rotation of a dataset of 1,000 shards with a software key, the batched leaves of its
log included; verification of sealed files that are cached, against ``openssl speed sha256`` on all
cores and against ``openssl dgst`` of the same files; and of files that are not cached, against
reading them from disk with as many threads. Cached files are copied out of the page cache before
they are hashed, which blocks in a benchmark of SHA-256 are not; mapping them would save that and is
not done (decision 0034).

    python benchmarks/sealing.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import tempfile
from pathlib import Path
from typing import Any

os.environ.setdefault("MIMALLOC_PURGE_DELAY", "-1")  # before Arrow is loaded

from keeping.data import Sealed, documents, noise
from keeping.page import JOBS, plot, prefix, table
from keeping.peers import AgeStream, GcmStream, Plain
from keeping.speeds import MEGABYTE, cpu_seconds, primitives, rotation, verification

ROUNDS = 5
ROWS = 10_000  # a shard, by default
PROJECTION = ["lang", "label", "n"]
FILES, MEGABYTES_A_FILE, SHARDS, BULK_FILES = 2, 96, 1000, 24
QUICK = 2, 32, 300, 8
TARGET = Path(__file__).resolve().parents[1] / "docs" / "benchmarks" / "sealing.md"
Seen = dict[tuple[str, str], list[float]]


def ways(folder: Path, files: int, megabytes: int) -> list[Any]:
    """Every way to keep the table."""
    tables = [documents(megabytes * MEGABYTE, first=n) for n in range(files)]
    small = [table.slice(n, ROWS) for table in tables for n in range(0, len(table), ROWS)]
    plain = Plain(folder / "plain", tables)
    found: list[Any] = [
        plain,
        Plain(folder / "rows", small, name="plain, 10,000 rows a file", key="plain_small"),
        Sealed(folder / "sealed", tables),
        Sealed(
            folder / "small",
            small,
            name="sealed, 10,000 rows a shard",
            key="small",
            base="plain_small",
        ),
        Plain(
            folder / "defaults",
            tables,
            name="plain, pyarrow's defaults",
            key="defaults",
            base="plain",
        ),
        GcmStream(folder / "gcm", plain),
    ]
    if shutil.which("age") and shutil.which("age-keygen"):
        found.append(AgeStream(folder / "age", plain))
    return found


def measure(ways: list[Any]) -> Seen:
    """CPU seconds by way and job; the ways take turns, so that all meet the same machine."""
    seen: Seen = {}
    for turn in range(ROUNDS + 1):
        first = turn % len(ways)
        for job in JOBS:
            for way in ways[first:] + ways[:first]:
                actions = {
                    "write": way.write,
                    "read": way.read,
                    "projected": lambda way=way: way.read(PROJECTION),
                }
                busy = cpu_seconds(actions[job])
                if turn:  # the first round fills memory and caches
                    seen.setdefault((way.key, job), []).append(busy)
    whole = ways[0].read()
    for way in ways:
        assert way.read().equals(whole)
    return seen


def facts(ways: list[Any], seen: Seen) -> list[dict[str, Any]]:
    """Medians for each way."""
    return [
        {
            "key": way.key,
            "name": way.name,
            "base": way.base,
            "files": len(way.tables),
            "mb": round(way.size() / MEGABYTE, 3),
            **{f"{job}_s": round(statistics.median(seen[way.key, job]), 4) for job in JOBS},
        }
        for way in ways
    ]


def costs(cases: list[dict[str, Any]], seen: Seen) -> dict[str, float]:
    """Each way over the plain files of its size."""
    ratios, by_key = {}, {case["key"]: case for case in cases}
    for case in cases:
        if case["base"]:
            for job in JOBS:
                pairs = zip(seen[case["key"], job], seen[case["base"], job], strict=True)
                cost = statistics.median(ours / plain for ours, plain in pairs)
                ratios[f"{prefix(case)}{job}_cost"] = round(cost, 3)
            size = case["mb"] / by_key[case["base"]]["mb"]
            ratios[f"{prefix(case)}size_cost"] = round(size, 4)
    for job in JOBS:
        pairs = zip(seen["sealed", job], seen["defaults", job], strict=True)
        cost = statistics.median(ours / plain for ours, plain in pairs)
        ratios[f"over_defaults.{job}_cost"] = round(cost, 3)
    size = by_key["sealed"]["mb"] / by_key["defaults"]["mb"]
    ratios["over_defaults.size_cost"] = round(size, 4)
    return ratios


def add_floors(cases: list[dict[str, Any]]) -> None:
    """To the sealed ways: plain Parquet and the format's primitives, over plain Parquet."""
    takes, by_key = primitives(), {case["key"]: case for case in cases}
    for case in cases:
        if case["key"] in ("sealed", "small"):
            plain, size, files = by_key[case["base"]], case["mb"], case["files"]
            pages = size * takes["gcm_mb"]
            write = pages + 2 * size * takes["sha256_mb"] + files * takes["wrap"]
            read = pages + size * takes["sha256_mb"] + files * takes["unwrap"]
            case["write_floor"] = round(1 + write / plain["write_s"], 3)
            case["read_floor"] = round(1 + read / plain["read_s"], 3)


def run(*, quick: bool) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """All cases and ratios."""
    files, megabytes, shards, bulk_files = (
        QUICK if quick else (FILES, MEGABYTES_A_FILE, SHARDS, BULK_FILES)
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        every = ways(folder, files, megabytes)
        seen = measure(every)
        cases = facts(every, seen)
        ratios = costs(cases, seen)
        add_floors(cases)
        bulk = Sealed(folder / "bulk", [noise(megabytes * MEGABYTE // 2)] * bulk_files)
        bulk.write()
        ratios |= {name: round(rate, 3) for name, rate in verification(bulk, ROUNDS).items()}
        rate, milliseconds = rotation(folder / "rotated", shards)
        ratios["rotate_per_s"] = round(rate, 1)
        ratios["rotate_per_cpu_s"] = round(1000 / milliseconds, 1)
    return cases, ratios


def machine() -> str:
    """What this ran on."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}"


def main() -> None:
    """Measure, print, and (in full) write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, a minute or two")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    cases, ratios = run(quick=options.quick)
    if options.json:
        found = {"name": "sealing", "machine": machine(), "cases": cases, "ratios": ratios}
        print(json.dumps(found))
        return
    about = __doc__.partition("\n\n")[2].partition("\n\n    python")[0]
    page = f"# Sealing\n\n`python benchmarks/sealing.py` on {machine()}.\n\n{about}"
    page += f"\n\n{table(cases, ratios)}\n\n![CPU time over plain Parquet](sealing.svg)\n"
    print(page)
    if not options.quick:
        TARGET.write_text(page, encoding="utf-8")
        TARGET.with_suffix(".svg").write_text(plot(cases, ratios), encoding="utf-8")


if __name__ == "__main__":
    main()
