"""Undoing redaction with the identity map: recorded first, then opened (issue "identity layer").

1. Verify the log, as for any reading. 2. State in it that somebody is about to re-identify, whom,
and why. 3. Open the identity map with its own key; that access is on record too. 4. Open the
data. 5. Put back what stood at each place, shard by shard and row by row.

Whoever cannot write the log cannot re-identify with this program. With a software key that is a
control for honest tools; with a key in the hands of custodians or in an HSM it is enforced.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from audit_ledger import Draft
from pii_rules.identity_map import Entry, restored
from redactory.areas import IDENTITY
from redactory.canonical import digest_of
from redactory.errors import InputError
from redactory.keys import KeyStore
from redactory.ledger_access import DatasetLog
from redactory.pseudonym import pseudonym
from redactory.reading import ONE_WORD, Trust, checked_head, own_identity
from redactory.verification import locate_log
from sealed_shards.dataset import open_dataset
from sealed_shards.key_files import AnyIdentity
from sealed_shards.layout import DATA
from sealed_shards.opened import Dataset

Role = Literal["record_id", "subject"]


@dataclass(frozen=True)
class Wanted:
    """Which records to undo; all of them if neither is given.

    Attributes:
        record: a record id as it stands in the released data.
        subject: a subject as it stands in the released data.
    """

    record: str | None = None
    subject: str | None = None

    def takes(self, row: dict[str, Any]) -> bool:
        """Whether a released row is wanted."""
        return self.record in (None, row.get("record_id")) and self.subject in (
            None,
            row.get("subject"),
        )

    @property
    def what(self) -> str:
        """One word for the record."""
        if self.record is not None:
            return "record"
        return "all" if self.subject is None else "subject"


def as_released(keys: KeyStore, scope: str, role: Role, name: str) -> str:
    """The pseudonym under which a record id or subject of the sources was released.

    Raises:
        KeyringError: the key of the scope is not here.
    """
    return pseudonym(keys.pseudonym_key(scope).subkey("token"), role, name)


class ReidentificationLog(DatasetLog):
    """The log of an identity map, which also knows how to state that it is used."""

    def reidentified(self, *, purpose: str, what: str, kid: str, shards: Sequence[str]) -> None:
        """State durably that redaction is about to be undone.

        Raises:
            KeyringError: the log key is not here; nothing is opened.
            LedgerError: the log cannot be written; nothing is opened.
        """
        digest = digest_of(list(shards))
        body = {
            "dataset": self.head().dataset,
            "purpose": purpose,
            "what": what,
            "kid": kid,
            "shards": len(shards),
            "shard_set_sha256": digest,
        }
        self._append([Draft(kind="reidentified", subject=(("shards", digest),), body=body)])


def identity_path(path: str) -> str:
    """Where the identity map of the dataset at ``path`` lies."""
    return f"{path.rstrip('/')}/{IDENTITY}"


def identity_trust(path: str, trust: Trust) -> Trust:
    """The same trust for the identity map, whose statements stand in the dataset's log."""
    return replace(trust, ledger=str(locate_log(path, trust.ledger)))


def map_identity(trust: Trust, key_file: str | None) -> AnyIdentity:
    """The private key in ``key_file`` (or of that name), else the user's own for identity maps."""
    keys = trust.keys()
    if key_file is not None:
        return keys.identity_at(key_file)
    return keys.identity(IDENTITY)


def reidentify(
    path: str,
    trust: Trust,
    identity: AnyIdentity,
    *,
    purpose: str,
    wanted: Wanted | None = None,
    key_file: str | None = None,
) -> Iterator[dict[str, Any]]:
    """Released rows with their text as it was before redaction.

    Args:
        path: the dataset's folder.
        trust: which log to believe.
        identity: opens the identity map.
        purpose: one word for the record: why.
        wanted: which records; default all.
        key_file: private key that opens the data; default the user's own.

    Yields:
        Rows with the columns of the dataset; ids stay as they were released.

    Raises:
        InputError: the dataset has no identity map, or no such record.
        KeyringError: a key does not fit, or the log is not trusted.
        LedgerError: it cannot be recorded; nothing was opened.
        IntegrityError: something is not as recorded.
    """
    wanted = wanted or Wanted()
    if not ONE_WORD.fullmatch(purpose):
        raise InputError("the purpose is not one word", hint="such as: complaint, audit")
    entries = _open_map(path, trust, identity, purpose, wanted)
    by_shard = _shards(entries)
    keys = trust.keys()
    checked, head = checked_head(path, trust, keys)
    log = DatasetLog(keys, checked, head, trust.by)
    own = own_identity(keys, DATA, key_file)
    data = open_dataset(path, own, log=log, purpose="reidentify")
    found = False
    for row in _restored_rows(data, entries, by_shard, wanted):
        found = True
        yield row
    if not found and wanted.what != "all":
        raise InputError("the dataset has no such record", hint="redactory dataset read shows ids")


def _open_map(
    path: str, trust: Trust, identity: AnyIdentity, purpose: str, wanted: Wanted
) -> Dataset:
    place = identity_path(path)
    keys = trust.keys()
    checked, head = checked_head(place, identity_trust(path, trust), keys)
    if not head.version or not head.dataset.endswith(f"/{IDENTITY}"):
        raise InputError(
            "the dataset has no identity map",
            where=path,
            hint="only runs with --identity-map keep what they replace",
        )
    log = ReidentificationLog(keys, checked, head)
    stems = [shard.header.stem for shard in head.shards.values()]
    log.reidentified(purpose=purpose, what=wanted.what, kid=identity.kid, shards=stems)
    return open_dataset(place, identity, log=log, purpose=purpose)


def _shards(entries: Dataset) -> dict[str, int]:
    """Which shard of the map belongs to each data shard; empty ones belong to none."""
    owners = {}
    for number in range(len(entries.shards)):
        for batch in entries.pick([number]).batches(["shard"]):
            if batch.num_rows:
                owners[batch.column("shard")[0].as_py()] = number
                break
    return owners


def _restored_rows(
    data: Dataset, entries: Dataset, by_shard: dict[str, int], wanted: Wanted
) -> Iterator[dict[str, Any]]:
    texts = [field.name for field in data.info.fields if field.role in ("text", "pass_through")]
    for number, shard in enumerate(data.shards):
        own = by_shard.get(shard.header.ctx.shard)
        by_row = {} if own is None else _by_row(entries.pick([own]))
        row_number = 0
        for batch in data.pick([number]).batches():
            for row in batch.to_pylist():
                if wanted.takes(row):
                    shown = {name: row[name] for name in texts}
                    yield row | restored(shown, by_row.get(row_number, ()))
                row_number += 1


def _by_row(entries: Dataset) -> dict[int, list[Entry]]:
    by_row: dict[int, list[Entry]] = {}
    columns = ["row", *Entry._fields]
    for batch in entries.batches(columns):
        for row in batch.to_pylist():
            by_row.setdefault(row.pop("row"), []).append(Entry(**row))
    return by_row
