"""Feature rows as they are stored: one Arrow row a record, integers only.

===========  =========================  ====================================================
column       type                       meaning
===========  =========================  ====================================================
record_id    string                     as in the text dataset, where it is a pseudonym
features     fixed_size_list<int32>[d]  the row, in units of ``2**-scale_bits``
label        int32, may be null         place of the class in ``dataset.json``
held_out     bool                       kept from training, for testing
===========  =========================  ====================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from redactory.errors import IntegrityError
from sealed_shards.manifest import ColumnField
from sealed_shards.opened import Dataset

NO_LABEL: Final = -1


@dataclass(frozen=True)
class FeatureRows:
    """Some rows of a feature dataset.

    Attributes:
        record_ids: one a row.
        features: integers ``[n, d]``.
        labels: places of the classes, ``[n]``; :data:`NO_LABEL` where there is none.
        held_out: which rows are kept from training, ``[n]``.
    """

    record_ids: tuple[str, ...]
    features: NDArray[np.int32]
    labels: NDArray[np.int32]
    held_out: NDArray[np.bool_]

    def table(self) -> pa.Table:
        """As Arrow, in the schema above."""
        d = self.features.shape[1]
        flat = pa.array(np.ascontiguousarray(self.features).reshape(-1), pa.int32())
        columns = [
            pa.array(self.record_ids, pa.string()),
            pa.FixedSizeListArray.from_arrays(flat, d),
            pa.array(self.labels, pa.int32(), mask=self.labels == NO_LABEL),
            pa.array(self.held_out, pa.bool_()),
        ]
        return pa.Table.from_arrays(columns, schema=schema(d))

    @classmethod
    def of(cls, batch: pa.RecordBatch, d: int) -> FeatureRows:
        """The rows of a record batch in the schema above.

        Raises:
            IntegrityError: it has another schema.
        """
        if not batch.schema.equals(schema(d)):
            raise IntegrityError(f"the shard does not hold feature rows of {d} integers")
        features = batch.column("features").flatten().to_numpy().reshape(-1, d)
        labels = batch.column("label").fill_null(NO_LABEL).to_numpy()
        held_out = batch.column("held_out").to_numpy(zero_copy_only=False)
        return cls(tuple(batch.column("record_id").to_pylist()), features, labels, held_out)


def schema(d: int) -> pa.Schema:
    """The columns of a feature dataset with rows of ``d`` integers."""
    entry = pa.field("item", pa.int32(), nullable=False)
    return pa.schema(
        [
            pa.field("record_id", pa.string(), nullable=False),
            pa.field("features", pa.list_(entry, d), nullable=False),
            pa.field("label", pa.int32()),
            pa.field("held_out", pa.bool_(), nullable=False),
        ]
    )


def fields(d: int) -> tuple[ColumnField, ...]:
    """The same for ``dataset.json``."""
    return (
        ColumnField(name="record_id", type="string", role="record_id"),
        ColumnField(name="features", type=f"fixed_size_list<int32>[{d}]", role="pass_through"),
        ColumnField(name="label", type="int32", role="label"),
        ColumnField(name="held_out", type="bool", role="pass_through"),
    )


def feature_rows(dataset: Dataset, d: int) -> Iterator[FeatureRows]:
    """The rows of an opened feature dataset, a shard's part at a time.

    Args:
        dataset: opened along its trust chain.
        d: length of a row, from the dataset's feature spec.

    Raises:
        IntegrityError: a file is not the recorded one, or holds other rows.
    """
    for batch in dataset.batches():
        yield FeatureRows.of(batch, d)
