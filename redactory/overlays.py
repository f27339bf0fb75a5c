"""Where review decisions are kept: encrypted under a scope's ``work`` subkey, in the user's home.

They hold names, so neither the dataset nor the log sees them; the log holds a keyed digest. The
processes that redact must read them, and those hold the scope's key: a recipient's key of its own
would lock them out.
"""

from __future__ import annotations

import hmac
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from pii_rules.overlay import Overlay
from redactory.canonical import canonical_json
from redactory.errors import InputError, IntegrityError

_NONCE_BYTES: Final = 12


def overlay_file(home: Path, subkeys: Mapping[str, bytes], dataset: str) -> Path:
    """The file of a dataset's decisions; its name says nothing."""
    name = hmac.digest(subkeys["id"], b"overlay/v1\0" + dataset.encode(), "sha256").hex()[:32]
    return home / "overlays" / f"{name}.sealed"


def load_overlay(home: Path, subkeys: Mapping[str, bytes], dataset: str) -> Overlay:
    """The decisions on a dataset; none if nobody has reviewed it.

    Raises:
        IntegrityError: the file was changed, or is of another scope.
    """
    path = overlay_file(home, subkeys, dataset)
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return Overlay()
    try:
        plain = AESGCM(subkeys["work"]).decrypt(
            raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], dataset.encode()
        )
    except (InvalidTag, ValueError):
        raise IntegrityError("the review decisions were changed", where=str(path)) from None
    stored = json.loads(plain)
    return Overlay(stored["deny"], frozenset(stored["allow"]))


def store_overlay(home: Path, subkeys: Mapping[str, bytes], dataset: str, overlay: Overlay) -> None:
    """Keep the decisions, in place of earlier ones.

    Raises:
        InputError: the home cannot be written.
    """
    path = overlay_file(home, subkeys, dataset)
    nonce = os.urandom(_NONCE_BYTES)
    plain = canonical_json(overlay.as_json())
    sealed = nonce + AESGCM(subkeys["work"]).encrypt(nonce, plain, dataset.encode())
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(path)) from None


def overlay_digest(subkeys: Mapping[str, bytes], overlay: Overlay) -> str:
    """Keyed digest of the decisions, for the log: 64 hex digits."""
    message = b"overlay digest/v1\0" + canonical_json(overlay.as_json())
    return hmac.digest(subkeys["id"], message, "sha256").hex()
