"""Row filters in the form that ``pyarrow.parquet.read_table`` takes.

A filter is a list of ``(column, operator, value)``, all of which must hold, or a list of such
lists, one of which must. The columns that it names are read whether or not they are wanted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from redactory.errors import InputError

Term = tuple[str, str, Any]
Filters = Sequence[Term] | Sequence[Sequence[Term]]


class RowFilter:
    """A checked filter.

    Args:
        filters: as above.

    Raises:
        InputError: not of that form.
    """

    def __init__(self, filters: Filters) -> None:
        try:
            self._expression: pc.Expression = pq.filters_to_expression(filters)
            flat = isinstance(filters[0][0], str)
            terms: list[Any] = list(filters) if flat else list(chain.from_iterable(filters))
            self.columns: list[str] = list(dict.fromkeys(term[0] for term in terms))
        except (TypeError, ValueError, IndexError, pa.ArrowException):
            raise InputError(
                "is not a filter", hint="such as [('label', '==', 'urgent'), ('n', '>', 3)]"
            ) from None

    def of(
        self, batches: Iterator[pa.RecordBatch], columns: Sequence[str] | None
    ) -> Iterator[pa.RecordBatch]:
        """The rows that pass, with only ``columns`` (None for all).

        Raises:
            InputError: a value cannot be compared with its column.
        """
        for batch in batches:
            try:
                kept = batch.filter(self._expression)
            except pa.ArrowException:
                raise InputError("the filter does not fit the columns' types") from None
            if kept.num_rows:
                yield kept if columns is None else kept.select(list(columns))
