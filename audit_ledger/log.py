"""The log in a local folder: append, look up, iterate, prove.

Append is all or nothing. Under the lock it writes the new entry bundles, then the hash
tiles, then the signed checkpoint, each durable before the next; the files that the new
checkpoint supersedes go last. A crash before the checkpoint leaves files that no
checkpoint covers, and opening the log for writing removes exactly those.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

from audit_ledger.batch import Batch, Entry
from audit_ledger.checkpoint import Checkpoint
from audit_ledger.draft import Draft, Provenance, checked_body, production_id
from audit_ledger.edge import Edge
from audit_ledger.environment import Environment
from audit_ledger.folder import CHECKPOINT, VERIFIER_KEY, LedgerFolder
from audit_ledger.index import IdIndex
from audit_ledger.merkle import EMPTY_ROOT, consistency_proof, inclusion_proof, leaf_hash
from audit_ledger.note import LogSigner, LogVerifier
from audit_ledger.reader import LogReader, read_verifier
from audit_ledger.statement import parse_statement
from redactory.errors import InputError, LedgerError

_DEFAULT = Environment()


class Log:
    """One log. Use :meth:`create` or :meth:`open`.

    Args:
        folder: where it lies.
        signer: the log's key; without it the log can only be read.
        environment: clock, randomness and patience.

    Attributes:
        verifier: the public half of the log's key, as the folder names it.
        repaired: files beyond the newest checkpoint that opening for writing removed.
    """

    def __init__(
        self, folder: LedgerFolder, signer: LogSigner | None, environment: Environment = _DEFAULT
    ) -> None:
        self.verifier: LogVerifier = read_verifier(folder)
        if signer is not None and signer.verifier != self.verifier:
            raise LedgerError(
                "the log belongs to another key",
                where=VERIFIER_KEY,
                hint="use the log key that made this dataset",
            )
        self.repaired: list[str] = []
        self._folder = folder
        self._signer = signer
        self._environment = environment
        self._reader = LogReader(folder, self.verifier)
        self._index = IdIndex(self._reader)
        self._edge: Edge | None = None
        self._reader.checkpoint()
        if signer is not None:
            with folder.locked(timeout=environment.lock_timeout):
                self._catch_up()

    @classmethod
    def create(
        cls,
        folder: Path | LedgerFolder,
        signer: LogSigner,
        *,
        origin: str,
        environment: Environment = _DEFAULT,
    ) -> Log:
        """Make an empty log, or open the one that is already there, for writing.

        Args:
            folder: a local path; made if absent.
            signer: the log's key; its name must be ``origin``.
            origin: the log's unique name, such as ``redactory.log/<32 hex>``.
            environment: clock, randomness and patience.

        Raises:
            LedgerError: a log of another key or origin is there, or a damaged one.
            InputError: the folder cannot be written.
        """
        if signer.name != origin:
            raise LedgerError("the log key's name is not the log's origin", where=VERIFIER_KEY)
        place = _ledger_folder(folder)
        try:
            place.root.mkdir(parents=True, exist_ok=True)
            with place.locked(timeout=environment.lock_timeout):
                if not any(place.exists(name) for name in (VERIFIER_KEY, CHECKPOINT, "tile")):
                    place.create(VERIFIER_KEY, f"{signer.verifier.vkey()}\n".encode())
                # A log whose checkpoint was lost must never become an empty log.
                if not place.exists(CHECKPOINT) and not place.exists("tile"):
                    place.create(CHECKPOINT, Checkpoint.signed(origin, 0, EMPTY_ROOT, signer).note)
        except OSError as error:
            raise _unwritable(error) from None
        return cls(place, signer, environment)

    @classmethod
    def open(
        cls,
        folder: Path | LedgerFolder,
        signer: LogSigner | None = None,
        *,
        environment: Environment = _DEFAULT,
    ) -> Log:
        """Open an existing log; with ``signer`` for writing, which repairs it first.

        Raises:
            LedgerError: there is no log, it belongs to another key, its checkpoint does
                not verify, or another writer holds it.
            InputError: opened for writing, and the folder cannot be written.
        """
        try:
            return cls(_ledger_folder(folder), signer, environment)
        except OSError as error:
            raise _unwritable(error) from None

    @property
    def checkpoint(self) -> Checkpoint:
        """The newest checkpoint (read now, signature checked)."""
        return self._reader.checkpoint()

    @property
    def origin(self) -> str:
        """The log's unique name."""
        return self.verifier.name

    def append(self, drafts: Sequence[Draft], provenance: Provenance) -> list[Entry]:
        """Append a batch: all of it durably, under one new checkpoint, or none of it.

        A production statement that is already there, with the same subject digests, is
        returned as it stands and not appended again.

        Args:
            drafts: what to state.
            provenance: who states it.

        Returns:
            One entry a draft, in order.

        Raises:
            LedgerError: a draft is not well-formed, contradicts a statement that is
                already there, or another writer holds the log.
            InputError: the folder cannot be written.
        """
        if self._signer is None:
            raise LedgerError("was opened for reading only", where=CHECKPOINT)
        checked = [(draft, checked_body(draft)) for draft in drafts]
        try:
            with self._folder.locked(timeout=self._environment.lock_timeout):
                edge = self._catch_up()
                batch = self._batch(edge, provenance)
                entries = [batch.add(draft, body) for draft, body in checked]
                if batch.leaves:
                    self._edge = None  # until the batch is durable, what is on disk is unknown
                    self._write(edge, batch.leaves, self._signer)
                    self._edge = edge
                return entries
        except OSError as error:
            raise _unwritable(error) from None

    def entry(self, index: int) -> Entry:
        """The leaf at ``index``.

        Raises:
            LedgerError: there is no such leaf.
        """
        found = next(self.entries(index), None) if index >= 0 else None
        if found is None:
            raise LedgerError("there is no such leaf", where=str(index))
        return found

    def entries(self, start: int = 0, kind: str | None = None) -> Iterator[Entry]:
        """The leaves from ``start`` up to the checkpoint of now, in order.

        Args:
            start: first index.
            kind: only statements of this kind.
        """
        mark = f'"urn:redactory:statement:{kind}:v1"'.encode() if kind else b""
        for index, raw in self._reader.entries(start, self.checkpoint.size):
            if mark in raw:
                entry = Entry(index, parse_statement(raw, where=f"leaf {index}"), leaf_hash(raw))
                if kind in (None, entry.statement.kind):
                    yield entry

    def find(self, kind: str, dataset: str, key: str, version: int) -> Entry | None:
        """The production statement ``kind`` on version ``version`` of shard or run ``key``."""
        return self.find_id(production_id(kind, dataset, key, version))

    def find_id(self, statement_id: str) -> Entry | None:
        """The statement with this id (hex)."""
        return self._find(statement_id, self.checkpoint.size)

    def inclusion(self, index: int, at: Checkpoint | None = None) -> list[bytes]:
        """Inclusion proof of a leaf (RFC 9162) in the tree of ``at``, by default the newest.

        Raises:
            LedgerError: the tree has no such leaf.
        """
        size = (at or self.checkpoint).size
        if not 0 <= index < size:
            raise LedgerError("there is no such leaf", where=str(index))
        return inclusion_proof(self._reader.nodes(size), index, size)

    def consistency(self, old_size: int, at: Checkpoint | None = None) -> list[bytes]:
        """Proof (RFC 9162) that the tree of ``at`` extends that of ``old_size`` leaves.

        Raises:
            LedgerError: the tree is smaller than that.
        """
        size = (at or self.checkpoint).size
        if not 0 <= old_size <= size:
            raise LedgerError("the log is shorter than that", where=CHECKPOINT)
        return consistency_proof(self._reader.nodes(size), old_size, size)

    def _find(self, statement_id: str, size: int) -> Entry | None:
        index = self._index.find(statement_id, size)
        return None if index is None else self.entry(index)

    def _catch_up(self) -> Edge:
        """The edge at the newest checkpoint; what an interrupted append left goes. Locked."""
        checkpoint = self._reader.checkpoint()
        if self._edge is None:
            for name in self._folder.unfinished(checkpoint.size):
                self._folder.discard(name)
                self.repaired.append(name)
        if self._edge is None or self._edge.size != checkpoint.size:
            self._edge = self._reader.edge(checkpoint)
        return self._edge

    def _batch(self, edge: Edge, provenance: Provenance) -> Batch:
        newest = self.entry(edge.size - 1).statement.time if edge.size else ""
        return Batch(
            size=edge.size,
            newest=newest,
            find=partial(self._find, size=edge.size),
            provenance=provenance,
            environment=self._environment,
        )

    def _write(self, edge: Edge, leaves: Sequence[bytes], signer: LogSigner) -> None:
        before = {tile for tile, _ in edge.partials()}
        files = dict(edge.extend(leaves)) | dict(edge.partials())
        # Sorted, bundles come before tiles and tiles before those above them.
        for tile in sorted(files.keys() - before):
            self._folder.replace(tile.path, files[tile])
        checkpoint = Checkpoint.signed(self.origin, edge.size, edge.root(), signer)
        self._folder.replace(CHECKPOINT, checkpoint.note)
        for tile in before - files.keys():
            self._folder.discard(tile.path)


def _ledger_folder(folder: Path | LedgerFolder) -> LedgerFolder:
    return folder if isinstance(folder, LedgerFolder) else LedgerFolder(folder)


def _unwritable(error: OSError) -> InputError:
    return InputError(f"the ledger cannot be written ({error.strerror})", where="ledger")
