"""What sealing costs beside plain Parquet and beside encrypting whole files.

One table (documents of the bundled corpus' generator, zstd level 1 everywhere), four ways to keep
it: plain Parquet; sealed shards; the plain file encrypted as one AES-256-GCM stream; the plain
file encrypted by ``age``. Written, read whole, and read with three of its five columns; in turn,
five times; medians of CPU seconds, those of child processes included. Then, by the clock,
rotation of a dataset of many shards with a software key and its log, and verification of the
sealed files against ``openssl speed sha256`` on all cores in the same minute, and against the disk.

Sealed shards leave out dictionaries of columns whose values do not repeat, plain Parquet is written
with pyarrow's defaults: with equal settings sealed writing costs more (decision 0032). Shards of
the default 10,000 rows pay for their own keys and footers: a row of its own says how much.

    python benchmarks/sealing.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from keeping.data import Sealed, build_dataset, documents, noise
from keeping.peers import AgeStream, GcmStream

MEGABYTE = 1_000_000
ROUNDS = 5
ROWS = 10_000  # a shard, by default
PROJECTION = ["lang", "label", "n"]
FILES, MEGABYTES_A_FILE, SHARDS = 2, 96, 1000
QUICK = 2, 8, 200
LIMITS = {"write_cost": 1.10, "read_cost": 1.15, "projected_cost": 1.25, "size_cost": 1.001}
TARGET = Path(__file__).resolve().parents[1] / "docs" / "benchmarks" / "sealing.md"


class Plain:
    """Parquet as pyarrow writes it; read batch by batch, its cheapest way here."""

    name = "plain Parquet"
    key = "plain"

    def __init__(self, folder: Path, tables: list[pa.Table]) -> None:
        self.folder = folder
        self.tables = tables
        folder.mkdir()

    def write(self) -> None:
        """All files."""
        for number, table in enumerate(self.tables):
            pq.write_table(table, self._path(number), compression="zstd", compression_level=1)

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """All rows."""
        found = []
        for number in range(len(self.tables)):
            with pq.ParquetFile(self._path(number)) as file:
                found += file.iter_batches(columns=columns)
        return pa.Table.from_batches(found)

    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self.folder.iterdir())

    def _path(self, number: int) -> Path:
        return self.folder / f"{number}.parquet"


def cpu_seconds(action: Callable[[], object]) -> float:
    """CPU time of this process and of the children it waited for."""
    before = _busy()
    action()
    return _busy() - before


def _busy() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def measure(ways: list[Any]) -> list[dict[str, Any]]:
    """Medians for each way; the ways take turns, so that all meet the same machine."""
    seen: dict[tuple[str, str], list[float]] = {}
    for turn in range(ROUNDS):
        first = turn % len(ways)  # whoever goes first pays for memory that others use again
        for job in ("write", "read", "projected"):
            for way in ways[first:] + ways[:first]:
                actions = {
                    "write": way.write,
                    "read": way.read,
                    "projected": lambda way=way: way.read(PROJECTION),
                }
                seen.setdefault((way.key, job), []).append(cpu_seconds(actions[job]))
    whole = ways[0].read()
    cases = []
    for way in ways:
        assert way.read().equals(whole)
        cases.append(
            {
                "key": way.key,
                "name": way.name,
                **{
                    f"{job}_s": round(statistics.median(seen[way.key, job]), 4)
                    for job in ("write", "read", "projected")
                },
                "mb": round(way.size() / MEGABYTE, 3),
            }
        )
    return cases


def costs(cases: list[dict[str, Any]]) -> dict[str, float]:
    """Each way over plain Parquet."""
    plain = cases[0]
    ratios = {}
    for case in cases[1:]:
        prefix = "" if case["key"] == "sealed" else f"{case['key']}."
        for job in ("write", "read", "projected"):
            ratios[f"{prefix}{job}_cost"] = round(case[f"{job}_s"] / plain[f"{job}_s"], 3)
        ratios[f"{prefix}size_cost"] = round(case["mb"] / plain["mb"], 4)
    return ratios


def rotation(folder: Path, shards: int) -> tuple[float, float]:
    """(shards a second by the clock, CPU milliseconds a shard) of ``dataset rotate``."""
    from redactory.lifecycle import rotate
    from redactory.reading import Trust

    keys = build_dataset(folder, shards)
    seconds, busy = [], []
    for old, new in (("reader", "next"), ("next", "reader"), ("reader", "next")):
        identity, recipient = keys.identity(old), keys.recipient(new)

        def turn(identity: Any = identity, recipient: Any = recipient) -> None:
            done = rotate(str(folder / "dataset"), Trust(), identity, recipient)
            assert done.shards == shards

        began = time.perf_counter()
        busy.append(cpu_seconds(turn))
        seconds.append(time.perf_counter() - began)
    return shards / statistics.median(seconds), 1000 * statistics.median(busy) / shards


def verification(sealed: Sealed) -> tuple[float, float]:
    """(MB/s of verifying the sealed files, MB/s of ``openssl speed sha256`` on all cores)."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        assert not sealed.problems()
        ours.append(sealed.size() / MEGABYTE / (time.perf_counter() - began))
        theirs.append(openssl_speed())
    return statistics.median(ours), statistics.median(theirs)


def disk_speed(folder: Path) -> float:
    """MB/s of reading files that are in no cache of this system."""
    size, seconds, block = 0, 0.0, bytearray(1 << 20)
    for path in folder.rglob("*.parquet"):
        with path.open("rb", buffering=0) as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
            began = time.perf_counter()
            while count := file.readinto(block):
                size += count
            seconds += time.perf_counter() - began
    return size / MEGABYTE / seconds


def openssl_speed() -> float:
    """MB/s of SHA-256 over blocks of 1 MiB, one process a core; 0 where there is no openssl."""
    if shutil.which("openssl") is None:
        return 0.0
    command = ["openssl", "speed", "-seconds", "1", "-bytes", "1048576"]
    command += ["-multi", str(os.cpu_count()), "-mr", "sha256"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    total = [line for line in done.stdout.splitlines() if line.startswith("+F:")]
    return float(total[-1].split(":")[-1]) / MEGABYTE


def machine() -> str:
    """What this ran on."""
    return f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}"


def table(cases: list[dict[str, Any]], ratios: dict[str, float]) -> str:
    """The result as Markdown."""
    lines = [
        "| way | write CPU s | read CPU s | projected CPU s | MB |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {c['name']} | {c['write_s']:.3f} | {c['read_s']:.3f} | {c['projected_s']:.4f} "
        f"| {c['mb']:.2f} |"
        for c in cases
    ]
    lines += ["", "| ratio | value | wanted |", "|---|---:|---:|"]
    wanted = {name: f"≤ {limit}" for name, limit in LIMITS.items()}
    wanted |= {"rotate_per_s": "≥ 300", "verify_vs_sha256": "≥ 0.9"}
    lines += [f"| {name} | {value:g} | {wanted.get(name, '')} |" for name, value in ratios.items()]
    return "\n".join(lines)


def plot(cases: list[dict[str, Any]]) -> str:
    """CPU time over plain Parquet as an SVG bar chart."""
    plain, bars = cases[0], []
    rows = [(job, case) for job in ("write", "read", "projected") for case in cases[1:]]
    values = [case[f"{job}_s"] / plain[f"{job}_s"] for job, case in rows]
    scale = 280 / max(values)
    for line, ((job, case), value) in enumerate(zip(rows, values, strict=True)):
        y, colour = 12 + 26 * line, "#0b63ce" if case["key"] == "sealed" else "#8a94a3"
        bars.append(
            f'<text x="250" y="{y + 14}" text-anchor="end">{job}: {case["name"]}</text>'
            f'<rect x="260" y="{y}" width="{value * scale:.0f}" height="18" fill="{colour}"/>'
            f'<text x="{266 + value * scale:.0f}" y="{y + 14}">{value:.2f}</text>'
        )
    mark, height = 260 + scale, 26 * len(rows) + 20
    line = f'<path d="M{mark:.0f} 4V{height - 6}" stroke="#b00020" stroke-dasharray="4 3"/>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 {height}" width="600" '
        'font-family="sans-serif" font-size="13" role="img" aria-label="CPU time of sealed shards, '
        'a GCM stream and age, over that of plain Parquet">'
        f'<rect width="600" height="{height}" fill="#ffffff"/>{"".join(bars)}{line}</svg>\n'
    )


def run(*, quick: bool) -> tuple[list[dict[str, Any]], dict[str, float]]:
    """All cases and ratios."""
    files, megabytes, shards = QUICK if quick else (FILES, MEGABYTES_A_FILE, SHARDS)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tables = [documents(megabytes * MEGABYTE, first=n) for n in range(files)]
        sealed = Sealed(folder / "sealed", tables)
        small = [table.slice(n, ROWS) for table in tables for n in range(0, len(table), ROWS)]
        ways: list[Any] = [Plain(folder / "plain", tables), sealed]
        ways.append(
            Sealed(folder / "small", small, name="sealed, 10,000 rows a shard", key="small")
        )
        ways.append(GcmStream(folder / "gcm", ways[0]))
        if shutil.which("age") and shutil.which("age-keygen"):
            ways.append(AgeStream(folder / "age", ways[0]))
        cases = measure(ways)
        ratios = costs(cases)
        bulk = Sealed(folder / "bulk", [noise(megabytes * MEGABYTE // 2) for _ in range(8)])
        bulk.write()
        fast, sha256 = verification(bulk)
        ratios["verify_mb_per_s"] = round(fast, 1)
        ratios["disk_mb_per_s"] = round(disk_speed(folder / "bulk"), 1)
        if sha256:
            ratios["verify_vs_sha256"] = round(fast / sha256, 3)
        rate, milliseconds = rotation(folder / "rotated", shards)
        ratios["rotate_per_s"] = round(rate, 1)
        ratios["rotate_per_cpu_s"] = round(1000 / milliseconds, 1)
    return cases, ratios


def main() -> None:
    """Measure, print, and (in full) write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small sizes, a minute or two")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    cases, ratios = run(quick=options.quick)
    if options.json:
        facts = {"name": "sealing", "machine": machine(), "cases": cases, "ratios": ratios}
        print(json.dumps(facts))
        return
    about = __doc__.split("\n\n")[1]
    page = f"# Sealing\n\n`python benchmarks/sealing.py` on {machine()}.\n\n{about}"
    page += f"\n\n{table(cases, ratios)}\n\n![CPU time over plain Parquet](sealing.svg)\n"
    print(page)
    if not options.quick:
        TARGET.write_text(page, encoding="utf-8")
        TARGET.with_suffix(".svg").write_text(plot(cases), encoding="utf-8")


if __name__ == "__main__":
    main()
