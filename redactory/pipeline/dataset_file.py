"""``dataset.json`` while runs come and go: it must always become the one that was recorded.

A run that publishes stages the file in its own folder, states its digest in the log, and
moves it into place. Between the last two steps the recorded file is only in that folder.
"""

from __future__ import annotations

from audit_ledger import Log
from redactory.canonical import sha256_hex
from redactory.durable import Folder
from redactory.errors import InputError, IntegrityError, LedgerError
from redactory.evidence import Evidence
from sealed_shards.access import DatasetHead
from sealed_shards.layout import DATASET_FILE, RUNS_FOLDER
from sealed_shards.manifest import ColumnField, DatasetInfo


def recorded_info(folder: Folder, head: DatasetHead) -> DatasetInfo | None:
    """``dataset.json`` as the log has it; None before the first publication.

    Raises:
        IntegrityError: it is neither in place nor staged by the run that recorded it.
    """
    if not head.version:
        return None
    staged = (name for name in folder.names(RUNS_FOLDER) if name.endswith(f"/{DATASET_FILE}"))
    for name in (DATASET_FILE, *staged):
        raw = folder.read(name) if folder.exists(name) else b""
        if sha256_hex(raw) == head.dataset_sha256:
            return DatasetInfo.decode(raw, where=folder.path(name))
    raise IntegrityError(
        "is missing, or was changed since it was recorded",
        where=folder.path(DATASET_FILE),
        hint="restore it from a backup",
    )


def refuse_other_columns(
    known: DatasetInfo | None, fields: tuple[ColumnField, ...], *, where: str
) -> None:
    """Make sure that a run's columns are those of the dataset, if there is one.

    Raises:
        InputError: they are not.
    """
    if known is not None and known.fields != fields:
        raise InputError(
            "the dataset has other columns than this run",
            where=where,
            hint="choose the same columns, or another --output",
        )


def refuse_other_log(known: DatasetInfo, log: Log | None, *, where: str) -> None:
    """Make sure that the dataset goes on in the log that it is on record in.

    Raises:
        LedgerError: there is none here, or another one.
        IntegrityError: the log does not know the dataset.
    """
    if log is None or log.origin != known.log_origin:
        raise LedgerError(
            "the dataset is on record in another log than this one",
            where=where,
            hint="name its folder with --ledger, or restore it from a backup",
        )
    if known.id not in Evidence.gather(log.entries()).datasets():
        raise IntegrityError("names a dataset that its log does not know", where=where)


def put_in_place(folder: Folder, staged: str, head: DatasetHead) -> None:
    """Move the ``staged`` file into place if it is the recorded one."""
    if folder.exists(staged) and sha256_hex(folder.read(staged)) == head.dataset_sha256:
        folder.move_over(staged, DATASET_FILE)
