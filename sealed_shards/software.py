"""The software keyring: private keys as passphrase-encrypted PEM files, mode 0600."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from redactory.durable import fsync_folder
from redactory.errors import InputError, KeyringError
from sealed_shards.pkcs8 import PrivateKey, encrypt_private_key
from sealed_shards.recipients import RsaIdentity, RsaRecipient


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
        path = self._private(name)
        write_secret(self._public(name), _public_pem(_load_private(path, passphrase)))

    def create_rsa(self, name: str, passphrase: bytes, *, bits: int = 3072) -> RsaRecipient:
        """Draw an RSA key pair (3072 bits by default) and store it.

        Raises:
            KeyringError: a key of this name exists, or fewer than 3072 bits were asked.
        """
        key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        recipient = RsaRecipient(key.public_key(), where=name)
        self._store(name, key, passphrase)
        return recipient

    def create_ed25519(self, name: str, passphrase: bytes) -> ed25519.Ed25519PublicKey:
        """Draw an Ed25519 signing key pair and store it.

        Raises:
            KeyringError: a key of this name exists.
        """
        key = ed25519.Ed25519PrivateKey.generate()
        self._store(name, key, passphrase)
        return key.public_key()

    def recipient(self, name: str) -> RsaRecipient:
        """The public key of ``name``; needs no passphrase."""
        path = self._public(name)
        return RsaRecipient.from_pem(read_key_file(path), where=str(path))

    def identity(self, name: str, passphrase: bytes) -> RsaIdentity:
        """The private RSA key of ``name``.

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
        key = _load_private(path, passphrase)
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

    def _store(self, name: str, key: PrivateKey, passphrase: bytes) -> None:
        if not passphrase:
            raise KeyringError("an empty passphrase protects nothing", where=name)
        private_path, public_path = self._private(name), self._public(name)
        if public_path.exists():  # its private half may be kept elsewhere
            raise KeyringError("a key of this name exists already", where=name)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            # The private half first: a public key without it would seal what nobody can open.
            write_secret(private_path, encrypt_private_key(key, passphrase))
            write_secret(public_path, _public_pem(key))
        except FileExistsError:
            raise KeyringError("a key of this name exists already", where=name) from None
        except OSError as error:
            raise InputError(
                f"cannot write the key: {error.strerror}", where=str(self.folder)
            ) from None


def _public_pem(key: object) -> bytes:
    if not isinstance(key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise KeyringError("is neither an RSA nor an Ed25519 key")
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _checked(name: str) -> str:
    # No folder, and no dot: the private half of "a.pub" would pass for the public half of "a".
    if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,63}", name):
        raise KeyringError(
            "is not a name for a key",
            where=repr(name)[:80],
            hint="use letters, digits, - and _",
        )
    return name


def load_identity(path: Path, passphrase: bytes) -> RsaIdentity:
    """The private RSA key in an encrypted PEM file.

    Raises:
        KeyringError: absent, wrong passphrase, or not RSA.
    """
    key = _load_private(path, passphrase)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyringError("is not an RSA key", where=str(path))
    return RsaIdentity(key, where=str(path))


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


def _load_private(path: Path, passphrase: bytes) -> object:
    pem = read_key_file(path)
    if not passphrase:
        raise KeyringError("the passphrase is empty", where=str(path))
    try:
        return serialization.load_pem_private_key(pem, passphrase)
    except TypeError:
        raise KeyringError(
            "the private key is not protected by a passphrase", where=str(path)
        ) from None
    except (ValueError, UnsupportedAlgorithm):
        raise KeyringError(
            "the passphrase is wrong, or the file is not a private key", where=str(path)
        ) from None
