"""Key files: one PEM block for an RSA key, two (RSA, then ML-KEM-768) for a hybrid key."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import mlkem, rsa

from redactory.errors import KeyringError
from sealed_shards.hybrid import HybridIdentity, HybridRecipient
from sealed_shards.recipients import RsaIdentity, RsaRecipient

AnyRecipient = RsaRecipient | HybridRecipient
AnyIdentity = RsaIdentity | HybridIdentity

_BLOCK = re.compile(rb"-----BEGIN ([A-Z ]+)-----\r?\n.*?-----END \1-----\r?\n?", re.DOTALL)


def read_key_file(path: Path) -> bytes:
    """The bytes of a key file.

    Raises:
        KeyringError: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyringError(
            f"the key cannot be read: {error.strerror}",
            where=str(path),
            hint="create keys with: redactory keys create",
        ) from None


def parse_recipient(pem: bytes, *, where: str) -> AnyRecipient:
    """The recipient in a public key file.

    Raises:
        KeyringError: not PEM public keys, not RSA (and ML-KEM-768), or too weak.
    """
    first, *rest = _blocks(pem)
    recipient = RsaRecipient.from_pem(first, where=where)
    if not rest:
        return recipient
    kem = _load(serialization.load_pem_public_key, rest[0])
    if len(rest) > 1 or not isinstance(kem, mlkem.MLKEM768PublicKey):
        raise KeyringError("is not an RSA key followed by an ML-KEM-768 key", where=where)
    return HybridRecipient(recipient, kem)


def load_recipient(path: Path) -> AnyRecipient:
    """The recipient in the public key file at ``path``.

    Raises:
        KeyringError: absent, or not a recipient's key.
    """
    return parse_recipient(read_key_file(path), where=str(path))


def parse_identity(pem: bytes, passphrase: bytes, *, where: str) -> AnyIdentity:
    """The identity in a private key file.

    Raises:
        KeyringError: wrong passphrase, or not RSA (and ML-KEM-768).
    """
    return identity_of(load_private_keys(pem, passphrase, where=where), where=where)


def identity_of(keys: Sequence[object], *, where: str) -> AnyIdentity:
    """The identity that private keys make: RSA alone, or RSA and ML-KEM-768.

    Raises:
        KeyringError: they are others.
    """
    key, *rest = keys
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyringError("is not an RSA key", where=where)
    identity = RsaIdentity(key, where=where)
    if not rest:
        return identity
    if len(rest) > 1 or not isinstance(rest[0], mlkem.MLKEM768PrivateKey):
        raise KeyringError("is not an RSA key followed by an ML-KEM-768 key", where=where)
    return HybridIdentity.of(identity, rest[0])


def load_identity(path: Path, passphrase: bytes) -> AnyIdentity:
    """The identity in the encrypted private key file at ``path``.

    Raises:
        KeyringError: absent, wrong passphrase, or not RSA (and ML-KEM-768).
    """
    return parse_identity(read_key_file(path), passphrase, where=str(path))


def load_private_keys(pem: bytes, passphrase: bytes, *, where: str) -> list[object]:
    """The private keys, of any kind, in the encrypted blocks of a key file; at least one.

    Raises:
        KeyringError: empty or wrong passphrase, no encryption, or no private key.
    """
    if not passphrase:
        raise KeyringError("the passphrase is empty", where=where)
    try:
        return [serialization.load_pem_private_key(b, passphrase) for b in _blocks(pem)]
    except TypeError:
        raise KeyringError(
            "the private key is not protected by a passphrase", where=where
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyringError(
            "the passphrase is wrong, or the file is not a private key", where=where
        ) from None


def _blocks(pem: bytes) -> list[bytes]:
    return [match[0] for match in _BLOCK.finditer(pem)] or [pem]


def _load(load: Callable[[bytes], object], pem: bytes) -> object:
    try:
        return load(pem)
    except (ValueError, UnsupportedAlgorithm):
        return None
