"""A log, wherever it lies: append, look up, iterate, prove.

Append is all or nothing, and returns when a signed checkpoint that covers the new leaves is
durable. A crash before that leaves at most files that no checkpoint covers; the next writer
removes exactly those and says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from audit_ledger.batch import Entry, Fresh, make_batch, rfc3339
from audit_ledger.checkpoint import Checkpoint
from audit_ledger.draft import Draft, LeafWriter, Provenance, prepare, production_id
from audit_ledger.edge import Edge
from audit_ledger.environment import Environment
from audit_ledger.index import Index
from audit_ledger.leaf import id_of, time_of
from audit_ledger.merkle import EMPTY_ROOT, consistency_proof, inclusion_proof
from audit_ledger.note import LogSigner, LogVerifier, Note
from audit_ledger.place import Place, store_at
from audit_ledger.reader import LogReader, read_verifier
from audit_ledger.store import CHECKPOINT, VERIFIER_KEY, Addition, Store
from redactory.errors import LedgerError

_DEFAULT = Environment()


class Log:
    """One log. Use :meth:`create` or :meth:`open`.

    Args:
        store: where it lies.
        signer: the log's key; without it the log can only be read.
        environment: clock, randomness and patience.

    Attributes:
        verifier: the public half of the log's key, as the store names it.
        repaired: names of what lay beyond the newest checkpoint and was removed.
    """

    def __init__(
        self, store: Store, signer: LogSigner | None, environment: Environment = _DEFAULT
    ) -> None:
        self.verifier: LogVerifier = read_verifier(store)
        if signer is not None and signer.verifier != self.verifier:
            raise LedgerError(
                "the log belongs to another key",
                where=VERIFIER_KEY,
                hint="use the log key that made this dataset",
            )
        self.repaired: list[str] = []
        self._store = store
        self._signer = signer
        self._environment = environment
        self._reader = LogReader(store, self.verifier)
        self._index: Index = store.index(self._reader)
        self._edge: Edge | None = None
        self._newest = (0, "")  # size, and time of the statement before
        self._reader.checkpoint()
        if signer is not None:
            with store.exclusive(timeout=environment.lock_timeout):
                self._catch_up()

    @classmethod
    def create(
        cls,
        place: Place,
        signer: LogSigner,
        *,
        origin: str,
        environment: Environment = _DEFAULT,
    ) -> Log:
        """Make an empty log, or open the one that is already there, for writing.

        Args:
            place: a local path (made if absent), a database URL, or a store.
            signer: the log's key; its name must be ``origin``.
            origin: the log's unique name, such as ``redactory.log/<32 hex>``.
            environment: clock, randomness and patience.

        Raises:
            LedgerError: a log of another key or origin is there, or a damaged one.
            InputError: the place cannot be written.
        """
        if signer.name != origin:
            raise LedgerError("the log key's name is not the log's origin", where=VERIFIER_KEY)
        store = store_at(place)
        empty = Checkpoint.signed(origin, 0, EMPTY_ROOT, signer)
        store.found(f"{signer.verifier.vkey()}\n".encode(), empty.note)
        return cls(store, signer, environment)

    @classmethod
    def open(
        cls,
        place: Place,
        signer: LogSigner | None = None,
        *,
        environment: Environment = _DEFAULT,
    ) -> Log:
        """Open an existing log; with ``signer`` for writing, which repairs it first.

        Raises:
            LedgerError: there is no log, it belongs to another key, its checkpoint does
                not verify, or another writer holds it.
            InputError: opened for writing, and the place cannot be written.
        """
        return cls(store_at(place), signer, environment)

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
            InputError: the log cannot be written.
        """
        if self._signer is None:
            raise LedgerError("was opened for reading only", where=CHECKPOINT)
        prepared = [prepare(draft) for draft in drafts]
        if not prepared:
            return []
        with self._store.exclusive(timeout=self._environment.lock_timeout):
            edge = self._catch_up()
            # Sequencer's time: it never goes backwards, whatever the clock does.
            time = max(rfc3339(self._environment.clock()), self._time_of_newest(edge.size))
            entries, fresh = make_batch(
                prepared,
                size=edge.size,
                writer=LeafWriter(provenance, time),
                find_all=lambda ids: self._find(ids, edge.size),
                randomness=self._environment.randomness,
            )
            if fresh:
                self._edge = None  # until the batch is durable, what is stored is unknown
                self._extend(edge, fresh, self._signer)
                self._edge = edge
                self._newest = (edge.size, time)
        if fresh:
            self._index.added(edge.size - len(fresh), fresh)
        return entries

    def attach(self, note: bytes) -> Checkpoint:
        """Take further signatures (witnesses, co-signers) into the newest checkpoint.

        Raises:
            LedgerError: the note is of another state of the log than the newest.
        """
        with self._store.exclusive(timeout=self._environment.lock_timeout):
            newest = self._reader.checkpoint()
            given = Note.decode(note, where="note")
            own = Note.decode(newest.note, where=CHECKPOINT)
            if given.text != own.text:
                raise LedgerError(
                    "the log went on since this was signed",
                    where=CHECKPOINT,
                    hint="have the newest checkpoint signed",
                )
            merged = own.with_signatures(given.signatures).encode()
            Checkpoint.open(merged, self.verifier, where="note")
            self._store.attach(merged)
        return self._reader.checkpoint()

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
        for index, raw in self._reader.entries(start, self.checkpoint.size):
            entry = Entry(index, raw)
            if kind in (None, entry.kind):
                yield entry

    def find(self, kind: str, dataset: str, key: str, version: int) -> Entry | None:
        """The production statement ``kind`` on version ``version`` of shard or run ``key``."""
        return self.find_id(production_id(kind, dataset, key, version))

    def find_id(self, statement_id: str) -> Entry | None:
        """The statement with this id (hex)."""
        return self._find([statement_id], self.checkpoint.size).get(statement_id)

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

    def _find(self, ids: Collection[str], size: int) -> dict[str | None, Entry]:
        found: dict[str | None, Entry] = {}
        for wanted, index in self._index.find(ids, size).items():
            entry = self.entry(index)
            if id_of(entry.raw) != wanted:
                raise LedgerError("does not have the id it is filed under", where=f"leaf {index}")
            found[wanted] = entry
        return found

    def _time_of_newest(self, size: int) -> str:
        if self._newest[0] != size:
            self._newest = (size, time_of(self.entry(size - 1).raw))
        return self._newest[1]

    def _catch_up(self) -> Edge:
        """The edge at the newest checkpoint; what an interrupted append left goes. Locked."""
        checkpoint = self._reader.checkpoint()
        thoroughly = self._edge is None
        self.repaired += self._store.repair(checkpoint.size, thoroughly=thoroughly)
        if self._edge is None or self._edge.size != checkpoint.size:
            self._edge = self._reader.edge(checkpoint)
        return self._edge

    def _extend(self, edge: Edge, fresh: Sequence[Fresh], signer: LogSigner) -> None:
        first = edge.size
        before = {tile for tile, _ in edge.partials()}
        files = dict(edge.extend([leaf.raw for leaf in fresh])) | dict(edge.partials())
        checkpoint = Checkpoint.signed(self.origin, edge.size, edge.root(), signer)
        self._store.store(
            Addition(
                first=first,
                leaves=fresh,
                # Sorted, bundles come before tiles and tiles before those above them.
                files=[(tile, files[tile]) for tile in sorted(files.keys() - before)],
                superseded=before - files.keys(),
                size=edge.size,
                root=checkpoint.root,
                note=checkpoint.note,
            )
        )
        self._reader.wrote(checkpoint)
