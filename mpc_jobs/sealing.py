"""Small secrets sealed to one reader: checkpoints to the party itself, results to the recipient.

A fresh key seals each message with AES-256-GCM; the reader's public key wraps that key together
with the digest of the message's context (as shards do, ``docs/format/sealed-shard-v1.md``).

::

    length of the wrap (2 bytes, big endian) | wrap | ciphertext and tag

A key is used once, so its nonce is zero.
"""

from __future__ import annotations

import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from mpc_jobs.sharing import RandomBytes
from redactory.canonical import canonical_json
from redactory.errors import IntegrityError
from sealed_shards import Identity, Recipient
from sealed_shards.context import open_payload, wrap_payload

_NONCE = bytes(12)
_LABEL = b"redactory-mpc/v1 sealed\0"


def seal_message(
    recipient: Recipient,
    context: dict[str, Any],
    message: bytes,
    *,
    random_bytes: RandomBytes = os.urandom,
) -> bytes:
    """``message`` for ``recipient`` alone, bound to ``context`` (canonical JSON)."""
    associated = _LABEL + canonical_json(context)
    key = random_bytes(32)
    wrap = recipient.wrap(wrap_payload(key, associated))
    ciphertext = AESGCM(key).encrypt(_NONCE, message, associated)
    return len(wrap).to_bytes(2, "big") + wrap + ciphertext


def open_message(identity: Identity, context: dict[str, Any], raw: bytes, *, where: str) -> bytes:
    """The message, if it was sealed for ``identity`` and for ``context``.

    Raises:
        KeyringError: it was sealed for another key.
        IntegrityError: it was changed, or belongs elsewhere.
    """
    associated = _LABEL + canonical_json(context)
    size = int.from_bytes(raw[:2], "big")
    wrap, ciphertext = raw[2 : 2 + size], raw[2 + size :]
    key = open_payload(identity.unwrap(wrap, where=where), associated, where=where)
    try:
        return AESGCM(key).decrypt(_NONCE, ciphertext, associated)
    except InvalidTag:
        raise IntegrityError("was changed since it was sealed", where=where) from None
