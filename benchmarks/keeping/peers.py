"""The two peers of benchmarks/sealing.py: a plain Parquet file, encrypted as one stream.

Neither can read a part: to see one column the whole file is decrypted first.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

_BLOCK = 1 << 20


class GcmStream:
    """AES-256-GCM over the whole file: 12 bytes of nonce, ciphertext, 16 bytes of tag."""

    name = "AES-GCM stream"
    key = "gcm"

    def __init__(self, folder: Path, plain: Any) -> None:
        self.folder = folder
        self._plain = plain
        self._key = os.urandom(32)
        folder.mkdir()

    def write(self) -> None:
        """All files, by way of memory."""
        for number, table in enumerate(self._plain.tables):
            buffer = _parquet(table)
            nonce = os.urandom(12)
            encryptor = Cipher(algorithms.AES256(self._key), modes.GCM(nonce)).encryptor()
            with (self.folder / str(number)).open("wb") as file:
                file.write(nonce)
                for start in range(0, len(buffer), _BLOCK):
                    file.write(encryptor.update(buffer[start : start + _BLOCK]))
                encryptor.finalize()
                file.write(encryptor.tag)

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """All rows; nothing is used before the tag is checked."""
        numbers = range(len(self._plain.tables))
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

    def __init__(self, folder: Path, plain: Any) -> None:
        self.folder = folder
        self._plain = plain
        folder.mkdir()
        self._identity = folder.parent / "age-key.txt"
        done = subprocess.run(
            ["age-keygen", "-o", str(self._identity)], capture_output=True, text=True, check=True
        )
        self._recipient = done.stderr.split()[-1]

    def write(self) -> None:
        """All files, by way of memory."""
        for number, table in enumerate(self._plain.tables):
            command = ["age", "-r", self._recipient, "-o", str(self.folder / str(number))]
            subprocess.run(command, input=_parquet(table), check=True)

    def read(self, columns: list[str] | None = None) -> pa.Table:
        """All rows."""
        found = []
        for number in range(len(self._plain.tables)):
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


def _parquet(table: pa.Table) -> memoryview:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd", compression_level=1)
    return memoryview(sink.getvalue()).cast("B")
