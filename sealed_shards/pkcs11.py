"""Keys inside a hardware security module, by PKCS #11 (OASIS, version 2.40 or later).

The private key never leaves the token: it is asked for RSA-OAEP with SHA-256 (mechanism
``CKM_RSA_PKCS_OAEP``, section 2.1.8). Some tokens cannot do that; SoftHSM 2.6.1, for one, knows
OAEP with SHA-1 only. They are refused after one trial. Raw RSA on the token with the padding
taken off here would work everywhere and would be the oracle of Manger's attack (CRYPTO 2001),
so it is not offered.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric import rsa

from redactory.errors import KeyringError
from sealed_shards.optional import load
from sealed_shards.recipients import RsaRecipient

_TRIAL_BYTES = 64


class Pkcs11Identity:
    """A private RSA key inside an open session of a token."""

    def __init__(self, key: Any, recipient: RsaRecipient) -> None:
        self._key = key
        self.recipient = recipient
        self.kid = recipient.kid

    def unwrap(self, wrapped: bytes, *, where: str) -> bytes:
        """The payload inside ``wrapped``; one opaque error whatever went wrong.

        Raises:
            KeyringError: not wrapped for this key, or changed.
        """
        try:
            return _oaep_decrypt(self._key, wrapped)
        except _module().PKCS11Error:
            raise KeyringError("the wrapped key does not open with this key", where=where) from None


class Pkcs11Keyring:
    """The RSA keys of one token, in one session; a context manager that ends it.

    Args:
        module: path of the vendor's PKCS #11 library.
        token: the token's label.
        pin: the user's PIN.
        write: keys may be made and destroyed.

    Raises:
        KeyringError: no such library or token, or a wrong PIN.
    """

    def __init__(self, module: str, token: str, pin: str, *, write: bool = False) -> None:
        self.module = module
        self._where = f"token {token}"
        hint = "see the path of the PKCS #11 library and the token's label"
        with self._asked("cannot be used", hint):
            found = _module().lib(module).get_token(token_label=token)
        hint = "see the PIN; a token locks itself after a few wrong ones"
        with self._asked("does not open", hint):
            self._session = found.open(rw=write, user_pin=pin)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def identity(self, label: str) -> Pkcs11Identity:
        """The private key with this label, of use until the session ends.

        Raises:
            KeyringError: no such key, too weak, or a token without OAEP-SHA256.
        """
        identity = Pkcs11Identity(self._find("PRIVATE_KEY", label), self.recipient(label))
        self._check_capability(identity)
        return identity

    def recipient(self, label: str) -> RsaRecipient:
        """The public key with this label.

        Raises:
            KeyringError: no such key, not RSA, or too weak.
        """
        attributes = _module().Attribute
        key = self._find("PUBLIC_KEY", label)
        with self._asked("does not show the public key"):
            modulus = int.from_bytes(key[attributes.MODULUS], "big")
            exponent = int.from_bytes(key[attributes.PUBLIC_EXPONENT], "big")
        return RsaRecipient(rsa.RSAPublicNumbers(exponent, modulus).public_key(), where=label)

    def create_rsa(self, label: str, *, bits: int = 3072) -> RsaRecipient:
        """Draw a key pair on the token that cannot be read out.

        Raises:
            KeyringError: the label is taken, too few bits, or the token refuses.
        """
        pkcs11 = _module()
        if bits not in (3072, 4096):
            raise KeyringError("an RSA key has 3072 or 4096 bits", where=self._where)
        if self._objects({pkcs11.Attribute.LABEL: label}):
            raise KeyringError("a key of this name exists already", where=label)
        private = {
            pkcs11.Attribute.SENSITIVE: True,
            pkcs11.Attribute.EXTRACTABLE: False,
            pkcs11.Attribute.DECRYPT: True,
            pkcs11.Attribute.SIGN: False,
            pkcs11.Attribute.UNWRAP: False,
        }
        with self._asked("refused to make a key"):
            self._session.generate_keypair(
                pkcs11.KeyType.RSA, bits, label=label, store=True, private_template=private
            )
        return self.recipient(label)

    def destroy(self, label: str) -> None:
        """Remove a key pair from the token, for ever.

        Raises:
            KeyringError: no such key, or the token refuses.
        """
        for kind in ("PRIVATE_KEY", "PUBLIC_KEY"):
            with self._asked("refused to destroy the key"):
                self._find(kind, label).destroy()

    def _find(self, kind: str, label: str) -> Any:
        pkcs11 = _module()
        wanted = {
            pkcs11.Attribute.CLASS: pkcs11.ObjectClass[kind],
            pkcs11.Attribute.LABEL: label,
            pkcs11.Attribute.KEY_TYPE: pkcs11.KeyType.RSA,
        }
        found = self._objects(wanted)
        if len(found) != 1:
            many = "several RSA keys" if found else "no RSA key"
            raise KeyringError(f"the token has {many} of this name", where=label)
        return found[0]

    def _objects(self, wanted: dict[Any, Any]) -> list[Any]:
        with self._asked("does not list its keys"):
            return list(self._session.get_objects(wanted))

    @contextmanager
    def _asked(self, refusal: str, hint: str = "") -> Iterator[None]:
        """Turn the library's errors into ours."""
        try:
            yield
        except (_module().PKCS11Error, RuntimeError) as error:
            what = f"the token {refusal} ({type(error).__name__})"
            raise KeyringError(what, where=self._where, hint=hint) from None

    def _check_capability(self, identity: Pkcs11Identity) -> None:
        """Unwrap something that was just wrapped: lists of mechanisms do not name the hash."""
        trial = os.urandom(_TRIAL_BYTES)
        try:
            opened = identity.unwrap(identity.recipient.wrap(trial), where=self._where)
        except KeyringError:
            opened = b""
        if opened != trial:
            raise KeyringError(
                "the token cannot do RSA-OAEP with SHA-256",
                where=self._where,
                hint="use a token or firmware that can; SoftHSM 2.6.1 cannot",
            )


def _oaep_decrypt(key: Any, wrapped: bytes) -> bytes:
    pkcs11 = _module()
    parameters = (pkcs11.Mechanism.SHA256, pkcs11.MGF.SHA256, None)
    return bytes(
        key.decrypt(wrapped, mechanism=pkcs11.Mechanism.RSA_PKCS_OAEP, mechanism_param=parameters)
    )


def _module() -> Any:
    return load("pkcs11", "redactory[hsm]")
