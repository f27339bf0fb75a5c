"""Cosignatures of checkpoints (C2SP tlog-cosignature, https://c2sp.org/tlog-cosignature).

A witness says with its own key that the checkpoint extends every earlier one it has seen,
so that whoever holds the log's key cannot show different histories to different people.
Two kinds of keys: Ed25519 (type 0x04) and ML-DSA-44 (type 0x06, FIPS 204), which resists
quantum computers. A log may co-sign its own checkpoints with an ML-DSA key in the same way.
"""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Literal

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey, MLDSA44PublicKey

from audit_ledger.checkpoint import Checkpoint
from audit_ledger.note import Note, SignatureLine, strict_base64
from redactory.errors import KeyringError, LedgerError

Algorithm = Literal["ed25519", "ml-dsa-44"]
CosignerKey = Ed25519PrivateKey | MLDSA44PrivateKey

_TYPES = {"ed25519": b"\x04", "ml-dsa-44": b"\x06"}
_KEY_BYTES = {"ed25519": 32, "ml-dsa-44": 1312}
_SUBTREE = b"subtree/v1\n\x00"
_TIME_BYTES = 8
_LARGEST_TIME = 2**63 - 1
# One byte counts the length of a name in the message that ML-DSA signs.
_NAME = re.compile(r"[!-*,-~]{1,200}")


def new_cosigner_key(algorithm: Algorithm) -> CosignerKey:
    """Draw a private key.

    Raises:
        KeyringError: the installed OpenSSL has no ML-DSA.
    """
    if algorithm == "ed25519":
        return Ed25519PrivateKey.generate()
    try:
        return MLDSA44PrivateKey.generate()
    except UnsupportedAlgorithm:
        raise KeyringError(
            "this installation of cryptography has no ML-DSA", hint="use an Ed25519 key"
        ) from None


class CosignatureVerifier:
    """A cosigner's public key under its name.

    Args:
        public_key: Ed25519 or ML-DSA-44.
        name: the cosigner's name, by convention a URL without a scheme.

    Raises:
        LedgerError: the name is empty, too long, or holds a space, a plus or non-ASCII.
    """

    def __init__(self, public_key: Ed25519PublicKey | MLDSA44PublicKey, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise LedgerError(
                "a witness's name must be 1 to 200 printable characters without space or plus"
            )
        self.name = name
        self.algorithm: Algorithm = (
            "ed25519" if isinstance(public_key, Ed25519PublicKey) else "ml-dsa-44"
        )
        self._public_key = public_key
        self._encoded = _TYPES[self.algorithm] + public_key.public_bytes_raw()
        self.key_id = hashlib.sha256(name.encode() + b"\n" + self._encoded).digest()[:4]

    def __repr__(self) -> str:
        return f"CosignatureVerifier({self.name!r}, {self.algorithm!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CosignatureVerifier) and self.vkey() == other.vkey()

    def __hash__(self) -> int:
        return hash(self.vkey())

    def vkey(self) -> str:
        """The verifier key line ``<name>+<key id>+<base64>``."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(self._encoded).decode()}"

    @classmethod
    def from_vkey(cls, line: str, *, where: str = "") -> CosignatureVerifier:
        """Parse a verifier key line (no newline).

        Raises:
            LedgerError: malformed, of another algorithm, or its key id does not belong to it.
        """
        malformed = LedgerError("is not the verifier key of a witness", where=where)
        try:
            name, _, blob = line.split("+", 2)
            raw = strict_base64(blob)
        except ValueError:
            raise malformed from None
        algorithm = next((a for a, type_ in _TYPES.items() if raw[:1] == type_), None)
        if algorithm is None or len(raw) != 1 + _KEY_BYTES[algorithm] or not _NAME.fullmatch(name):
            raise malformed
        public = Ed25519PublicKey if algorithm == "ed25519" else MLDSA44PublicKey
        verifier = cls(public.from_public_bytes(raw[1:]), name)
        if verifier.vkey() != line:
            raise LedgerError("the key id does not belong to this key", where=where)
        return verifier

    def verify(self, checkpoint: Checkpoint, note: Note, *, where: str) -> int | None:
        """When this cosigner signed the checkpoint (POSIX seconds); None if it did not.

        Raises:
            LedgerError: a line of this key is there and does not verify.
        """
        mine = [s for s in note.signatures if (s.name, s.key_id) == (self.name, self.key_id)]
        newest = None
        for line in mine:
            time = int.from_bytes(line.signature[:_TIME_BYTES], "big")
            signature = line.signature[_TIME_BYTES:]
            try:
                message = signed_message(self.algorithm, self.name, checkpoint, time)
                self._public_key.verify(signature, message)
            except (InvalidSignature, ValueError):
                raise LedgerError(
                    f"the signature of the witness {self.name} does not verify", where=where
                ) from None
            newest = max(time, newest or 0)
        return newest


class Cosigner:
    """A cosigner's private key under its name.

    Args:
        private_key: Ed25519 or ML-DSA-44.
        name: the cosigner's name; of an Ed25519 key used under no other name.
    """

    def __init__(self, private_key: CosignerKey, name: str) -> None:
        self._private_key = private_key
        self.name = name
        self.verifier = CosignatureVerifier(private_key.public_key(), name)

    def __repr__(self) -> str:
        return f"Cosigner({self.name!r}, {self.verifier.algorithm!r})"

    def cosign(self, checkpoint: Checkpoint, *, time: int) -> SignatureLine:
        """This cosigner's line. The caller has checked the checkpoint's consistency.

        Args:
            checkpoint: what to sign.
            time: POSIX seconds.
        """
        message = signed_message(self.verifier.algorithm, self.name, checkpoint, time)
        signature = self._private_key.sign(message)
        stamped = time.to_bytes(_TIME_BYTES, "big") + signature
        return SignatureLine(self.name, self.verifier.key_id, stamped)


def signed_message(algorithm: Algorithm, name: str, checkpoint: Checkpoint, time: int) -> bytes:
    """What a cosigner signs.

    Raises:
        ValueError: a time beyond the format, or a name too long for it.
    """
    if not 0 <= time <= _LARGEST_TIME:
        raise ValueError("no POSIX time")
    if algorithm == "ed25519":
        return f"cosignature/v1\ntime {time}\n{checkpoint.text()}".encode()
    return b"".join(
        (
            _SUBTREE,
            _counted(name),
            time.to_bytes(8, "big"),
            _counted(checkpoint.origin),
            bytes(8),
            checkpoint.size.to_bytes(8, "big"),
            checkpoint.root,
        )
    )


def _counted(name: str) -> bytes:
    raw = name.encode()
    if not 1 <= len(raw) <= 255:
        raise ValueError("a name is too long")
    return bytes([len(raw)]) + raw
