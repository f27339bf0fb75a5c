"""Pseudonyms: keyed tokens that nobody reads back, and reversible ones.

``token`` is HMAC-SHA256 (RFC 2104) under the scope's ``token`` key over type, 0x00 and canonical
form, cut to 64 bits: whoever holds the key can test a guess, nobody can read a value back.
``reversible`` is AES-SIV (RFC 5297) under a key derived from the same one, with the type as
associated data: deterministic, authenticated, and readable by whoever holds the key. It keeps
the value as it is written, not its canonical form, because reading back must give that.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Any, Final

import regex  # type: ignore[import-untyped]
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pii_rules.entities import canonical_form
from pii_rules.operators.base import Anonymizer
from redactory.errors import KeyringError

_SIV_KEY_BYTES: Final = 64  # AES-256 for the tag and AES-256 for the text
_SALT: Final = b"pii-rules/reversible/v1"
REVERSIBLE: Final = regex.compile(r"<(?P<type>[A-Z][A-Z0-9_]*)~(?P<sealed>[A-Za-z0-9_-]{22,})>")


class Token(Anonymizer):
    """A keyed pseudonym ``<TYPE:16 hex digits>``."""

    name = "token"

    def __init__(self, entity_type: str, key: bytes) -> None:
        self._entity_type = entity_type
        self._key = key

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:  # noqa: ARG002
        """The pseudonym of the canonical form of ``text``."""
        canonical = canonical_form(self._entity_type, text)
        message = self._entity_type.encode() + b"\x00" + canonical.encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._key, message, "sha256")
        return f"<{self._entity_type}:{digest[:8].hex()}>"


class Reversible(Anonymizer):
    """A token ``<TYPE~base64>`` that the scope's key reads back."""

    name = "reversible"

    def __init__(self, entity_type: str, key: bytes) -> None:
        self._entity_type = entity_type
        self._siv = _siv(key)

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:  # noqa: ARG002
        """The encrypted value."""
        plain = text.encode("utf-8", "surrogatepass")
        sealed = self._siv.encrypt(plain, [self._entity_type.encode()])
        return f"<{self._entity_type}~{base64.urlsafe_b64encode(sealed).decode().rstrip('=')}>"


def read_back(text: str, key: bytes) -> str:
    """``text`` with the value in place of every reversible token.

    Args:
        text: redacted text.
        key: the ``token`` subkey of the scope.

    Raises:
        KeyringError: a token was changed, or made under another key.
    """
    siv = _siv(key)

    def opened(match: regex.Match[str]) -> str:
        padded = match["sealed"] + "=" * (-len(match["sealed"]) % 4)
        try:
            raw = base64.b64decode(padded, altchars=b"-_", validate=True)
            return siv.decrypt(raw, [match["type"].encode()]).decode("utf-8", "surrogatepass")
        except (InvalidTag, binascii.Error, UnicodeDecodeError):
            raise KeyringError(
                "a reversible token was changed, or is of another scope", where=match["type"]
            ) from None

    return str(REVERSIBLE.sub(opened, text))


def _siv(key: bytes) -> AESSIV:
    derived = HKDF(algorithm=hashes.SHA512(), length=_SIV_KEY_BYTES, salt=_SALT, info=b"").derive(
        key
    )
    return AESSIV(derived)
