"""How fast is the ledger, and what does being tamper-evident cost?

In one run, on the same statements of about 650 bytes, all of it durable when it returns:

* appends to the file store: one by one, in batches of 10,000, by 8 processes at once;
* appends to SQLite and (where a server is installed) PostgreSQL, in batches;
* the same bytes into one plain SQLite table, one by one and in batches, and into the SQLite
  tree of pymerkle (GPL, so never a dependency; installed apart for this, left out if it
  cannot be);
* verification of a whole log; sizes of proofs.

    python benchmarks/ledger.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit_ledger import Draft, Log, LogSigner, Provenance, verify_log
from audit_ledger.proof import InclusionProof

TARGET = Path(__file__).resolve().parents[1] / "docs" / "benchmarks" / "ledger.md"
REPOSITORY = Path(__file__).resolve().parents[1]
ORIGIN = "redactory.log/" + "0a" * 16
SIGNER = LogSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), ORIGIN)
WHO = Provenance(
    actor_kind="cli", actor_name="bench", run_id="bench", code_version="0", policy_sha256="ab" * 32
)
DIGEST = "ab" * 32
BATCH = 10_000
WRITERS = 8
MILLION = 1_000_000


def drafts(first: int, count: int) -> list[Draft]:
    """Statements as an ingest makes them."""
    body = {
        "dataset": "letters",
        "version": 1,
        "segments_sha256": DIGEST,
        "sources": 1,
        "records": 10,
        "policy_digest": DIGEST,
    }
    return [
        Draft(
            "ingested",
            ((f"input/{first + i:032x}", DIGEST),),
            {**body, "shard": f"{first + i:032x}"},
        )
        for i in range(count)
    ]


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """(wall, CPU of this process) seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def append_batches(place: Path | str, total: int, batch: int) -> dict[str, float]:
    """Append ``total`` leaves; only the calls of ``append`` count, not making the drafts."""
    log = Log.create(place, SIGNER, origin=ORIGIN)
    walls, cpus = [], []
    for first in range(0, total, batch):
        prepared = drafts(first, min(batch, total - first))
        wall, cpu = timed(lambda prepared=prepared: log.append(prepared, WHO))
        walls.append(wall / len(prepared))
        cpus.append(cpu / len(prepared))
    return {
        "per_s": 1 / statistics.median(walls),
        "per_cpu_s": 1 / statistics.median(cpus),
    }


def append_in_parallel(place: Path | str, total: int) -> dict[str, float]:
    """Eight processes, batches of 100."""
    Log.create(place, SIGNER, origin=ORIGIN)
    share = total // WRITERS
    arguments = [[str(place), str(n * share), str(share)] for n in range(WRITERS)]
    children = [
        subprocess.Popen(
            [sys.executable, __file__, "--write", *argument],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for argument in arguments
    ]
    for child in children:
        child.stdout.readline()  # it has started
    began = time.perf_counter()
    for child in children:
        child.stdin.close()
    if any(child.wait() for child in children):
        sys.exit("a writer failed")
    wall = time.perf_counter() - began
    return {"per_s": share * WRITERS / wall}


def write(place: str, first: int, count: int) -> None:
    """One of the eight."""
    log = Log.open(place if "://" in place else Path(place), SIGNER)
    print("ready", flush=True)
    sys.stdin.read()
    for start in range(first, first + count, 100):
        log.append(drafts(start, min(100, first + count - start)), WHO)


def plain_sqlite(file: Path, leaves: list[bytes], batch: int) -> float:
    """The same bytes into one table, as durable: rows a second."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE entries (id INTEGER PRIMARY KEY, leaf BLOB)")

    def insert(rows: list[bytes]) -> None:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO entries (leaf) VALUES (?)", [(row,) for row in rows])
        connection.execute("COMMIT")

    rates = []
    for start in range(0, len(leaves), batch):
        rows = leaves[start : start + batch]
        wall, _ = timed(lambda rows=rows: insert(rows))
        rates.append(wall / len(rows))
    connection.close()
    return 1 / statistics.median(rates)


PYMERKLE = """
import json, sys, time
sys.path.insert(0, sys.argv[1])
from pymerkle import SqliteTree
tree = SqliteTree(sys.argv[2])
leaves = [line.rstrip(b"\\n") for line in open(sys.argv[3], "rb")]
began = time.perf_counter()
tree.append_entries(leaves)
append = time.perf_counter() - began
began = time.perf_counter()
tree.get_state()
root = time.perf_counter() - began
tree.close()
print(json.dumps({"append_per_s": len(leaves) / append, "root_s": root}))
"""


def pymerkle(folder: Path, leaves: list[bytes]) -> dict[str, float] | None:
    """Another Merkle log in Python, if it can be installed."""
    packages = folder / "packages"
    installed = subprocess.run(
        [sys.executable, "-m", "pip", "install", "-q", "--target", str(packages), "pymerkle"],
        capture_output=True,
        check=False,
    )
    if installed.returncode:
        return None
    (folder / "leaves").write_bytes(b"".join(leaf + b"\n" for leaf in leaves))
    command = [sys.executable, "-c", PYMERKLE, str(packages), str(folder / "pymerkle.db")]
    done = subprocess.run(
        [*command, str(folder / "leaves")], capture_output=True, check=False, text=True
    )
    return None if done.returncode else dict(json.loads(done.stdout))


@contextmanager
def postgresql() -> Iterator[str | None]:
    """A server of our own, if one is installed; as the tests start it."""
    sys.path.insert(0, str(REPOSITORY / "tests" / "audit_ledger"))
    try:
        import pg8000  # noqa: F401
        import postgresql as server
    except ImportError:
        yield None
        return
    if server.server_program("postgres") is None:
        yield None
        return
    with server.running_server(fsync=True) as folder:
        yield server.url(folder, "postgres")


def verification(place: Path, total: int) -> dict[str, float]:
    """Verify the whole log."""
    outcome: list[Any] = []
    wall, cpu = timed(lambda: outcome.append(verify_log(place, verifier=SIGNER.verifier)))
    if not outcome[0].ok or outcome[0].size != total:
        sys.exit("the log does not verify")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "million_s": wall * MILLION / total,
        "million_cpu_s": cpu * MILLION / total,
        "peak_mb": peak,
    }


def proofs(place: Path) -> dict[str, float]:
    """Sizes of proofs, and what one costs."""
    log = Log.open(place)
    size = log.checkpoint.size
    proof = InclusionProof.of(log, size // 3)
    leaf = log.entry(size // 3).raw
    wall, _ = timed(lambda: InclusionProof.of(log, size // 5))
    check, _ = timed(lambda: proof.verify(leaf, SIGNER.verifier, where="proof"))
    return {
        "inclusion_hashes": len(proof.path),
        "inclusion_bytes": len(proof.encode()),
        "consistency_bytes": 32 * len(log.consistency(size // 3)),
        "prove_ms": wall * 1000,
        "check_us": check * 1e6,
    }


def measure(*, quick: bool) -> dict[str, Any]:
    """Every case, in one folder that goes away again."""
    folder = Path(tempfile.mkdtemp(prefix="redactory-ledger-"))
    total = 100_000 if quick else MILLION
    few = 200 if quick else 1000
    some = 20_000 if quick else 100_000
    cases: list[dict[str, Any]] = []

    def note(case: str, values: dict[str, float]) -> dict[str, float]:
        cases.append({"case": case, **{name: round(value, 3) for name, value in values.items()}})
        return values

    try:
        batches = note(
            "file store, batches of 10,000", append_batches(folder / "log", total, BATCH)
        )
        verified = note("verification", verification(folder / "log", total))
        sizes = note("proofs", proofs(folder / "log"))
        single = note("file store, one by one", append_batches(folder / "single", few, 1))
        eight = note(
            "file store, 8 writers, batches of 100", append_in_parallel(folder / "eight", some)
        )
        leaves = [entry.raw for entry in islice(Log.open(folder / "log").entries(), some)]
        plain = plain_sqlite(folder / "plain.db", leaves, BATCH)
        plain_single = plain_sqlite(folder / "plain1.db", leaves[:few], 1)
        note("plain SQLite, batches of 10,000", {"per_s": plain})
        note("plain SQLite, one by one", {"per_s": plain_single})
        ratios = {
            "append_per_s": batches["per_s"],
            "append_per_cpu_s": batches["per_cpu_s"],
            "append_single_per_s": single["per_s"],
            "append_8_writers_per_s": eight["per_s"],
            "verify_million_s": verified["million_s"],
            "proof_bytes": sizes["inclusion_bytes"],
            "vs_sqlite": batches["per_s"] / plain,
            "single_vs_sqlite": single["per_s"] / plain_single,
        }
        for name, url in databases(folder):
            stored = note(f"{name}, batches of 10,000", append_batches(url, some, BATCH))
            ratios[f"{name.lower()}_per_s"] = stored["per_s"]
        other = pymerkle(folder, leaves)
        if other is not None:
            note("pymerkle, SQLite tree", other)
            ratios["vs_pymerkle"] = batches["per_s"] / other["append_per_s"]
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    rounded = {name: round(value, 3) for name, value in ratios.items()}
    return {"name": "ledger", "machine": machine(), "cases": cases, "ratios": rounded}


def databases(folder: Path) -> Iterator[tuple[str, str]]:
    """Name and URL of every database that is here."""
    try:
        import alembic  # noqa: F401
        import sqlalchemy  # noqa: F401
    except ImportError:
        return
    yield "SQLite", f"sqlite:///{folder}/ledger.db"
    with postgresql() as url:
        if url is not None:
            yield "PostgreSQL", url


def machine() -> str:
    """What this ran on, and how busy it was."""
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}, "
        f"load {load:.1f}"
    )


def page(result: dict[str, Any]) -> str:
    """The result as Markdown."""
    lines = ["| case | |", "|---|---|"]
    for case in result["cases"]:
        values = ", ".join(f"{k} {v:,}" for k, v in case.items() if k != "case")
        lines.append(f"| {case['case']} | {values} |")
    lines += ["", "| ratio | |", "|---|---:|"]
    lines += [f"| {name} | {value:,} |" for name, value in result["ratios"].items()]
    return (
        "# The ledger\n\n`python benchmarks/ledger.py` on "
        f"{result['machine']}. Leaves of about 650 bytes; every append is durable (fsync) and "
        "covered by a signed checkpoint when it returns; medians over the batches. `per_s` is "
        "wall time, `per_cpu_s` counts this process's CPU seconds only, which other work on "
        "the machine hardly changes.\n\n" + "\n".join(lines) + "\n"
    )


def main() -> None:
    """Measure, print, and (in full) write the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the size")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--write", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.write:
        write(options.write[0], int(options.write[1]), int(options.write[2]))
        return
    result = measure(quick=options.quick)
    if options.json:
        print(json.dumps(result))
        return
    text = page(result)
    print(text)
    if not options.quick:
        TARGET.parent.mkdir(parents=True, exist_ok=True)
        TARGET.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
