"""Where the files of a dataset lie (contracts, "Dataset folder").

A dataset has three areas with the same inner layout and their own recipients: the data
itself (``""``), ``quarantine`` (records that could not be released) and ``sources`` (which
file a source id stands for; paths can hold names, so they are sealed too).
"""

from __future__ import annotations

from typing import Final

DATA: Final = ""
QUARANTINE: Final = "quarantine"
SOURCES: Final = "sources"
AREAS: Final = (DATA, QUARANTINE, SOURCES)

DATASET_FILE: Final = "dataset.json"
RUNS_FOLDER: Final = ".runs"
CHANGES_FOLDER: Final = ".changes"
LEDGER_FOLDER: Final = "ledger"
REPORTS_FOLDER: Final = "reports"
MANIFESTS_FOLDER: Final = "manifests"

STEM_PATTERN: Final = r"[0-9a-f]{32}\.[0-9a-f]{16}"
_SUFFIXES: Final = {"shards": "parquet", "headers": "json", "wraps": "json", "chunks": "sha256"}


def shard_file(area: str, kind: str, stem: str) -> str:
    """Name of one of a shard's four files; ``kind`` is shards, headers, wraps or chunks."""
    prefix = f"{area}/" if area else ""
    return f"{prefix}{kind}/{stem}.{_SUFFIXES[kind]}"


def shard_files(area: str, stem: str) -> dict[str, str]:
    """All four names of a shard, by kind."""
    return {kind: shard_file(area, kind, stem) for kind in _SUFFIXES}


def next_wraps_file(area: str, stem: str) -> str:
    """Where new wraps wait until the log knows of them."""
    return f"{shard_file(area, 'wraps', stem)}.next"


def shard_folders(area: str) -> list[str]:
    """The four folders of an area."""
    prefix = f"{area}/" if area else ""
    return [f"{prefix}{kind}" for kind in _SUFFIXES]


def manifest_file(run_id: str) -> str:
    """Name of the manifest of a run."""
    return f"{MANIFESTS_FOLDER}/{run_id}.json"


def report_file(run_id: str) -> str:
    """Name of the report of a run."""
    return f"{REPORTS_FOLDER}/{run_id}.html"
