"""Who may open a shard: a *recipient* wraps a data key, an *identity* unwraps it.

RSA-OAEP with SHA-256 and MGF1-SHA-256 (RFC 8017, section 7.1), without a label because
many HSMs and key services refuse labels; the context is bound inside the wrapped bytes
instead (:mod:`sealed_shards.context`).
"""

from __future__ import annotations

import hashlib
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from redactory.errors import KeyringError

MINIMUM_RSA_BITS = 3072

_OAEP = padding.OAEP(
    mgf=padding.MGF1(algorithm=hashes.SHA256()), algorithm=hashes.SHA256(), label=None
)


class Recipient(Protocol):
    """Wraps a payload so that one identity can unwrap it. Holds no secret."""

    @property
    def kid(self) -> str:
        """Key id: SHA-256 (hex) of the SubjectPublicKeyInfo."""

    def wrap(self, payload: bytes) -> bytes:
        """Wrap ``payload`` (64 bytes)."""


class Identity(Protocol):
    """Unwraps what was wrapped for its recipient; several threads may ask at once."""

    @property
    def kid(self) -> str:
        """Key id of the matching recipient."""

    def unwrap(self, wrapped: bytes, *, where: str) -> bytes:
        """The payload; ``KeyringError`` if it was not wrapped for this identity."""


def key_id(public_key: rsa.RSAPublicKey) -> str:
    """SHA-256 (hex) of the DER SubjectPublicKeyInfo."""
    spki = public_key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(spki).hexdigest()


class RsaRecipient:
    """A public RSA key of at least 3072 bits."""

    def __init__(self, public_key: rsa.RSAPublicKey, *, where: str = "") -> None:
        if public_key.key_size < MINIMUM_RSA_BITS:
            raise KeyringError(
                f"an RSA key of {public_key.key_size} bits is too weak",
                where=where,
                hint=f"use at least {MINIMUM_RSA_BITS} bits",
            )
        self._public_key = public_key
        self.kid = key_id(public_key)
        self.bits = public_key.key_size

    @classmethod
    def from_pem(cls, pem: bytes, *, where: str) -> RsaRecipient:
        """Read a ``PUBLIC KEY`` PEM.

        Raises:
            KeyringError: not a PEM public key, not RSA, or too weak.
        """
        try:
            # Half of a hybrid key is no recipient.
            several = pem.count(b"-----BEGIN") > 1
            key = None if several else serialization.load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm):
            raise KeyringError(
                "is not a public key in PEM form",
                where=where,
                hint="give the .pub.pem file, never the private key",
            ) from None
        if not isinstance(key, rsa.RSAPublicKey):
            raise KeyringError("is not an RSA public key", where=where)
        return cls(key, where=where)

    def wrap(self, payload: bytes) -> bytes:
        """RSA-OAEP-SHA256 of ``payload``."""
        return self._public_key.encrypt(payload, _OAEP)

    def to_der(self) -> bytes:
        """The DER SubjectPublicKeyInfo."""
        return self._public_key.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )

    def to_pem(self) -> bytes:
        """The ``PUBLIC KEY`` PEM."""
        return self._public_key.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )


class RsaIdentity:
    """A private RSA key held in memory."""

    def __init__(self, private_key: rsa.RSAPrivateKey, *, where: str = "") -> None:
        self._private_key = private_key
        self.recipient = RsaRecipient(private_key.public_key(), where=where)
        self.kid = self.recipient.kid

    def unwrap(self, wrapped: bytes, *, where: str) -> bytes:
        """The payload inside ``wrapped``; one opaque error whatever went wrong.

        Raises:
            KeyringError: not wrapped for this key, or changed.
        """
        try:
            return self._private_key.decrypt(wrapped, _OAEP)
        except ValueError:
            raise KeyringError("the wrapped key does not open with this key", where=where) from None
