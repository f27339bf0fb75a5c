"""Canonical JSON (RFC 8785) and the digests made of it.

Everything that is signed, hashed or used as associated data goes through here, so
that two programs that agree on a value agree on its bytes.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

import rfc8785

from redactory.errors import IntegrityError


def canonical_json(value: Any) -> bytes:
    """RFC 8785 bytes of ``value``: str, int within ±(2^53−1), finite float, bool, None, nested."""
    return rfc8785.dumps(value)


def parse_canonical_json(raw: bytes, *, where: str) -> Any:
    """Parse bytes that must be the canonical form of their own value.

    A stored document is accepted only in the one form that could have been hashed:
    duplicate keys, other spacing or other number forms are refused.

    Raises:
        IntegrityError: not JSON, or not canonical.
    """
    try:
        value = json.loads(raw)
        canonical = rfc8785.dumps(value)
    except (ValueError, RecursionError, rfc8785.CanonicalizationError):
        raise IntegrityError("is not canonical JSON", where=where) from None
    if canonical != raw:
        raise IntegrityError("is not canonical JSON", where=where)
    return value


def sha256_hex(data: bytes) -> str:
    """SHA-256 of ``data``, 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def digest_of(value: Any) -> str:
    """SHA-256 (hex) of the canonical JSON of ``value``."""
    return sha256_hex(canonical_json(value))
