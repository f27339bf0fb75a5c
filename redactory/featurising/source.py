"""The text dataset that rows are made from: opened on record, read shard by shard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from audit_ledger import Log
from mpc_jobs.features.rows import NO_LABEL
from redactory.errors import InputError, IntegrityError, LedgerError
from redactory.featurising.document import DerivedFrom
from redactory.featurising.settings import FeatureBuild
from redactory.reading import checked_head, open_verified
from sealed_shards.access import RecordedShard
from sealed_shards.opened import Dataset

PURPOSE = "featurise"


@dataclass(frozen=True)
class Texts:
    """One shard's worth of what a featuriser needs.

    Attributes:
        record_ids: one a record.
        texts: the spec's columns, one after the other.
        groups: the person a record belongs to, else its id.
        labels: class names.
    """

    record_ids: tuple[str, ...]
    texts: tuple[str, ...]
    groups: tuple[str, ...]
    labels: tuple[str | None, ...]


@dataclass(frozen=True)
class TextSource:
    """An opened text dataset.

    Attributes:
        dataset: its access is on record.
        derived_from: what it was, for the record.
        log: verified.
        columns: text columns to read.
    """

    dataset: Dataset
    derived_from: DerivedFrom
    log: Log
    columns: tuple[str, ...]

    @classmethod
    def open(cls, build: FeatureBuild) -> TextSource:
        """Open the build's text dataset.

        Raises:
            InputError: there is none, or it lacks a column of the spec.
            KeyringError: the log is not trusted, or the key does not fit.
            IntegrityError: something is not as recorded.
            LedgerError: the log is broken, or the access cannot be recorded.
        """
        opened = open_verified(
            build.dataset,
            build.trust,
            key_file=build.key_file,
            purpose=PURPOSE,
            columns=build.spec.columns,
        ).dataset
        known = {f.name: f for f in opened.info.fields}
        for name in build.spec.columns:
            if known[name].type != "string":
                raise InputError(f"column {name!r} does not hold text", where=build.dataset)
        checked, _ = checked_head(build.dataset, build.trust, build.trust.keys())
        if checked.log is None:
            raise LedgerError("the log did not verify", where="ledger")
        derived_from = DerivedFrom(
            dataset=opened.head.dataset,
            version=opened.head.version,
            log=checked.verdict.origin,
            checkpoint_size=checked.verdict.size,
            root=checked.verdict.root.hex(),
        )
        return cls(opened, derived_from, checked.log, build.spec.columns)

    def shards(self) -> Iterator[tuple[int, RecordedShard]]:
        """Every shard that can be read, with its place."""
        yield from enumerate(self.dataset.shards)

    def read(self, place: int) -> Texts:
        """The records of a shard."""
        fields = {f.name for f in self.dataset.info.fields}
        extra = [name for name in ("subject", "label") if name in fields]
        wanted = list(dict.fromkeys(["record_id", *self.columns, *extra]))
        only = self.dataset.pick([place])
        table = pa.Table.from_batches(only.batches(wanted), schema=only.schema(wanted))
        ids = [str(value) for value in table.column("record_id").to_pylist()]
        columns = [table.column(name).to_pylist() for name in self.columns]
        texts = ["\n".join(part or "" for part in row) for row in zip(*columns, strict=True)]
        none: list[str | None] = [None] * len(ids)
        subjects = table.column("subject").to_pylist() if "subject" in extra else none
        labels = table.column("label").to_pylist() if "label" in extra else none
        groups = [s if s is not None else i for s, i in zip(subjects, ids, strict=True)]
        return Texts(tuple(ids), tuple(texts), tuple(groups), tuple(labels))


def label_places(labels: Sequence[str | None], classes: Sequence[str]) -> NDArray[np.int32]:
    """Where each label stands among the classes, ``[n]``.

    Raises:
        IntegrityError: a label is none of the classes.
    """
    places = {name: place for place, name in enumerate(classes)}
    try:
        found = [NO_LABEL if label is None else places[label] for label in labels]
    except KeyError:
        raise IntegrityError("a record has a label that dataset.json does not list") from None
    return np.array(found, np.int32)
