"""Offline verification of a log folder: every byte is checked against the signed root.

Steps:

1. The key: ``log.vkey`` is well-formed and is the key the caller trusts, if one was given.
2. The checkpoint is signed by that key and names its log.
3. A snapshot under the shared lock: the list of files, and the partial tiles.
4. Every bundle in order: canonical statements of known kinds, unique ids, times that
   never go backwards. The tree grows from them; every tile must equal what it gives.
5. The root equals the signed one, and the tree extends the caller's pinned checkpoint.
6. Nothing else lies in the folder.

What the caller must still do: bring a key or a pinned checkpoint from elsewhere. Without
either, whoever wrote the folder could have written all of it anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from audit_ledger.checkpoint import Checkpoint
from audit_ledger.edge import Edge
from audit_ledger.folder import CHECKPOINT, LOCK, VERIFIER_KEY, LedgerFolder, belongs
from audit_ledger.merkle import EMPTY_ROOT
from audit_ledger.note import LogVerifier
from audit_ledger.reader import read_file, read_verifier
from audit_ledger.statement import parse_statement
from audit_ledger.tiles import ENTRIES, TILE_WIDTH, TileId, decode_bundle, tile_at
from redactory.errors import LedgerError


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        file: name below the log's folder.
        what: one sentence, lower case, without a full stop.
    """

    file: str
    what: str


@dataclass(frozen=True, slots=True)
class LogVerdict:
    """The outcome of a verification.

    Attributes:
        ok: no problem was found; read ``origin_proven`` beside it.
        size: leaves that the checkpoint covers (0 if it is not valid).
        root: its root, 32 bytes.
        origin: the log's name, empty if unknown.
        fingerprint: SHA-256 (hex) of the raw public key that verified the checkpoint.
        origin_proven: the key was the caller's own, not the one that lies in the folder;
            otherwise the log is internally consistent at best.
        problems: what is wrong, at most one a file.
    """

    ok: bool
    size: int
    root: bytes
    origin: str
    fingerprint: str
    origin_proven: bool
    problems: list[Problem]


def verify_log(
    folder: Path, *, verifier: LogVerifier | None = None, pinned: bytes | None = None
) -> LogVerdict:
    """Verify a log folder without any network and without changing anything.

    Args:
        folder: the log's folder.
        verifier: the key that the caller trusts; by default the folder's own.
        pinned: a checkpoint note of this log that the caller kept from earlier.

    Raises:
        LedgerError: a writer held the log for longer than a minute.
    """
    check = _Check(LedgerFolder(folder))
    try:
        key = check.key(verifier)
        checkpoint = check.checkpoint(key)
        old = _pinned(pinned, key)
        if check.entries(checkpoint, old):
            check.root(checkpoint)
    except LedgerError as error:
        check.report(error.where, error.what)
    check.strays()
    return check.verdict(proven=verifier is not None)


def _pinned(raw: bytes | None, key: LogVerifier) -> Checkpoint | None:
    try:
        return None if raw is None else Checkpoint.open(raw, key, where=CHECKPOINT)
    except LedgerError:
        raise LedgerError(
            "is not signed by the key that signed the pinned checkpoint", where=CHECKPOINT
        ) from None


@dataclass(slots=True)
class _Check:
    """One verification under way."""

    folder: LedgerFolder
    problems: dict[str, str] = field(default_factory=dict)
    signer: LogVerifier | None = None
    signed: Checkpoint | None = None
    names: list[str] = field(default_factory=list)
    partials: dict[str, bytes] = field(default_factory=dict)
    edge: Edge = field(default_factory=Edge)
    ids: set[bytes] = field(default_factory=set)
    newest: str = ""
    # Tiles that differ from what the entries give. Who is wrong shows only at the root.
    differing: list[TileId] = field(default_factory=list)

    def report(self, file: str, what: str) -> None:
        """Note a problem; the first one of a file stays."""
        self.problems.setdefault(file, what)

    def key(self, trusted: LogVerifier | None) -> LogVerifier:
        """Step 1."""
        try:
            own = read_verifier(self.folder)
        except LedgerError as error:
            if trusted is None:
                raise
            self.report(error.where, error.what)
            return trusted
        if trusted is not None and own != trusted:
            self.report(VERIFIER_KEY, "is not the key that was expected for this log")
        return trusted or own

    def checkpoint(self, key: LogVerifier) -> Checkpoint:
        """Steps 2 and 3."""
        with self.folder.locked(shared=True):
            self.names = list(self.folder.everything())
            signed = Checkpoint.open(read_file(self.folder, CHECKPOINT), key, where=CHECKPOINT)
            for name in self.names:
                tile = TileId.parse(name)
                if tile and tile.width < TILE_WIDTH and belongs(name, signed.size):
                    self.partials[name] = read_file(self.folder, name)
        self.signer, self.signed = key, signed
        return signed

    def entries(self, signed: Checkpoint, old: Checkpoint | None) -> bool:
        """Step 4; whether every bundle could be read. Takes the pinned tree on its way."""
        if old is not None and old.size > signed.size:
            self.report(
                CHECKPOINT,
                f"the log was rolled back from {old.size} leaves, as pinned, to {signed.size}",
            )
            old = None
        for number in range(-(-signed.size // TILE_WIDTH)):
            bundle = tile_at(ENTRIES, number, signed.size)
            try:
                leaves = self._bundle(bundle)
            except LedgerError as error:
                self.report(bundle.path, error.what)
                return False
            self._statements(bundle, leaves)
            cut = old.size - self.edge.size if old else 0
            if old is not None and 0 < cut <= len(leaves):
                self._grow(leaves[:cut])
                self._pinned_root(old)
                leaves = leaves[cut:]
            self._grow(leaves)
        for tile, data in self.edge.partials():
            self._compare(tile, data)
        return True

    def root(self, signed: Checkpoint) -> None:
        """Step 5: if the root is right, so are the entries, and a tile that differs is wrong."""
        if self.edge.root() == signed.root:
            for tile in self.differing:
                self.report(tile.path, "does not hold the hashes of the entries")
            return
        lowest = [tile for tile in self.differing if tile.level == 0]
        for tile in lowest:
            bundle = TileId(ENTRIES, tile.number, tile.width)
            self.report(bundle.path, "does not hold the entries that were signed")
        for tile in [] if lowest else self.differing:
            self.report(tile.path, "and the entries below it do not agree with the signed root")
        if not self.problems:
            self.report(CHECKPOINT, "signs another root than that of the entries")

    def strays(self) -> None:
        """Step 6."""
        if self.signed is None:
            return
        for name in self.names:
            path = self.folder.root / name
            if not belongs(name, self.signed.size):
                self.report(name, "is not part of the log; an interrupted append may have left it")
            elif path.is_symlink() or not path.is_file():
                self.report(name, "is not a plain file")
            elif name == LOCK and path.stat().st_size:
                self.report(name, "is not empty")

    def verdict(self, *, proven: bool) -> LogVerdict:
        """What was found."""
        signed = self.signed
        key_sound = not {CHECKPOINT, VERIFIER_KEY} & self.problems.keys()
        return LogVerdict(
            ok=not self.problems,
            size=signed.size if signed else 0,
            root=signed.root if signed else EMPTY_ROOT,
            origin=signed.origin if signed else "",
            fingerprint=self.signer.fingerprint if self.signer else "",
            origin_proven=proven and key_sound and signed is not None,
            problems=[Problem(file, what) for file, what in self.problems.items()],
        )

    def _read(self, tile: TileId) -> bytes:
        kept = self.partials.get(tile.path)
        return read_file(self.folder, tile.path) if kept is None else kept

    def _bundle(self, bundle: TileId) -> list[bytes]:
        try:
            leaves = decode_bundle(self._read(bundle))
        except ValueError as error:
            raise LedgerError(str(error), where=bundle.path) from None
        if len(leaves) != bundle.width:
            raise LedgerError("does not hold as many entries as were signed", where=bundle.path)
        return leaves

    def _statements(self, bundle: TileId, leaves: list[bytes]) -> None:
        for position, raw in enumerate(leaves):
            where = f"leaf {bundle.number * TILE_WIDTH + position}"
            try:
                statement = parse_statement(raw, where=where)
            except LedgerError as error:
                self.report(bundle.path, str(error))
                continue
            # Half of a SHA-256 is enough to tell ids apart, and halves the memory.
            short = bytes.fromhex(statement.id)[:16]
            if short in self.ids:
                self.report(bundle.path, f"{where}: has the id of an earlier statement")
            if statement.time < self.newest:
                self.report(bundle.path, f"{where}: is older than the statement before it")
            self.ids.add(short)
            self.newest = statement.time

    def _grow(self, leaves: list[bytes]) -> None:
        for tile, data in self.edge.extend(leaves):
            self._compare(tile, data)

    def _compare(self, tile: TileId, data: bytes) -> None:
        if tile.level == ENTRIES:
            return
        try:
            stored = self._read(tile)
        except LedgerError as error:
            self.report(tile.path, error.what)
            return
        if stored != data:
            self.differing.append(tile)

    def _pinned_root(self, old: Checkpoint) -> None:
        if self.edge.root() != old.root:
            self.report(CHECKPOINT, f"the log was forked: its first {old.size} leaves are others")
