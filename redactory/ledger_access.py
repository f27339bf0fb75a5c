"""The log behind a dataset that is being opened: implements ``sealed_shards.AccessLog``."""

from __future__ import annotations

from audit_ledger import Draft, Log
from redactory.errors import KeyringError, LedgerError
from redactory.keys import LOG, KeyStore
from redactory.provenance import cli_provenance
from redactory.trust import CheckedLog, TrustStore, remember
from sealed_shards.access import DatasetHead


class DatasetLog:
    """A verified log, and the means to record an access in it.

    With a software key this is a control for honest tools; a key in an HSM or behind an
    unsealing service makes it an enforced one.

    Args:
        keys: hold the log key.
        checked: the log, verified.
        head: what it says about the dataset.
    """

    def __init__(self, keys: KeyStore, checked: CheckedLog, head: DatasetHead) -> None:
        self._keys = keys
        self._checked = checked
        self._head = head

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
        reader = self._checked.log
        if reader is None:
            raise LedgerError("the log did not verify", where="ledger")
        if not self._keys.keyring.has(LOG):
            raise KeyringError(
                "reading must be recorded, and the log key is not here",
                hint="ask the owner of the log to open the dataset, or for its log key",
            )
        log = Log.open(self._checked.folder, self._keys.log_signer(reader.origin))
        draft = Draft(
            kind="unwrapped",
            subject=(("shards", shard_set_sha256),),
            body={
                "dataset": dataset,
                "purpose": purpose,
                "shard_set_sha256": shard_set_sha256,
                "shards": shards,
                "kid": kid,
            },
        )
        log.append([draft], cli_provenance(None))
        remember(TrustStore(self._keys.folder / "trust"), log)
