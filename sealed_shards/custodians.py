"""A private key in the hands of several custodians, of whom a threshold rebuilds it.

The private key is encrypted under a random key, and that one is shared by Shamir's scheme
(:mod:`sealed_shards.shamir`): a share stays short enough for paper, whatever the size of the
private key. Shares are authenticated without any further secret. The *custody* document, which
is public, holds the SHA-256 of every share; each share holds the SHA-256 of that document's
head. So one share that was changed, mistaken or taken from another set is known by itself, and
is named. See ``docs/protocols/custodians.md``.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import Field

from redactory.errors import KeyringError
from sealed_shards import shamir
from sealed_shards.header import Hex64
from sealed_shards.manifest import Document
from sealed_shards.pkcs8 import PrivateKey
from sealed_shards.word_form import from_words, to_words

CUSTODY_FORMAT: Final = "redactory-custody/v1"
SHARE_FORMAT: Final = "redactory-share/v1"
MOST_SHARES: Final = 255
_SET_BYTES = 16
_NONCE = bytes(12)  # the key encrypts once
_SHARE_BYTES = _SET_BYTES + 2 + shamir.ELEMENT_BYTES
_Small = Annotated[int, Field(ge=2, le=MOST_SHARES)]


class CustodyHead(Document):
    """What every share commits to."""

    format: Literal["redactory-custody/v1"] = CUSTODY_FORMAT
    kid: Hex64
    threshold: _Small
    shares: tuple[Hex64, ...]

    @property
    def set_id(self) -> bytes:
        """Names the set of shares, 16 bytes."""
        return hashlib.sha256(self.encode()).digest()[:_SET_BYTES]


class Custody(Document):
    """The public half of a split key: the head, and the key file encrypted (base64)."""

    head: CustodyHead
    sealed_key: str


@dataclass(frozen=True)
class Share:
    """One custodian's share.

    Attributes:
        set_id: the set it belongs to.
        threshold: how many rebuild the key.
        number: from 1.
        value: an element of the field.
    """

    set_id: bytes
    threshold: int
    number: int
    value: int = field(repr=False)

    def encode(self) -> bytes:
        """50 bytes: set, threshold, number, value."""
        element = self.value.to_bytes(shamir.ELEMENT_BYTES, "big")
        return self.set_id + bytes([self.threshold, self.number]) + element

    def words(self) -> list[str]:
        """The share for paper: 27 words of five letters."""
        return to_words(self.encode())

    @classmethod
    def from_words(cls, text: str, *, where: str) -> Share:
        """A share that was typed in.

        Raises:
            KeyringError: a word is mistyped, missing or doubled, or these are other words.
        """
        raw = from_words(text, where=where)
        if len(raw) != _SHARE_BYTES:
            raise KeyringError("is not a share of a key", where=where)
        value = int.from_bytes(raw[_SET_BYTES + 2 :], "big")
        return cls(raw[:_SET_BYTES], raw[_SET_BYTES], raw[_SET_BYTES + 1], value)


class ShareFile(Document):
    """The file form of a share: its words, and the custody document beside them."""

    format: Literal["redactory-share/v1"] = SHARE_FORMAT
    custody: Custody
    words: str


def split_key(
    keys: Sequence[PrivateKey],
    *,
    shares: int,
    threshold: int,
    random_bytes: Callable[[int], bytes] = os.urandom,
    draw: Callable[[], int] = shamir.draw,
) -> tuple[Custody, list[Share]]:
    """Split the private keys of one key file.

    Args:
        keys: RSA or Ed25519, or RSA and ML-KEM-768.
        shares: how many custodians, at most 255.
        threshold: how many of them rebuild the key, at least 2.
        random_bytes: source of the salt.
        draw: source of field elements.

    Raises:
        KeyringError: no such threshold.
    """
    if not 2 <= threshold <= shares <= MOST_SHARES:
        raise KeyringError(
            "a key is split into 2 to 255 shares, and from 2 to all of them rebuild it"
        )
    secret = draw()
    values = shamir.split(secret, threshold=threshold, shares=shares, draw=draw)
    head = CustodyHead(
        kid=_key_id(keys),
        threshold=threshold,
        shares=tuple(_digest(number, value) for number, value in values.items()),
    )
    salt = random_bytes(32)
    sealed = salt + AESGCM(_key(secret, salt, head)).encrypt(_NONCE, _plain(keys), None)
    custody = Custody(head=head, sealed_key=base64.b64encode(sealed).decode("ascii"))
    return custody, [Share(head.set_id, threshold, n, value) for n, value in values.items()]


def combine_shares(custody: Custody, shares: Sequence[tuple[str, Share]]) -> list[PrivateKey]:
    """The private keys that were split, in memory.

    Args:
        custody: the public half.
        shares: what each share is called in errors (a file, a person), and the share.

    Raises:
        KeyringError: a share is of another set, changed or given twice, or there are too few;
            says which and how many.
    """
    head = custody.head
    _check(head, shares)
    secret = shamir.combine({share.number: share.value for _, share in shares})
    try:
        sealed = base64.b64decode(custody.sealed_key, validate=True)
        plain = AESGCM(_key(secret, sealed[:32], head)).decrypt(_NONCE, sealed[32:], None)
    except (InvalidTag, ValueError):
        raise KeyringError(
            "the shares are right, and the encrypted key in the custody document was changed",
            hint="use another copy of the document; every share file holds one",
        ) from None
    keys = _keys(plain)
    if _key_id(keys) != head.kid:
        raise KeyringError("the custody document holds another key than it says")
    return keys


def _check(head: CustodyHead, shares: Iterable[tuple[str, Share]]) -> None:
    seen: dict[int, str] = {}
    for name, share in shares:
        if share.set_id != head.set_id:
            raise KeyringError(
                "this share belongs to another key or to another splitting of it",
                where=name,
                hint=f"wanted is the set {head.set_id.hex()[:8]} of key {head.kid[:16]}…",
            )
        known = 1 <= share.number <= len(head.shares) and share.threshold == head.threshold
        if not known or head.shares[share.number - 1] != _digest(share.number, share.value):
            raise KeyringError("this share was changed", where=name)
        if share.number in seen:
            raise KeyringError(f"is the same share as {seen[share.number]}", where=name)
        seen[share.number] = name
    if len(seen) < head.threshold:
        raise KeyringError(
            f"{head.threshold} shares are needed, {len(seen)} are here",
            hint=f"{head.threshold - len(seen)} more of the {len(head.shares)} custodians",
        )


def _digest(number: int, value: int) -> str:
    # A share is 255 uniformly random bits: its digest gives nothing away.
    element = value.to_bytes(shamir.ELEMENT_BYTES, "big")
    return hashlib.sha256(SHARE_FORMAT.encode() + b"\0" + bytes([number]) + element).hexdigest()


def _key(secret: int, salt: bytes, head: CustodyHead) -> bytes:
    info = CUSTODY_FORMAT.encode() + b"\0" + head.encode()
    hkdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=salt, info=info)
    return hkdf.derive(secret.to_bytes(shamir.ELEMENT_BYTES, "big"))


def _plain(keys: Sequence[PrivateKey]) -> bytes:
    """Each key as DER PKCS #8 behind its length in two bytes."""
    encoded = [
        key.private_bytes(
            serialization.Encoding.DER,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        for key in keys
    ]
    return b"".join(len(der).to_bytes(2, "big") + der for der in encoded)


def _keys(plain: bytes) -> list[PrivateKey]:
    keys: list[PrivateKey] = []
    while plain:
        size = int.from_bytes(plain[:2], "big")
        key = serialization.load_der_private_key(plain[2 : 2 + size], None)
        if not isinstance(key, PrivateKey):
            raise KeyringError("the custody document holds a key of another kind")
        keys.append(key)
        plain = plain[2 + size :]
    return keys


def _key_id(keys: Sequence[PrivateKey]) -> str:
    """SHA-256 over the public keys' SubjectPublicKeyInfo: the key id of a recipient."""
    digest = hashlib.sha256()
    for key in keys:
        digest.update(
            key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )
    return digest.hexdigest()
