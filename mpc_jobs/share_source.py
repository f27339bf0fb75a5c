"""A party's dealt shares, batch by batch: kept in memory if they fit, else read as they come.

The shares of a part are decrypted, checked to be elements of the field, and cut into mini-batches
with the constant column appended (a public 1 is its own share).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mpc_jobs import field
from mpc_jobs.compiling import one
from mpc_jobs.deal_manifest import DealManifest, read_manifest
from mpc_jobs.dealing import deal_area, part_context
from mpc_jobs.job import Job, Part, Role
from mpc_jobs.kernels import Elements
from redactory.durable import Folder
from redactory.errors import IntegrityError
from sealed_shards import Identity
from sealed_shards.header import ShardHeader
from sealed_shards.layout import shard_file
from sealed_shards.shard import read_table, unwrap_data_key
from sealed_shards.wraps import parse_wraps


@dataclass(frozen=True)
class Batch:
    """Shares of one mini-batch: x (2, n, d + 1) with the constant column, y (2, n, k)."""

    x: Elements
    y: Elements


class ShareSource:
    """What was dealt to one party.

    Args:
        job: the job.
        folder: the job's folder.
        number: the party's number.
        identity: opens what was sealed to it.
        memory_bytes: shares beyond this are read anew in every epoch.
    """

    def __init__(
        self, job: Job, folder: Folder, number: int, identity: Identity, *, memory_bytes: int
    ) -> None:
        self._job, self._folder, self._identity = job, folder, identity
        self._number = number
        self._party = job.parties[number - 1].name
        self._manifests: dict[str, DealManifest] = {}
        digest = hashlib.sha256()
        for owner in job.owners:
            self._manifests[owner.name], raw = read_manifest(job, folder, owner.name)
            digest.update(hashlib.sha256(raw).digest())
        self.digest = digest.digest()
        columns = job.features.columns + 1 + job.labels.outputs
        rows = sum(owner.train_rows + owner.validation_rows for owner in job.owners)
        self._keeps = rows * columns * field.ELEMENT_BYTES <= memory_bytes
        self._kept: dict[Part, list[Batch]] = {}
        self._keys: dict[str, bytes] = {}

    def load(self) -> None:
        """Read and check everything now, if it is to be kept in memory."""
        if self._keeps:
            for role in ("train", "validation"):
                for part in self._job.parts(role):
                    self._part(part)

    def batches(self, role: Role) -> Iterator[Batch]:
        """All mini-batches in the job's order."""
        for part in self._job.parts(role):
            yield from self._part(part)

    def _part(self, part: Part) -> list[Batch]:
        if part in self._kept:
            return self._kept[part]
        batches = self._cut(*self._read(part))
        if self._keeps:
            self._kept[part] = batches
        return batches

    def _cut(self, x: Elements, y: Elements) -> list[Batch]:
        size = self._job.training.batch_rows
        ones = field.filled((x.shape[1], 1), one(self._job.features))
        x = np.concatenate([x, ones], axis=2)
        return [
            Batch(
                np.ascontiguousarray(x[:, start : start + size]),
                np.ascontiguousarray(y[:, start : start + size]),
            )
            for start in range(0, x.shape[1], size)
        ]

    def _read(self, part: Part) -> tuple[Elements, Elements]:
        manifest = self._manifests[part.owner]
        entry = manifest.part(part)
        if entry is None:  # read_manifest saw to it that every part is there
            raise IntegrityError("a part is missing from the deal", where=part.owner)
        header = entry.headers[self._number - 1]
        area = deal_area(part.owner, manifest.deal_id, self._party)
        if header.context != part_context(self._job, manifest.deal_id, part, self._party):
            raise IntegrityError("a part of the deal belongs elsewhere", where=area)
        table = read_table(self._folder, area, header, self._data_key(area, header))
        x = _elements(table.column("features"), self._job.features.columns, where=area)
        y = _elements(table.column("labels"), self._job.labels.outputs, where=area)
        return x, y

    def _data_key(self, area: str, header: ShardHeader) -> bytes:
        if header.stem not in self._keys:
            name = shard_file(area, "wraps", header.stem)
            wraps = self._folder.read(name)
            if len(parse_wraps(wraps, where=name)) != 1:
                raise IntegrityError("shares are sealed for more than their party", where=name)
            self._keys[header.stem] = unwrap_data_key(
                self._folder, area, header, wraps, self._identity
            )
        return self._keys[header.stem]


def _elements(column: pa.ChunkedArray, columns: int, *, where: str) -> Elements:
    size = field.ELEMENT_BYTES * columns
    pieces = []
    for chunk in column.chunks:
        if chunk.type != pa.binary(size) or chunk.null_count:
            raise IntegrityError("shares of the wrong form", where=where)
        raw = np.frombuffer(chunk.buffers()[1], np.uint8)
        start = chunk.offset * size
        pieces.append(raw[start : start + len(chunk) * size].reshape(-1, size))
    shares = field.from_rows(np.concatenate(pieces))
    if not field.is_canonical(shares):
        raise IntegrityError("shares that are no elements of the field", where=where)
    return shares
