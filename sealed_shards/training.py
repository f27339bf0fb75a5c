"""Rows for training loops: shuffled, and divided between data-loader workers.

The parent opens the dataset, so the access is on record once, and workers get the data keys
from it. Shards are dealt out to workers whole; within a worker, their order and the rows in a
buffer are shuffled by a seed and the number of the epoch.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from redactory.errors import InputError
from sealed_shards.filters import Filters
from sealed_shards.optional import load

if TYPE_CHECKING:
    from sealed_shards.opened import Dataset

Row = dict[str, Any]


@dataclass(frozen=True)
class RowStream:
    """An iterable over rows as dictionaries; each iteration is one epoch.

    Attributes:
        dataset: opened.
        columns: which columns; None for all.
        filters: which rows (:mod:`sealed_shards.filters`).
        seed: None keeps the order of the dataset.
        buffer_rows: how many rows are shuffled among each other.
        epoch: changes the shuffle.
        worker: number of this reader,
        workers: of so many, which share the shards between them.
    """

    dataset: Dataset = field(repr=False)
    columns: Sequence[str] | None = None
    filters: Filters | None = None
    seed: int | None = None
    buffer_rows: int = 10_000
    epoch: int = 0
    worker: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        """Refuse shares that there are not."""
        if not 0 <= self.worker < self.workers or self.buffer_rows < 1:
            raise InputError(f"there is no worker {self.worker} of {self.workers}")

    def at_epoch(self, epoch: int) -> RowStream:
        """The same rows in the order of another epoch."""
        return replace(self, epoch=epoch)

    def share(self, worker: int, workers: int) -> RowStream:
        """The part of one of several readers; together they read every row once."""
        return replace(
            self, worker=self.worker + self.workers * worker, workers=self.workers * workers
        )

    def __iter__(self) -> Iterator[Row]:
        """The rows of this reader."""
        inside = _torch_worker()
        if inside is not None:
            part = self.share(*inside)
            return part.rows()
        return self.rows()

    def rows(self) -> Iterator[Row]:
        """The rows of this share, whatever process asks."""
        order = list(range(len(self.dataset.shards)))
        if self.seed is not None:
            random.Random(f"{self.seed}/{self.epoch}").shuffle(order)  # noqa: S311 - no secret
        mine = self.dataset.pick(order[self.worker :: self.workers])
        rows = (
            row
            for batch in mine.batches(self.columns, filters=self.filters)
            for row in batch.to_pylist()
        )
        if self.seed is None:
            return rows
        draw = random.Random(f"{self.seed}/{self.epoch}/{self.worker}")  # noqa: S311 - no secret
        return _shuffled(rows, self.buffer_rows, draw)


def to_torch(stream: RowStream) -> Any:
    """A PyTorch ``IterableDataset``; ``DataLoader`` workers share the shards.

    Raises:
        InputError: PyTorch is not installed.
    """
    torch_data = load("torch.utils.data", "torch")

    class SealedRows(torch_data.IterableDataset):  # type: ignore[misc,name-defined]
        def __init__(self, rows: RowStream) -> None:
            super().__init__()
            self.rows = rows

        def set_epoch(self, epoch: int) -> None:
            self.rows = self.rows.at_epoch(epoch)

        def __iter__(self) -> Iterator[Row]:
            return iter(self.rows)

    return SealedRows(stream)


def to_hugging_face(stream: RowStream) -> Any:
    """A Hugging Face ``IterableDataset``, with one of its shards for each of ours.

    Its own ``shuffle``, ``split_dataset_by_node`` and worker division work on them; nothing is
    cached on disk.

    Raises:
        InputError: ``datasets`` is not installed.
    """
    datasets = load("datasets", "datasets")

    def rows(shards: list[int]) -> Iterator[Row]:
        mine = stream.dataset.pick(shards)
        for batch in mine.batches(stream.columns, filters=stream.filters):
            yield from batch.to_pylist()

    found = datasets.IterableDataset.from_generator(
        rows, gen_kwargs={"shards": list(range(len(stream.dataset.shards)))}
    )
    if stream.seed is None:
        return found
    return found.shuffle(seed=stream.seed, buffer_size=stream.buffer_rows)


def _torch_worker() -> tuple[int, int] | None:
    """Number of this data-loader worker and of all; None outside one, or without PyTorch."""
    data = sys.modules.get("torch.utils.data")
    info = data.get_worker_info() if data is not None else None
    return None if info is None else (info.id, info.num_workers)


def _shuffled(rows: Iterator[Row], size: int, draw: random.Random) -> Iterator[Row]:
    kept: list[Row] = []
    for row in rows:
        if len(kept) < size:
            kept.append(row)
            continue
        position = draw.randrange(size)
        yield kept[position]
        kept[position] = row
    draw.shuffle(kept)
    yield from kept
