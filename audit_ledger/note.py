"""Signed notes (C2SP signed-note, https://c2sp.org/signed-note) with Ed25519 keys.

A note is text, a blank line, and signature lines ``— <key name> <base64>`` where the
base64 holds a 4-byte key id and the signature of the text. Lines of unknown keys
(witnesses, other algorithms) are carried and ignored; a line of a known key must verify.
Every encoding here is strict: each note has one form that is accepted, so that a flipped
bit is always seen.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from redactory.errors import LedgerError

_ED25519 = b"\x01"
_ED25519_KEY_BYTES = 32
_KEY_ID_BYTES = 4
_DASH = "\u2014 "
# The specification allows any UTF-8 without spaces and plus; printable ASCII is enough
# for our own names and leaves nothing that looks like something else.
_NAME = re.compile(r"[!-*,-~]{1,200}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")


def strict_base64(text: str) -> bytes:
    """Decode standard base64, refusing every form but the one an encoder makes.

    Raises:
        ValueError: not base64, or not the canonical form (padding bits set, for example).
    """
    try:
        raw = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error
    if base64.b64encode(raw).decode() != text:
        raise ValueError("not the canonical base64 of its value")
    return raw


@dataclass(frozen=True, slots=True)
class SignatureLine:
    """One signature of a note: key name, key id (4 bytes) and raw signature."""

    name: str
    key_id: bytes
    signature: bytes

    def encode(self) -> str:
        """The line, with its newline."""
        blob = base64.b64encode(self.key_id + self.signature).decode()
        return f"{_DASH}{self.name} {blob}\n"

    @classmethod
    def decode(cls, line: str) -> SignatureLine:
        """Parse one line without its newline; ``ValueError`` if it is malformed."""
        name, space, blob = line.removeprefix(_DASH).partition(" ")
        if not line.startswith(_DASH) or not space or not name or "+" in name:
            raise ValueError("not a signature line")
        raw = strict_base64(blob)
        if len(raw) <= _KEY_ID_BYTES:
            raise ValueError("a signature is missing")
        return cls(name, raw[:_KEY_ID_BYTES], raw[_KEY_ID_BYTES:])


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures below it.

    Attributes:
        text: what is signed; ends in a newline, no other control characters.
        signatures: one or more, in the order of the lines.
    """

    text: str
    signatures: tuple[SignatureLine, ...]

    def with_signatures(self, more: Iterable[SignatureLine]) -> Note:
        """The same text with further signatures; of one key the newest line stays."""
        lines = {(line.name, line.key_id): line for line in (*self.signatures, *more)}
        return Note(self.text, tuple(lines.values()))

    def encode(self) -> bytes:
        """The note as it is stored."""
        return (self.text + "\n" + "".join(line.encode() for line in self.signatures)).encode()

    @classmethod
    def decode(cls, raw: bytes, *, where: str) -> Note:
        """Parse a stored note. This checks the form only; see :meth:`LogVerifier.verify`.

        Raises:
            LedgerError: not a signed note.
        """
        try:
            return cls._parse(raw.decode())
        except ValueError:
            raise LedgerError("is not a signed note", where=where) from None

    @classmethod
    def _parse(cls, whole: str) -> Note:
        # The text may hold blank lines of its own: the last one divides.
        text, blank, lines = whole.rpartition("\n\n")
        if not blank or not lines.endswith("\n") or _CONTROL.search(whole):
            raise ValueError("no text, or no signatures")
        return cls(text + "\n", tuple(map(SignatureLine.decode, lines[:-1].split("\n"))))


class LogVerifier:
    """An Ed25519 public key under a key name; checks notes.

    Args:
        public_key: the key.
        name: the key name, by convention the origin of the log.

    Raises:
        LedgerError: the name is empty, too long, or holds a space, a plus or non-ASCII.
    """

    def __init__(self, public_key: Ed25519PublicKey, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise LedgerError(
                "a log key's name must be 1 to 200 printable characters without space or plus"
            )
        self.name = name
        self._public_key = public_key
        self._raw = public_key.public_bytes_raw()
        self.key_id = hashlib.sha256(name.encode() + b"\n" + _ED25519 + self._raw).digest()[
            :_KEY_ID_BYTES
        ]
        self.fingerprint = hashlib.sha256(self._raw).hexdigest()

    def __repr__(self) -> str:
        return f"LogVerifier({self.vkey()!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LogVerifier) and self.vkey() == other.vkey()

    def __hash__(self) -> int:
        return hash(self.vkey())

    def vkey(self) -> str:
        """The verifier key line ``<name>+<key id>+<base64>`` of the specification."""
        blob = base64.b64encode(_ED25519 + self._raw).decode()
        return f"{self.name}+{self.key_id.hex()}+{blob}"

    @classmethod
    def from_vkey(cls, line: str, *, where: str = "") -> LogVerifier:
        """Parse a verifier key line (no newline).

        Raises:
            LedgerError: malformed, of another algorithm, or its key id does not belong to it.
        """
        malformed = LedgerError("is not an Ed25519 verifier key", where=where)
        try:
            # Base64 may hold a plus of its own; name and key id never do.
            name, _, blob = line.split("+", 2)
            raw = strict_base64(blob)
        except ValueError:
            raise malformed from None
        if raw[:1] != _ED25519 or len(raw) != 1 + _ED25519_KEY_BYTES or not _NAME.fullmatch(name):
            raise malformed
        verifier = cls(Ed25519PublicKey.from_public_bytes(raw[1:]), name)
        if verifier.vkey() != line:
            raise LedgerError("the key id does not belong to this key", where=where)
        return verifier

    def verify(self, note: Note, *, where: str) -> None:
        """Check that this key signed the note.

        Raises:
            LedgerError: no line of this key, or one that does not verify.
        """
        mine = [s for s in note.signatures if (s.name, s.key_id) == (self.name, self.key_id)]
        if not mine:
            raise LedgerError("is not signed by the log's key", where=where)
        try:
            for line in mine:
                self._public_key.verify(line.signature, note.text.encode())
        except InvalidSignature:
            raise LedgerError("the log's signature does not verify", where=where) from None


class LogSigner:
    """An Ed25519 private key under a key name; signs notes.

    Args:
        private_key: the log's signing key.
        name: the key name; a log demands that it equals the log's origin.
    """

    def __init__(self, private_key: Ed25519PrivateKey, name: str) -> None:
        self._private_key = private_key
        self.name = name
        self.verifier = LogVerifier(private_key.public_key(), name)

    def __repr__(self) -> str:
        return f"LogSigner({self.name!r})"

    def sign(self, text: str) -> Note:
        """A note over ``text`` (ends in a newline) with this key's signature."""
        line = SignatureLine(self.name, self.verifier.key_id, self._private_key.sign(text.encode()))
        return Note(text, (line,))
