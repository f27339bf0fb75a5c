"""Opening a dataset the trusted way: verify the log, check the key, record, then decrypt."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from audit_ledger import LogVerifier, Provenance
from redactory.areas import AREA_COLUMNS
from redactory.durable import open_folder
from redactory.errors import InputError, IntegrityError, KeyringError, LedgerError
from redactory.keys import QUARANTINE, READER, KeyStore
from redactory.ledger_access import DatasetLog
from redactory.trust import CheckedLog, TrustStore, check_log, first_problem, load_log_key
from redactory.verification import head_of, locate_log
from sealed_shards.access import DatasetHead, RecordedShard
from sealed_shards.dataset import open_dataset, published_manifests, recorded_shards
from sealed_shards.key_files import AnyIdentity
from sealed_shards.layout import DATA
from sealed_shards.opened import Dataset

_TRIES = 3
ONE_WORD = re.compile(r"[A-Za-z0-9_.:@/+-]{1,200}")  # what a statement in the log may hold


@dataclass(frozen=True)
class Trust:
    """Which log to believe, as the user said it.

    Attributes:
        ledger: the log's folder, if not inside the dataset.
        log_key: file with a verifier key.
        trust_new: pin a log on first contact.
        notice: receives one-line notices.
        by: who is at work, for the log; None for the user of this process.
    """

    ledger: str | None = None
    log_key: str | None = None
    trust_new: bool = False
    notice: Callable[[str], None] = lambda _: None
    by: Provenance | None = None

    def verifier(self) -> LogVerifier | None:
        """The named key."""
        return load_log_key(self.log_key) if self.log_key else None

    def keys(self) -> KeyStore:
        """The user's keys."""
        return KeyStore(notice=self.notice)


@dataclass(frozen=True)
class OpenedDataset:
    """A dataset whose access is on record."""

    dataset: Dataset

    def rows(
        self, *, columns: Sequence[str] | None = None, limit: int | None = None
    ) -> Iterator[dict[str, Any]]:
        """Rows as dictionaries, shard after shard."""
        left = limit
        for batch in self.dataset.batches(columns):
            yield from (batch if left is None else batch.slice(0, left)).to_pylist()
            if left is not None:
                left -= min(left, batch.num_rows)
                if left == 0:
                    return


def open_verified(
    path: str,
    trust: Trust,
    *,
    area: str = DATA,
    key_file: str | None = None,
    purpose: str = "read",
    shard: str | None = None,
    columns: Sequence[str] | None = None,
) -> OpenedDataset:
    """Open a dataset along its trust chain.

    Args:
        path: the dataset's folder.
        trust: which log to believe.
        area: data, quarantine or sources.
        key_file: private key; default: the user's own for that area.
        purpose: one word for the record.
        shard: open only this one.
        columns: refuse early what the dataset does not have.

    Raises:
        KeyringError: the log is not trusted, or the key does not fit.
        IntegrityError: something is not as recorded.
        LedgerError: the log is broken, or the access cannot be recorded.
        InputError: no such shard or column.
    """
    if not ONE_WORD.fullmatch(purpose):
        raise InputError("the purpose is not one word", hint="such as: training, quality-check")
    keys = trust.keys()
    for tries_left in reversed(range(_TRIES)):
        checked, head = checked_head(path, trust, keys)
        if not head.version:
            raise InputError("the dataset has not been published yet", where=path)
        try:
            opened = open_dataset(
                path,
                own_identity(keys, area, key_file),
                log=DatasetLog(keys, checked, head, trust.by),
                area=area,
                purpose=purpose,
                shard=shard,
            )
            break
        except IntegrityError:
            if not tries_left or not checked.has_grown():
                raise
            # A run published in between: open what it recorded.
    if shard is not None and not opened.shards:
        raise InputError("the dataset has no such shard", where=path, hint="redactory dataset show")
    if columns:
        names = AREA_COLUMNS.get(area) or [field.name for field in opened.info.fields]
        missing = [name for name in columns if name not in names]
        if missing:
            raise InputError(
                f"the dataset has no column {missing[0]!r}", hint=f"it has {', '.join(names)}"
            )
    return OpenedDataset(opened)


def own_identity(keys: KeyStore, area: str, key_file: str | None) -> AnyIdentity:
    """The private key in ``key_file`` (or of that name), else the user's own for that area."""
    if key_file is not None:
        return keys.identity_at(key_file)
    return keys.identity(READER if area == DATA else QUARANTINE)


def describe(path: str, trust: Trust) -> dict[str, Any]:
    """What a dataset holds, from its verified log and manifests.

    Raises:
        KeyringError: the log is not trusted.
        LedgerError: the log is broken.
        IntegrityError: a manifest is not as recorded.
    """
    checked, head = checked_head(path, trust, trust.keys())
    manifests = published_manifests(open_folder(path), head)
    current = recorded_shards(manifests, head, DATA)
    # Listed again with each new version of their data shard.
    withheld = {entry.shard: entry.rows for m in manifests for entry in m.quarantine}
    return {
        "dataset": head.dataset,
        "version": head.version,
        "log": checked.verdict.origin,
        "checkpoint_size": checked.verdict.size,
        "rows": sum(shard.header.rows for shard in current if not shard.shredded),
        "shredded_rows": sum(shard.header.rows for shard in current if shard.shredded),
        "quarantined": sum(withheld.values()),
        "runs": [
            {
                "run_id": m.run_id,
                "policy": m.policy,
                "policy_digest": m.policy_digest,
                "records": m.records_out,
                "quarantined": m.quarantined,
                "shards": len(m.shards),
                "supersedes": len(m.supersedes),
            }
            for m in manifests
        ],
        "shards": [_shard_facts(shard) for shard in current],
    }


def _shard_facts(shard: RecordedShard) -> dict[str, Any]:
    header = shard.header
    return {
        "shard": header.ctx.shard,
        "version": header.ctx.version,
        "rows": header.rows,
        "bytes": header.size,
        "sha256": header.sha256,
        "state": "shredded" if shard.shredded else "sealed",
    }


def checked_head(path: str, trust: Trust, keys: KeyStore) -> tuple[CheckedLog, DatasetHead]:
    """The verified log of a dataset, and what it says of it.

    Raises:
        KeyringError: the log is not trusted.
        LedgerError: the log is broken.
        InputError: there is no dataset here.
    """
    checked = check_log(
        locate_log(path, trust.ledger),
        TrustStore(keys.folder / "trust"),
        log_key=trust.verifier(),
        trust_new=trust.trust_new,
    )
    if not checked.verdict.ok:
        raise LedgerError(first_problem(checked.verdict), where="ledger")
    if not checked.trusted:
        raise KeyringError(
            f"this log is new to you; its key's fingerprint is {checked.verdict.fingerprint}",
            where=checked.verdict.origin,
            hint="compare it with what its owner tells you, then use --trust-new-log",
        )
    head = head_of(path, checked.evidence())
    if head is None:
        raise InputError("there is no dataset here, or its log holds none yet", where=path)
    return checked, head
