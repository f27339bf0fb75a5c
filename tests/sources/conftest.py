"""Writing input files and reading them back, for every test of the readers."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import zstandard

from redactory.sources import Batch, ReadOptions, Unreadable, list_sources, read

PACKERS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    ".gz": gzip.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


class Outcome:
    """All batches of one file, joined."""

    def __init__(self, batches: list[Batch]) -> None:
        self.batches = batches
        self.unreadable: list[Unreadable] = [u for batch in batches for u in batch.unreadable]
        self.rows: list[dict[str, Any]] = (
            pa.Table.from_batches([batch.records for batch in batches]).to_pylist()
            if batches
            else []
        )
        self.bytes_read = sum(batch.bytes_read for batch in batches)

    def column(self, name: str = "text") -> list[Any]:
        return [row[name] for row in self.rows]

    @property
    def reasons(self) -> list[tuple[int, str]]:
        return [(u.record_no, str(u.reason)) for u in self.unreadable]

    @property
    def numbers(self) -> list[int]:
        """Every record number, readable or not, sorted."""
        return sorted([*self.column("record_no"), *(u.record_no for u in self.unreadable)])


class Workbench:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, data: bytes) -> str:
        suffix = next(s for s in (".gz", ".zst", "") if name.endswith(s))
        path = self.folder / name
        path.write_bytes(PACKERS[suffix](data))
        return str(path)

    def store(self, name: str, data: bytes) -> str:
        """Write ``data`` as it is, whatever the suffix claims."""
        path = self.folder / name
        path.write_bytes(data)
        return str(path)

    def read(self, path: str, **options: Any) -> Outcome:
        (source,) = list_sources(path).sources
        return Outcome(list(read(source, ReadOptions(**options), source_id="src")))

    def read_bytes(self, name: str, data: bytes, **options: Any) -> Outcome:
        return self.read(self.write(name, data), **options)


@pytest.fixture(scope="session")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    return Workbench(tmp_path_factory.mktemp("sources"))
