"""Proofs that one statement is in the log (C2SP tlog-proof, https://c2sp.org/tlog-proof).

A text file of its own: the position of the leaf, its RFC 6962 audit path, and the signed
checkpoint. Whoever has the leaf's bytes and the log's key can check it offline.
"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass

from audit_ledger.checkpoint import Checkpoint
from audit_ledger.log import Log
from audit_ledger.merkle import HASH_BYTES, leaf_hash, verify_inclusion
from audit_ledger.note import LogVerifier, strict_base64
from redactory.errors import LedgerError

_HEADER = "c2sp.org/tlog-proof@v1"
_INDEX = re.compile(r"index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """That a leaf is in the tree of a checkpoint.

    Attributes:
        index: the leaf's position.
        path: 32-byte hashes, from the leaf's sibling to a child of the root.
        note: the signed checkpoint.
    """

    index: int
    path: tuple[bytes, ...]
    note: bytes

    @classmethod
    def of(cls, log: Log, index: int) -> InclusionProof:
        """The proof of a leaf under the newest checkpoint.

        Raises:
            LedgerError: there is no such leaf.
        """
        checkpoint = log.checkpoint
        return cls(index, tuple(log.inclusion(index, at=checkpoint)), checkpoint.note)

    def encode(self) -> bytes:
        """The file's bytes; its name should end in ``.tlog-proof``."""
        lines = [_HEADER, f"index {self.index}"]
        lines += [base64.b64encode(hash_).decode() for hash_ in self.path]
        return "\n".join([*lines, "", ""]).encode() + self.note

    @classmethod
    def decode(cls, raw: bytes, *, where: str) -> InclusionProof:
        """Parse a file; this checks its form only.

        Raises:
            LedgerError: not a proof.
        """
        malformed = LedgerError("is not an inclusion proof", where=where)
        head, blank, note = raw.partition(b"\n\n")
        try:
            header, *lines = head.decode("ascii").split("\n")
            if lines and lines[0].startswith("extra "):
                lines.pop(0)  # not covered by any signature, and nothing of ours
            index = _INDEX.fullmatch(lines.pop(0))
            path = tuple(strict_base64(line) for line in lines)
        except (ValueError, IndexError):
            raise malformed from None
        if header != _HEADER or not blank or index is None:
            raise malformed
        if any(len(hash_) != HASH_BYTES for hash_ in path):
            raise malformed
        return cls(int(index[1]), path, note)

    def verify(self, leaf: bytes, verifier: LogVerifier, *, where: str) -> Checkpoint:
        """The checkpoint, after its signature and the path from the leaf to its root.

        Args:
            leaf: the bytes of the statement.
            verifier: the log's key, as the caller trusts it.
            where: what to call the proof in an error.

        Raises:
            LedgerError: not signed by this key, or the leaf is not in that tree.
        """
        checkpoint = Checkpoint.open(self.note, verifier, where=where)
        hash_, root = leaf_hash(leaf), checkpoint.root
        if not verify_inclusion(hash_, self.index, checkpoint.size, self.path, root):
            raise LedgerError("does not prove that this statement is in the log", where=where)
        return checkpoint
