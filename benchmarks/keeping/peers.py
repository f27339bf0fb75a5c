"""The peers of benchmarks/sealing.py: plain Parquet, and the plain file encrypted as one stream.

The plain file has the compression and the encodings of a sealed one, and is as durable. A stream
cannot be read in part: to see one column the whole file is decrypted first.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from redactory.durable import fsync_folder
from sealed_shards.shard import repetitive_columns

_BLOCK = 1 << 20


class Plain:
    """Parquet as a sealed shard has it inside; read batch by batch, the cheapest way here.

    Args:
        folder: where the files go.
        tables: one for each file.
        name: of the way, in the page.
        key: the same, in the names of ratios.
        base: the plain way that it is compared with; pyarrow then chooses the encodings.
    """

    def __init__(
        self,
        folder: Path,
        tables: list[pa.Table],
        *,
        name: str = "plain Parquet",
        key: str = "plain",
        base: str | None = None,
    ) -> None:
        self.name = name
        self.key = key
        self.base = base
        self.folder = folder
        self.tables = tables
        self.dictionaries = [bool(base) or repetitive_columns(table) for table in tables]
        folder.mkdir()

    def write(self) -> None:
        """All files."""
        for number, table in enumerate(self.tables):
            with self._path(number).open("wb") as file:
                _write(table, file, dictionaries=self.dictionaries[number])
                file.flush()
                os.fsync(file.fileno())
        fsync_folder(self.folder)

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

    def parquet(self, number: int) -> memoryview:
        """One of the files, in memory."""
        sink = pa.BufferOutputStream()
        _write(self.tables[number], sink, dictionaries=self.dictionaries[number])
        return memoryview(sink.getvalue()).cast("B")

    def _path(self, number: int) -> Path:
        return self.folder / f"{number}.parquet"


class GcmStream:
    """AES-256-GCM over the whole file: 12 bytes of nonce, ciphertext, 16 bytes of tag."""

    name = "AES-GCM stream"
    key = "gcm"

    base = "plain"

    def __init__(self, folder: Path, plain: Plain) -> None:
        self.folder = folder
        self.tables = plain.tables
        self._plain = plain
        self._key = os.urandom(32)
        folder.mkdir()

    def write(self) -> None:
        """All files, by way of memory."""
        for number in range(len(self.tables)):
            buffer = self._plain.parquet(number)
            nonce = os.urandom(12)
            encryptor = Cipher(algorithms.AES256(self._key), modes.GCM(nonce)).encryptor()
            with (self.folder / str(number)).open("wb") as file:
                file.write(nonce)
                for start in range(0, len(buffer), _BLOCK):
                    file.write(encryptor.update(buffer[start : start + _BLOCK]))
                encryptor.finalize()
                file.write(encryptor.tag)
                file.flush()
                os.fsync(file.fileno())
        fsync_folder(self.folder)

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """All rows; nothing is used before the tag is checked."""
        numbers = range(len(self.tables))
        return pa.concat_tables(_rows(self._opened(number), columns) for number in numbers)

    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self.folder.iterdir())

    def _opened(self, number: int) -> bytes:
        raw = memoryview((self.folder / str(number)).read_bytes())
        mode = modes.GCM(bytes(raw[:12]), bytes(raw[-16:]))
        decryptor = Cipher(algorithms.AES256(self._key), mode).decryptor()
        return decryptor.update(raw[12:-16]) + decryptor.finalize()


class AgeStream:
    """age 1.x (X25519, ChaCha20-Poly1305 in chunks of 64 KiB), by pipe."""

    name = "age"
    key = "age"

    base = "plain"

    def __init__(self, folder: Path, plain: Plain) -> None:
        self.folder = folder
        self.tables = plain.tables
        self._plain = plain
        folder.mkdir()
        self._identity = folder.parent / "age-key.txt"
        done = subprocess.run(
            ["age-keygen", "-o", str(self._identity)], capture_output=True, text=True, check=True
        )
        self._recipient = done.stderr.split()[-1]

    def write(self) -> None:
        """All files, by way of memory."""
        for number in range(len(self.tables)):
            path = self.folder / str(number)
            command = ["age", "-r", self._recipient, "-o", str(path)]
            subprocess.run(command, input=self._plain.parquet(number), check=True)
            with path.open("rb") as file:
                os.fsync(file.fileno())
        fsync_folder(self.folder)

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """All rows."""
        found = []
        for number in range(len(self.tables)):
            command = ["age", "-d", "-i", str(self._identity), str(self.folder / str(number))]
            done = subprocess.run(command, capture_output=True, check=True)
            found.append(_rows(done.stdout, columns))
        return pa.concat_tables(found)

    def size(self) -> int:
        """Bytes on disk."""
        return sum(path.stat().st_size for path in self.folder.iterdir())


def _rows(raw: bytes, columns: list[str] | None) -> pa.Table:
    with pq.ParquetFile(pa.BufferReader(raw)) as file:
        return pa.Table.from_batches(file.iter_batches(columns=columns))


def _write(table: pa.Table, sink: Any, *, dictionaries: bool | list[str]) -> None:
    pq.write_table(
        table, sink, compression="zstd", compression_level=1, use_dictionary=dictionaries
    )
