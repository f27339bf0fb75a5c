"""How long an auditor waits for a page over a long log.

A log of 100,000 statements (runs of ingested, redacted and sealed shards, and an access now and
then) is served by the application itself, without a network:

* cold: a process that has seen nothing yet answers the first request. It waits a moment for the
  verification and then says how far that is; the page with the verdict follows;
* warm: the same page again, when only the checkpoint has to be looked at;
* grown: after a run has appended to the log, so that only the growth is verified;
* every other page, warm.

The log is bare, so that the time is that of statements, not of files on this disk.

    python benchmarks/audit_pages.py [--quick] [--json]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import os
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[1]
TARGET = REPOSITORY / "docs" / "benchmarks" / "audit_pages.md"
STATEMENTS, QUICK = 100_000, 10_000
DATASET = "letters"
RUNS = 200
_ROUNDS = 9
_TYPES = ("EMAIL_ADDRESS", "PERSON", "PHONE_NUMBER", "LOCATION", "DATE_TIME", "CREDIT_CARD")


def digest(text: str) -> str:
    """A digest that looks like any other."""
    return hashlib.sha256(text.encode()).hexdigest()


def shard_drafts(number: int) -> list[Any]:
    """What is stated about one shard."""
    from audit_ledger import Draft

    shard, policy = digest(f"shard {number}")[:32], digest("policy")
    context = {"dataset": DATASET, "shard": shard, "version": 1, "policy_digest": policy}
    cipher = digest(f"cipher {number}")
    header = {
        "ctx": context, "sha256": cipher, "bytes": 1_000_000 + number, "rows": 10_000,
        "commit": digest("commit"), "chunks_root": digest("chunks"), "extensions": {},
    }  # fmt: skip
    entities = {kind: 100 + (number * 7 + i) % 900 for i, kind in enumerate(_TYPES)}
    records = {"records_in": 10_000, "records_out": 10_000, "quarantined": 0}
    inputs = (f"input/{shard}", digest(f"input {number}"))
    ingested = {**context, "records": 10_000, "segments_sha256": inputs[1], "sources": 1}
    redacted = {**context, **records, "detector": {"engine": "rules/4"}, "entities": entities}
    redacted["operators"] = {"replace": sum(entities.values())}
    sealed = {**context, "header": header, "keyring_sha256": digest("keys")}
    sealed["kids"] = [digest("reader")]
    return [
        Draft("ingested", (inputs,), ingested),
        Draft("redacted", (inputs,), redacted),
        Draft("sealed", ((f"shards/{shard}.{cipher[:16]}.parquet", cipher),), sealed),
    ]


def access_draft(number: int) -> Any:
    """An access to the data."""
    from audit_ledger import Draft

    body = {
        "dataset": DATASET, "purpose": "training", "shard_set_sha256": digest(f"set {number}"),
        "shards": number, "kid": digest("reader"),
    }  # fmt: skip
    return Draft("unwrapped", ((DATASET, body["shard_set_sha256"]),), body)


def build(folder: Path, statements: int) -> Callable[[int, int], None]:
    """A log of so many statements; returns what appends further runs."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from audit_ledger import Log, LogSigner, Provenance

    origin = f"redactory.log/{'ab' * 16}"
    signer = LogSigner(Ed25519PrivateKey.generate(), origin)
    log = Log.create(folder, signer, origin=origin)
    shards = max(1, (statements - RUNS) // 3 // RUNS)

    def runs(first: int, count: int) -> None:
        for run in range(first, first + count):
            by = Provenance(
                actor_kind="airflow",
                actor_name=f"user{run % 7}",
                run_id=f"airflow-{digest(str(run))[:32]}",
                dag_id="redactory_ingest",
                try_number=1,
                code_version="0.1.0",
                policy_sha256=digest("policy"),
            )
            numbers = range(run * shards, (run + 1) * shards)
            drafts = [draft for number in numbers for draft in shard_drafts(number)]
            log.append([*drafts, access_draft(run)], by)

    runs(0, RUNS)
    return runs


def client_of(folder: Path, home: Path) -> Any:
    """A browser of sorts for a fresh application over the log."""
    from fastapi.testclient import TestClient

    from operators.audit_pages.access import signed_in
    from operators.audit_pages.app import make_app
    from redactory.auditing import AuditDesk, AuditSettings, Watched

    key = str(folder / "log.vkey")
    settings = AuditSettings(dataset=(Watched(path=str(folder), log_key=key),))
    desk = AuditDesk(settings, home)
    app = make_app(desk)
    app.dependency_overrides[signed_in] = lambda: None
    return TestClient(app), desk


def visit(client: Any, path: str) -> tuple[float, str]:
    """Seconds for a page, and the page."""
    began = time.perf_counter()
    answer = client.get(path)
    seconds = time.perf_counter() - began
    if answer.status_code != 200:
        raise SystemExit(f"{path} answered {answer.status_code}")
    return seconds, answer.text


def measure(statements: int) -> dict[str, float]:
    """All times in milliseconds."""
    with tempfile.TemporaryDirectory() as scratch:
        folder, home = Path(scratch) / "ledger", Path(scratch) / "home"
        append = build(folder, statements)
        client, desk = client_of(folder, home)
        found: dict[str, float] = {}
        began, work = time.perf_counter(), time.process_time()
        seconds, text = visit(client, "/")
        found["cold_first_page_ms"] = 1000 * seconds
        while 'class="banner intact"' not in text:
            time.sleep(0.2)  # a browser waits for two seconds
            _, text = visit(client, "/")
        found["cold_verdict_ms"] = 1000 * (time.perf_counter() - began)
        found["cold_cpu_ms"] = 1000 * (time.process_time() - work)
        pages = {
            "warm_first_page_ms": "/",
            "statements_ms": f"/datasets/{DATASET}/statements",
            "filtered_statements_ms": f"/datasets/{DATASET}/statements?kind=unwrapped&actor=user3",
            "dataset_ms": f"/datasets/{DATASET}",
            "access_ms": "/access",
        }
        for name, path in pages.items():
            visit(client, path)
            found[name] = 1000 * statistics.median(visit(client, path)[0] for _ in range(_ROUNDS))
        work = time.process_time()
        visit(client, "/")
        found["warm_cpu_ms"] = 1000 * (time.process_time() - work)
        append(RUNS, 1)
        found["grown_first_page_ms"] = 1000 * visit(client, "/")[0]
        for watch in desk.watches:
            watch.settle()
        found["statements"] = float(len(watch._reading.facts.rows))  # noqa: SLF001
        found["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return found


def machine() -> str:
    """What this ran on."""
    load = os.getloadavg()[0]
    return (
        f"{os.cpu_count()} cores, Python {platform.python_version()}, {platform.machine()}, "
        f"load {load:.1f}"
    )


def table(found: dict[str, float]) -> str:
    """The page."""
    said = {
        "cold_first_page_ms": "cold: first page, with the progress of the verification",
        "cold_verdict_ms": "cold: first page with the verdict",
        "warm_first_page_ms": "warm: first page (overview)",
        "grown_first_page_ms": "first page after a run appended to the log",
        "statements_ms": "statements, newest 50",
        "filtered_statements_ms": "statements, filtered by kind and actor",
        "dataset_ms": "dataset page, all shards counted by state",
        "access_ms": "access log",
    }
    rows = [f"| {text} | {found[name]:,.0f} |" for name, text in said.items()]
    about = (
        f"`python benchmarks/audit_pages.py` on {machine()}. A log of "
        f"{found['statements']:,.0f} statements; wall time in this process, without a network, "
        f"medians of {_ROUNDS} where warm. A warm first page takes {found['warm_cpu_ms']:,.0f} ms "
        "of CPU, the verification of everything from nothing "
        f"{found['cold_cpu_ms']:,.0f} ms. Peak memory of the process {found['peak_mb']:,.0f} MB, "
        "the writing of the log included."
    )
    head = ["# The audit pages over a long log", "", about, "", "| page | ms |", "|---|---:|"]
    return "\n".join([*head, *rows, ""])


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help=f"{QUICK:,} statements")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    sys.path.insert(0, str(REPOSITORY))
    with tempfile.TemporaryDirectory() as airflow:
        os.environ["AIRFLOW_HOME"] = airflow
        logging.disable(logging.INFO)
        found = measure(QUICK if options.quick else STATEMENTS)
    if options.json:
        ratios = {name: round(value, 1) for name, value in found.items() if name.endswith("_ms")}
        case = {"statements": found["statements"], "peak_mb": round(found["peak_mb"], 1)}
        print(
            json.dumps(
                {"name": "audit_pages", "machine": machine(), "cases": [case], "ratios": ratios}
            )
        )
        return
    page = table(found)
    print(page)
    if not options.quick:
        TARGET.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
