"""The log behind a dataset: implements ``sealed_shards``' ``AccessLog`` and ``KeyLog``."""

from __future__ import annotations

from collections.abc import Sequence

from audit_ledger import Draft, Log, Provenance
from redactory.canonical import digest_of
from redactory.errors import KeyringError, LedgerError
from redactory.keys import LOG, KeyStore
from redactory.provenance import cli_provenance, under_rules_of
from redactory.trust import CheckedLog, TrustStore, remember
from sealed_shards.access import DatasetHead
from sealed_shards.key_changes import ChangeKind, KeyChange

# A leaf holds at most 65,535 bytes; a shard takes some 200 of them.
_CHANGES_IN_A_LEAF = 250


class DatasetLog:
    """A verified log, and the means to record an access in it.

    With a software key this is a control for honest tools; a key in an HSM or behind an
    unsealing service makes it an enforced one.

    Args:
        keys: hold the log key.
        checked: the log, verified.
        head: what it says about the dataset.
        by: who is at work; default: the user of this process.
    """

    def __init__(
        self,
        keys: KeyStore,
        checked: CheckedLog,
        head: DatasetHead,
        by: Provenance | None = None,
    ) -> None:
        self._keys = keys
        self._checked = checked
        self._head = head
        self._by = by

    def head(self) -> DatasetHead:
        """What the verified log says."""
        return self._head

    def unwrapped(
        self, *, dataset: str, purpose: str, shard_set_sha256: str, shards: int, kid: str
    ) -> None:
        """Record durably that keys are about to be released.

        Raises:
            KeyringError: the log key is not here; nothing is released.
            LedgerError: the log cannot be written; nothing is released.
        """
        body = {
            "dataset": dataset,
            "purpose": purpose,
            "shard_set_sha256": shard_set_sha256,
            "shards": shards,
            "kid": kid,
        }
        subject = (("shards", shard_set_sha256),)
        self._append([Draft(kind="unwrapped", subject=subject, body=body)])

    def keys_changed(self, kind: ChangeKind, changes: Sequence[KeyChange]) -> None:
        """State durably that wraps files are about to be replaced.

        Raises:
            KeyringError: the log key is not here; the old keys stay in force.
            LedgerError: the log cannot be written; the old keys stay in force.
        """
        self._append(change_drafts(kind, changes))

    def _append(self, drafts: Sequence[Draft]) -> None:
        reader = self._checked.log
        if reader is None:
            raise LedgerError("the log did not verify", where="ledger")
        if not self._keys.keyring.has(LOG):
            raise KeyringError(
                "this must be recorded first, and the log key is not here",
                hint="ask the owner of the log to do it, or for its log key",
            )
        log = Log.open(self._checked.folder, self._keys.log_signer(reader.origin))
        # The digests of the rules under which this data was made, whoever reads it now.
        log.append(
            drafts, under_rules_of(self._by or cli_provenance(None), log, self._head.dataset)
        )
        remember(TrustStore(self._keys.folder / "trust"), log)


def change_drafts(kind: ChangeKind, changes: Sequence[KeyChange]) -> list[Draft]:
    """The statements of a batch of key changes, each short enough for a leaf."""
    by_name: dict[str, list[KeyChange]] = {}
    for change in changes:
        by_name.setdefault(change.shard.header.ctx.dataset, []).append(change)
    return [
        _change_draft(kind, dataset, group[start : start + _CHANGES_IN_A_LEAF])
        for dataset, group in by_name.items()
        for start in range(0, len(group), _CHANGES_IN_A_LEAF)
    ]


def _change_draft(kind: ChangeKind, dataset: str, changes: Sequence[KeyChange]) -> Draft:
    new = [change.new_sha256 for change in changes]
    return Draft(
        kind=kind,
        subject=(("wraps", digest_of(new)),),
        body={
            "dataset": dataset,
            "stems": [change.shard.header.stem for change in changes],
            "prev": [change.shard.wraps_sha256 for change in changes],
            "new": new,
            "kids": sorted({kid for change in changes for kid in change.kids}),
        },
    )
