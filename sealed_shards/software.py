"""The software keyring: private keys as passphrase-encrypted PEM files, mode 0600."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, mlkem, rsa

from redactory.durable import fsync_folder
from redactory.errors import InputError, KeyringError
from sealed_shards.hybrid import HybridIdentity, HybridRecipient
from sealed_shards.key_files import (
    AnyIdentity,
    AnyRecipient,
    load_identity,
    load_private_keys,
    load_recipient,
    read_key_file,
)
from sealed_shards.pkcs8 import PrivateKey, encrypt_private_key
from sealed_shards.recipients import RsaIdentity, RsaRecipient

__all__ = ["SoftwareKeyring", "load_identity", "read_key_file", "write_secret"]


class SoftwareKeyring:
    """A folder of key pairs: ``<name>.pem`` (encrypted, 0600) and ``<name>.pub.pem``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def names(self) -> list[str]:
        """Names of the key pairs in the folder, sorted."""
        found = (p.name.removesuffix(".pub.pem") for p in self.folder.glob("*.pub.pem"))
        return sorted(found)

    def has(self, name: str) -> bool:
        """Whether the private key of ``name`` is here."""
        return self._private(name).exists()

    def has_public(self, name: str) -> bool:
        """Whether the public key of ``name`` is here."""
        return self._public(name).exists()

    def restore_public(self, name: str, passphrase: bytes) -> None:
        """Write the public half anew from the private one, after a crash between the two.

        Raises:
            KeyringError: the private half is absent, or the passphrase is wrong.
        """
        write_secret(self._public(name), _public_pem(self.private_keys(name, passphrase)))

    def private_keys(self, name: str, passphrase: bytes) -> list[PrivateKey]:
        """The private keys of ``name``: one, or two of a hybrid key.

        Raises:
            KeyringError: absent, or the passphrase is wrong.
        """
        path = self._private(name)
        keys = load_private_keys(read_key_file(path), passphrase, where=str(path))
        if not all(isinstance(key, PrivateKey) for key in keys):
            raise KeyringError("is no RSA, ML-KEM-768 or Ed25519 key", where=str(path))
        return [key for key in keys if isinstance(key, PrivateKey)]

    def restore(self, name: str, keys: Sequence[PrivateKey], passphrase: bytes) -> None:
        """Put private keys back that custodians have rebuilt.

        Raises:
            KeyringError: a private key of this name is here, or the public one is another key's.
        """
        public = self._public(name)
        if public.exists() and read_key_file(public) != _public_pem(keys):
            raise KeyringError("another key has this name here", where=name)
        if not public.exists():
            self._store(name, keys, passphrase)
            return
        try:
            write_secret(self._private(name), _private_pem(keys, passphrase))
        except FileExistsError:
            raise KeyringError("the private half is here already", where=name) from None

    def remove_private(self, name: str) -> None:
        """Remove the private half of ``name``; the public one stays.

        Raises:
            KeyringError: it is not here.
        """
        try:
            self._private(name).unlink()
        except FileNotFoundError:
            raise KeyringError("the private half is not here", where=name) from None
        fsync_folder(self.folder)

    def create_rsa(self, name: str, passphrase: bytes, *, bits: int = 3072) -> RsaRecipient:
        """Draw an RSA key pair (3072 bits by default) and store it.

        Raises:
            KeyringError: a key of this name exists, or fewer than 3072 bits were asked.
        """
        key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        recipient = RsaRecipient(key.public_key(), where=name)
        self._store(name, [key], passphrase)
        return recipient

    def create_hybrid(self, name: str, passphrase: bytes, *, bits: int = 3072) -> HybridRecipient:
        """Draw an RSA and an ML-KEM-768 key pair, both needed to unwrap, and store them.

        Raises:
            KeyringError: a key of this name exists, or fewer than 3072 bits were asked.
        """
        key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        kem = mlkem.MLKEM768PrivateKey.generate()
        recipient = HybridIdentity.of(RsaIdentity(key, where=name), kem).recipient
        self._store(name, [key, kem], passphrase)
        return recipient

    def create_ed25519(self, name: str, passphrase: bytes) -> ed25519.Ed25519PublicKey:
        """Draw an Ed25519 signing key pair and store it.

        Raises:
            KeyringError: a key of this name exists.
        """
        key = ed25519.Ed25519PrivateKey.generate()
        self._store(name, [key], passphrase)
        return key.public_key()

    def recipient(self, name: str) -> AnyRecipient:
        """The public key of ``name``; needs no passphrase."""
        return load_recipient(self._public(name))

    def identity(self, name: str, passphrase: bytes) -> AnyIdentity:
        """The private RSA (or hybrid) key of ``name``.

        Raises:
            KeyringError: absent, wrong passphrase, or not RSA.
        """
        return load_identity(self._private(name), passphrase)

    def signing_key(self, name: str, passphrase: bytes) -> ed25519.Ed25519PrivateKey:
        """The Ed25519 private key of ``name``.

        Raises:
            KeyringError: absent, wrong passphrase, or not Ed25519.
        """
        path = self._private(name)
        key, *_ = load_private_keys(read_key_file(path), passphrase, where=str(path))
        if not isinstance(key, ed25519.Ed25519PrivateKey):
            raise KeyringError("is not an Ed25519 key", where=str(path))
        return key

    def verify_key(self, name: str) -> ed25519.Ed25519PublicKey:
        """The Ed25519 public key of ``name``; needs no passphrase."""
        path = self._public(name)
        try:
            key = serialization.load_pem_public_key(read_key_file(path))
        except (ValueError, UnsupportedAlgorithm):
            raise KeyringError("is not a public key in PEM form", where=str(path)) from None
        if not isinstance(key, ed25519.Ed25519PublicKey):
            raise KeyringError("is not an Ed25519 key", where=str(path))
        return key

    def _private(self, name: str) -> Path:
        return self.folder / f"{_checked(name)}.pem"

    def _public(self, name: str) -> Path:
        return self.folder / f"{_checked(name)}.pub.pem"

    def _store(self, name: str, keys: Sequence[PrivateKey], passphrase: bytes) -> None:
        private_path, public_path = self._private(name), self._public(name)
        if public_path.exists():  # its private half may be kept elsewhere
            raise KeyringError("a key of this name exists already", where=name)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # The private half first: a public key without it would seal what nobody can open.
            write_secret(private_path, _private_pem(keys, passphrase))
            write_secret(public_path, _public_pem(keys))
        except FileExistsError:
            raise KeyringError("a key of this name exists already", where=name) from None
        except OSError as error:
            raise InputError(
                f"cannot write the key: {error.strerror}", where=str(self.folder)
            ) from None


def _private_pem(keys: Sequence[PrivateKey], passphrase: bytes) -> bytes:
    if not passphrase:
        raise KeyringError("an empty passphrase protects nothing")
    return b"".join(encrypt_private_key(key, passphrase) for key in keys)


def _public_pem(keys: Sequence[PrivateKey]) -> bytes:
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return b"".join(key.public_key().public_bytes(*form) for key in keys)


def _checked(name: str) -> str:
    # No folder, and no dot: the private half of "a.pub" would pass for the public half of "a".
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}", name):
        raise KeyringError(
            "is not a name for a key",
            where=repr(name)[:80],
            hint="use letters, digits, - and _",
        )
    return name


def write_secret(path: Path, data: bytes) -> None:
    """Write a new file of mode 0600, whole or not at all; ``FileExistsError`` if it is there."""
    temporary = path.parent / f".tmp-{secrets.token_hex(8)}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    finally:
        temporary.unlink()
    fsync_folder(path.parent)
