"""What every adapter does: read sets, search each record, write findings and what it cost.

An adapter runs in the environment of its system, so this module uses the standard library
only and is imported by its bare name. Files::

    IN/<set>.jsonl    {"id", "lang", "text"}
    OUT/<set>.jsonl   {"id", "spans": [[start, end, type], ...]}, offsets in code points
    OUT/facts.json    {"versions", "load_s", "sets": {set: {"cpu_s", "bytes", "failed"}}}

CPU seconds are those of this process, all threads, from the first record of a set to its
last; loading, and a first search of a line that is in no set, come before.
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import PackageNotFoundError, version
from itertools import islice
from pathlib import Path
from typing import Any

Record = dict[str, Any]
Spans = list[tuple[int, int, str]]
# Searches records; None in place of spans says that the system failed on that record.
Search = Callable[[list[Record]], list[Spans | None]]

_BATCH = 64
_WARM_UP = {
    "id": "warm-up",
    "lang": "en",
    "text": "Jan Novak of Brno, jan@example.org, https://example.org, +420 601 123 456, 1 May 1990",
}


def one_by_one(search: Callable[[str], Iterable[tuple[int, int, str]]]) -> Search:
    """A search of many records out of a search of one text."""

    def attempt(record: Record) -> Spans | None:
        try:
            return [(start, end, kind) for start, end, kind in search(record["text"])]
        except Exception as error:  # noqa: BLE001 - a peer's failure is counted, not ours
            sys.stderr.write(f"{type(error).__name__} on one record\n")
            return None

    return lambda records: [attempt(record) for record in records]


def serve(
    load: Callable[[argparse.Namespace], Search],
    packages: Iterable[str],
    *,
    options: Callable[[argparse.ArgumentParser], object] = lambda _: None,
) -> None:
    """Run an adapter.

    Args:
        load: makes the search; its time is told apart.
        packages: distributions whose versions are told.
        options: adds further command-line options.
    """
    parser = argparse.ArgumentParser()
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    options(parser)
    given = parser.parse_args()
    logging.disable()  # a log line can hold text of a record, and costs time
    began = time.process_time()
    search = load(given)
    facts: dict[str, Any] = {"load_s": round(time.process_time() - began, 2), "sets": {}}
    search([_WARM_UP])
    for path in sorted(given.source.glob("*.jsonl")):
        facts["sets"][path.stem] = _search_set(path, given.target / path.name, search)
    facts["versions"] = {name: known for name in packages if (known := _version(name))}
    (given.target / "facts.json").write_text(json.dumps(facts), encoding="utf-8")


def _search_set(source: Path, target: Path, search: Search) -> dict[str, float]:
    with source.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    failed = done = 0
    cpu = 0.0
    with target.open("w", encoding="utf-8") as file:
        for batch in _batches(records):
            began = time.process_time()
            results = search(batch)
            cpu += time.process_time() - began
            for record, spans in zip(batch, results, strict=True):
                failed += spans is None
                file.write(json.dumps({"id": record["id"], "spans": spans or []}) + "\n")
            done += len(batch)
            if sys.stderr.isatty():
                sys.stderr.write(f"\r  {source.stem}: {done:,} of {len(records):,} records")
    clear = "\r\x1b[K" if sys.stderr.isatty() else ""
    sys.stderr.write(f"{clear}  {source.stem}: {done:,} records, {cpu:.1f} CPU seconds\n")
    size = sum(len(record["text"].encode()) for record in records)
    return {"cpu_s": round(cpu, 3), "bytes": size, "failed": failed}


def _batches(records: list[Record]) -> Iterator[list[Record]]:
    rest = iter(records)
    while batch := list(islice(rest, _BATCH)):
        yield batch


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
