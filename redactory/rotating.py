"""Rotation by configuration: the wraps of one key are replaced by those of another."""

from __future__ import annotations

from pathlib import Path

from redactory.keeping_config import RotationConfig
from redactory.keys import KeyStore
from redactory.lifecycle import DATA_AREAS, WITHHELD_AREAS, Changed, rotate
from redactory.reading import Trust, own_identity
from sealed_shards.key_files import AnyRecipient, load_recipient
from sealed_shards.layout import DATA, QUARANTINE


def rotate_keys(config: RotationConfig, trust: Trust) -> Changed:
    """Replace a reader's key; the shards themselves and all other readers stay.

    Raises:
        KeyringError: the key cannot open a shard, the new one is the old one, or the log key
            is not here.
        IntegrityError: something is not as recorded.
        LedgerError: the log is broken or cannot be written; nothing changed.
    """
    withheld = config.area == "quarantine"
    keys = trust.keys()
    return rotate(
        config.dataset,
        trust,
        own_identity(keys, QUARANTINE if withheld else DATA, config.key),
        named_recipient(keys, config.to),
        areas=WITHHELD_AREAS if withheld else DATA_AREAS,
    )


def named_recipient(keys: KeyStore, given: str) -> AnyRecipient:
    """A public key file, or a key of the user's keyring by its name."""
    path = Path(given)
    return load_recipient(path) if path.suffix or path.exists() else keys.recipient(given)
