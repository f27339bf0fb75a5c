"""The pseudonym key of a scope, and everything that is derived from it (contracts, "Keys").

A scope is a named string; runs that share it give the same person the same token. The key
is 32 random bytes; HKDF-SHA-256 subkeys serve one purpose each:

``id`` (source, shard and dataset ids) · ``token`` (pseudonyms of ids and subjects) ·
``surrogate`` and ``shift`` (redaction operators) · ``shuffle`` (order within a shard) ·
``work`` (encrypts the lists of raw paths between pipeline steps).

Whoever steals the key can link records and confirm guesses, but opens no shard.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from redactory.canonical import canonical_json, sha256_hex
from redactory.errors import InputError, KeyringError
from sealed_shards.software import read_key_file, write_secret

KEY_BYTES = 32
TOKEN_DIGITS = 32
SUBKEYS = ("id", "token", "surrogate", "shift", "shuffle", "work")

_SCOPE = re.compile(r"[\w .:@/+-]{1,120}\Z")
_SALT = b"redactory/pseudonym-key/v1"


class PseudonymKey:
    """A scope's key; hands out subkeys, never the key itself."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise KeyringError("a pseudonym key has 32 bytes")
        self._key = key

    def subkey(self, purpose: str) -> bytes:
        """The 32-byte HKDF subkey for one of :data:`SUBKEYS`."""
        if purpose not in SUBKEYS:
            raise KeyringError(f"there is no pseudonym subkey {purpose!r}")
        return self._derive(purpose)

    @property
    def key_id(self) -> str:
        """16 hex digits that tell keys apart and reveal nothing."""
        return self._derive("key id")[:8].hex()

    def redaction_keys(self) -> dict[str, bytes]:
        """The subkeys that redaction operators may use."""
        return {purpose: self.subkey(purpose) for purpose in ("token", "surrogate", "shift")}

    def _derive(self, purpose: str) -> bytes:
        return HKDF(algorithm=hashes.SHA256(), length=32, salt=_SALT, info=purpose.encode()).derive(
            self._key
        )

    @classmethod
    def ephemeral(cls) -> PseudonymKey:
        """A key that is never stored: for dry runs."""
        return cls(secrets.token_bytes(KEY_BYTES))


def load_or_create(folder: Path, scope: str) -> PseudonymKey:
    """The key of ``scope``, drawn at first use.

    Args:
        folder: ``REDACTORY_HOME/scopes``.
        scope: name of the scope; never becomes a file name.

    Raises:
        InputError: the scope's name is empty, too long or has control characters.
        KeyringError: the stored key cannot be read.
    """
    if not _SCOPE.match(scope):
        raise InputError("a scope's name has 1 to 120 printable characters", where="scope")
    path = folder / f"{sha256_hex(scope.encode())[:32]}.json"
    if not path.exists():
        drawn = {"scope": scope, "key": base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_secret(path, canonical_json(drawn))
        except FileExistsError:
            pass  # another process drew it first: read theirs
        except OSError as error:
            raise InputError(f"cannot write the key: {error.strerror}", where=str(folder)) from None
    named, key = _read(path)
    if not hmac.compare_digest(named.encode(), scope.encode()):
        raise KeyringError("the pseudonym key belongs to another scope", where=str(path))
    return key


def find(folder: Path, key_id: str) -> PseudonymKey | None:
    """The key with this id among those of ``REDACTORY_HOME/scopes``, if it is one of them.

    Raises:
        KeyringError: a stored key cannot be read.
    """
    for path in sorted(folder.glob("*.json")):
        key = _read(path)[1]
        if hmac.compare_digest(key.key_id.encode(), key_id.encode()):
            return key
    return None


def _read(path: Path) -> tuple[str, PseudonymKey]:
    """A stored key with the name of its scope."""
    try:
        stored = json.loads(read_key_file(path))
        return stored["scope"], PseudonymKey(base64.b64decode(stored["key"], validate=True))
    except (ValueError, KeyError, TypeError):
        raise KeyringError("is not a pseudonym key", where=str(path)) from None


def pseudonym(token_key: bytes, kind: str, value: str) -> str:
    """32 hex digits that stand for ``value`` within the scope."""
    mac = hmac.digest(token_key, kind.encode() + b"\0" + value.encode(), "sha256")
    return mac.hex()[:TOKEN_DIGITS]
