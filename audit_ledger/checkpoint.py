"""Checkpoints (C2SP tlog-checkpoint, https://c2sp.org/tlog-checkpoint).

The text of a signed note: origin line, tree size, base64 root hash, then optional
extension lines. Whoever holds a checkpoint can later prove that a log shrank or forked.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from audit_ledger.merkle import HASH_BYTES
from audit_ledger.note import LogSigner, LogVerifier, Note, strict_base64
from redactory.errors import LedgerError

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log commits to.

    Attributes:
        origin: the log's unique name.
        size: number of leaves.
        root: RFC 6962 root over them, 32 bytes.
        extensions: further lines, opaque to this version.
        note: the signed note this was read from, or empty if it is not signed yet.
    """

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()
    note: bytes = b""

    def text(self) -> str:
        """The lines that are signed."""
        root = base64.b64encode(self.root).decode()
        return "".join(f"{line}\n" for line in (self.origin, self.size, root, *self.extensions))

    @classmethod
    def from_text(cls, text: str, *, where: str, note: bytes = b"") -> Checkpoint:
        """Parse the text of a note.

        Raises:
            LedgerError: not a checkpoint in its one canonical form.
        """
        malformed = LedgerError("is not a checkpoint", where=where)
        origin, *rest = text.removesuffix("\n").split("\n")
        if len(rest) < 2 or not text.endswith("\n") or not all((origin, *rest)):
            raise malformed
        size, encoded, *extensions = rest
        try:
            root = strict_base64(encoded)
        except ValueError:
            raise malformed from None
        if not _SIZE.fullmatch(size) or len(root) != HASH_BYTES:
            raise malformed
        return cls(origin, int(size), root, tuple(extensions), note)

    @classmethod
    def signed(cls, origin: str, size: int, root: bytes, signer: LogSigner) -> Checkpoint:
        """A new checkpoint with its signature."""
        plain = cls(origin, size, root)
        return cls(origin, size, root, (), signer.sign(plain.text()).encode())

    @classmethod
    def open(cls, raw: bytes, verifier: LogVerifier, *, where: str) -> Checkpoint:
        """Parse a stored checkpoint and check that the log's key signed it.

        Raises:
            LedgerError: malformed, not signed by this key, or of another log.
        """
        note = Note.decode(raw, where=where)
        verifier.verify(note, where=where)
        checkpoint = cls.from_text(note.text, where=where, note=raw)
        if checkpoint.origin != verifier.name:
            raise LedgerError("belongs to another log than the key", where=where)
        return checkpoint
