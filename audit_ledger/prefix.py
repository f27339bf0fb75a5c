"""The verified beginning of a log, kept in memory, so that a second look verifies only the growth.

A long-running reader (a page, a monitor) would otherwise verify a whole log for each question.
What was verified once is carried along as the right edge of its tree. New entries extend that
edge, and the result must be the root that the newest checkpoint signs; so the new checkpoint is
proven to extend the old one (RFC 9162, section 2.1.4), leaf by leaf.

Stored tiles and stray files are not looked at: :func:`audit_ledger.verify.verify_log` does that,
and names what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from audit_ledger.batch import Entry
from audit_ledger.checkpoint import Checkpoint
from audit_ledger.edge import Edge
from audit_ledger.leaf import id_of, time_of
from audit_ledger.merkle import EMPTY_ROOT, HASH_BYTES, leaf_hash
from audit_ledger.note import LogVerifier
from audit_ledger.place import Place, store_at
from audit_ledger.reader import LogReader, read_verifier
from audit_ledger.tiles import TILE_WIDTH
from redactory.errors import LedgerError


class VerifiedPrefix:
    """The entries of a log up to the newest checkpoint that was verified.

    Args:
        place: the log's folder, database URL or store.
        verifier: the key that the caller trusts; by default the one that the log names.

    Attributes:
        verifier: the key that signed the checkpoints.
        size: entries verified so far.
        root: root over them, 32 bytes.

    Raises:
        LedgerError: there is no log, or it names another key than the trusted one.
    """

    def __init__(self, place: Place, verifier: LogVerifier | None = None) -> None:
        source = store_at(place)
        self.verifier = read_verifier(source)
        if verifier is not None and verifier != self.verifier:
            raise LedgerError("is not the key that was expected for this log", where="log.vkey")
        self.size = 0
        self.root = EMPTY_ROOT
        self._reader = LogReader(source, self.verifier)
        self._edge = Edge()
        self._ids: set[bytes] = set()
        self._newest = ""
        self._hashes = bytearray()

    def checkpoint(self) -> Checkpoint:
        """The newest checkpoint as it lies there; its signature is checked, its entries are not.

        Raises:
            LedgerError: not signed by the key, rolled back or forked since the last look.
        """
        return self._reader.checkpoint()

    def grow(
        self,
        take: Callable[[Entry], None],
        progress: Callable[[int, int], None] = lambda _done, _all: None,
    ) -> int:
        """Verify what was appended since the last call.

        Args:
            take: receives each new entry in order. What it gathers may be believed only when
                this returns: the root is compared at the end.
            progress: told how many entries of how many are read.

        Returns:
            How many entries were appended.

        Raises:
            LedgerError: an entry is not what was signed. This object is of no use any more.
        """
        signed = self._reader.checkpoint()
        before, size = self.size, signed.size
        for number in range(before // TILE_WIDTH, -(-size // TILE_WIDTH) if before < size else 0):
            first = max(before, number * TILE_WIDTH)
            leaves = self._reader.bundle(number, size)[first - number * TILE_WIDTH :]
            self._take(first, leaves, take)
            progress(first + len(leaves), size)
        if (self._edge.size, self._edge.root()) != (size, signed.root):
            raise LedgerError(
                "signs another list of statements than the one that is here", where="checkpoint"
            )
        self.size, self.root = size, signed.root
        return size - before

    def entries(self, indices: Sequence[int]) -> list[Entry]:
        """Verified entries, read again and compared with what was verified.

        Args:
            indices: below :attr:`size`; those that stand near each other are read together.

        Raises:
            LedgerError: an entry was changed since.
        """
        found, bundles = [], dict[int, list[bytes]]()
        for index in indices:
            number, at = divmod(index, TILE_WIDTH)
            if number not in bundles:
                bundles[number] = self._reader.bundle(number, self.size)
            raw = bundles[number][at]
            if leaf_hash(raw) != self._hashes[index * HASH_BYTES : (index + 1) * HASH_BYTES]:
                raise LedgerError("was changed since it was verified", where=f"statement {index}")
            found.append(Entry(index, raw))
        return found

    def _take(self, first: int, leaves: list[bytes], take: Callable[[Entry], None]) -> None:
        for index, raw in enumerate(leaves, first):
            entry = Entry(index, raw)
            take(entry)
            entry.statement  # noqa: B018 - whatever ``take`` looked at, it must be a statement
            short, time = bytes.fromhex(id_of(raw)[:32]), time_of(raw)
            if short in self._ids:
                raise LedgerError("has the id of an earlier one", where=f"statement {index}")
            if time < self._newest:
                raise LedgerError("is older than the one before it", where=f"statement {index}")
            self._ids.add(short)
            self._newest = time
            self._hashes += leaf_hash(raw)
        self._edge.extend(leaves)
