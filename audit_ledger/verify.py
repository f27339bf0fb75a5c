"""Offline verification of a log: every byte is checked against the signed root.

Steps:

1. The key: ``log.vkey`` is well-formed and is the key the caller trusts, if one was given.
2. The checkpoint is signed by that key and names its log; the caller's witnesses signed it.
3. A snapshot while no writer is at work: the list of files, and the partial tiles.
4. Every bundle in order: canonical statements of known kinds, unique ids, times that
   never go backwards. The tree grows from them; every tile must equal what it gives.
5. The root equals the signed one, and the tree extends the caller's pinned checkpoint.
6. Nothing else lies there.

What the caller must still do: bring a key or a pinned checkpoint from elsewhere. Without
either, whoever wrote the log could have written all of it anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from os import PathLike

from audit_ledger.checkpoint import Checkpoint
from audit_ledger.cosignature import CosignatureVerifier
from audit_ledger.edge import Edge
from audit_ledger.folder import LOCK
from audit_ledger.merkle import EMPTY_ROOT, HASH_BYTES
from audit_ledger.note import LogVerifier, Note
from audit_ledger.place import Place, store_at
from audit_ledger.reader import read_file, read_verifier
from audit_ledger.statement import parse_statement
from audit_ledger.store import CHECKPOINT, VERIFIER_KEY, Source
from audit_ledger.tiles import (
    ENTRIES,
    TILE_WIDTH,
    TileId,
    belongs_to_log,
    decode_bundle,
    tile_at,
)
from audit_ledger.verdict import LogVerdict, Problem
from redactory.errors import LedgerError


def verify_log(
    place: Place | Source,
    *,
    verifier: LogVerifier | None = None,
    pinned: bytes | Sequence[bytes] | None = None,
    witnesses: Sequence[CosignatureVerifier] = (),
    quorum: int | None = None,
) -> LogVerdict:
    """Verify a log without any network and without changing anything.

    Args:
        place: the log's folder, database URL, or any other source.
        verifier: the key that the caller trusts; by default the log's own.
        pinned: checkpoint notes of this log that the caller kept from earlier.
        witnesses: keys of witnesses that should have signed the newest checkpoint.
        quorum: how many of them must have; by default all.

    Raises:
        LedgerError: a writer held the log for longer than a minute.
    """
    kept = [pinned] if isinstance(pinned, bytes) else list(pinned or ())
    check = _Check(store_at(place) if isinstance(place, str | PathLike) else place)
    try:
        key = check.key(verifier)
        checkpoint = check.checkpoint(key)
        check.cosignatures(checkpoint, witnesses, len(witnesses) if quorum is None else quorum)
        if check.entries(checkpoint, check.pins(kept, key)):
            check.root(checkpoint)
    except LedgerError as error:
        check.report(error.where, error.what)
    check.strays()
    return check.verdict(proven=verifier is not None or bool(kept))


@dataclass(slots=True)
class _Check:
    """One verification under way."""

    source: Source
    problems: dict[str, str] = field(default_factory=dict)
    signer: LogVerifier | None = None
    signed: Checkpoint | None = None
    witnessed: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    partials: dict[str, bytes] = field(default_factory=dict)
    edge: Edge = field(default_factory=Edge)
    ids: set[bytes] = field(default_factory=set)
    newest: str = ""
    # Tiles that differ from what the entries give, with the first place where they do. Who
    # is wrong shows only at the root.
    differing: list[tuple[TileId, int]] = field(default_factory=list)

    def report(self, file: str, what: str) -> None:
        """Note a problem; the first one of a file stays."""
        self.problems.setdefault(file, what)

    def key(self, trusted: LogVerifier | None) -> LogVerifier:
        """Step 1."""
        try:
            own = read_verifier(self.source)
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
        with self.source.snapshot():
            self.names = list(self.source.everything())
            signed = Checkpoint.open(read_file(self.source, CHECKPOINT), key, where=CHECKPOINT)
            for name in self.names:
                tile = TileId.parse(name)
                if tile and tile.width < TILE_WIDTH and belongs_to_log(name, signed.size):
                    self.partials[name] = read_file(self.source, name)
        self.signer, self.signed = key, signed
        return signed

    def cosignatures(
        self, signed: Checkpoint, witnesses: Sequence[CosignatureVerifier], quorum: int
    ) -> None:
        """Step 2, the witnesses."""
        note = Note.decode(signed.note, where=CHECKPOINT)
        for witness in witnesses:
            if witness.verify(signed, note, where=CHECKPOINT) is not None:
                self.witnessed.append(witness.name)
        if len(self.witnessed) < quorum:
            self.report(
                CHECKPOINT,
                f"only {len(self.witnessed)} of your witnesses signed the newest state of the "
                f"log, and you ask for {quorum}",
            )

    def pins(self, kept: Sequence[bytes], key: LogVerifier) -> list[Checkpoint]:
        """The caller's checkpoints, oldest first; each must be of this very log."""
        try:
            found = [Checkpoint.open(raw, key, where=CHECKPOINT) for raw in kept]
        except LedgerError:
            raise LedgerError(
                "the log is signed by another key than the checkpoint that you pinned, or is "
                "another log",
                where=CHECKPOINT,
            ) from None
        return sorted(found, key=lambda checkpoint: checkpoint.size)

    def entries(self, signed: Checkpoint, pins: Sequence[Checkpoint]) -> bool:
        """Step 4; whether every bundle could be read. Takes the pinned trees on its way."""
        if pins and pins[-1].size > signed.size:
            self.report(
                CHECKPOINT,
                f"the log was rolled back: you pinned it with {pins[-1].size} statements, now it "
                f"has {signed.size}",
            )
        for number in range(-(-signed.size // TILE_WIDTH)):
            bundle = tile_at(ENTRIES, number, signed.size)
            try:
                leaves = self._bundle(bundle)
            except LedgerError as error:
                self.report(bundle.path, error.what)
                return False
            self._statements(bundle, leaves)
            for pin in pins:
                cut = pin.size - self.edge.size
                if 0 < cut <= len(leaves):
                    self._grow(leaves[:cut])
                    leaves = leaves[cut:]
                if pin.size == self.edge.size:
                    self._pinned_root(pin)
            self._grow(leaves)
        for tile, data in self.edge.partials():
            self._compare(tile, data)
        return True

    def root(self, signed: Checkpoint) -> None:
        """Step 5: if the root is right, so are the entries, and a tile that differs is wrong."""
        if self.edge.root() == signed.root:
            for tile, _ in self.differing:
                self.report(tile.path, "does not hold the hashes of the entries")
            return
        lowest = [(tile, at) for tile, at in self.differing if tile.level == 0]
        for tile, at in lowest:
            bundle = TileId(ENTRIES, tile.number, tile.width)
            leaf = tile.number * TILE_WIDTH + at
            self.report(bundle.path, f"statement {leaf} is not the one that was recorded")
        for tile, _ in [] if lowest else self.differing:
            self.report(tile.path, "and the entries below it do not agree with the signed root")
        if not self.problems:
            self.report(CHECKPOINT, "signs another list of statements than the one that is here")

    def strays(self) -> None:
        """Step 6."""
        if self.signed is None:
            return
        known = {CHECKPOINT, VERIFIER_KEY, LOCK}
        for name in self.names:
            if name not in known and not belongs_to_log(name, self.signed.size):
                self.report(name, "is not part of the log; an interrupted append may have left it")
            elif odd := self.source.irregular(name):
                self.report(name, odd)

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
            witnessed=tuple(self.witnessed),
        )

    def _read(self, tile: TileId) -> bytes:
        kept = self.partials.get(tile.path)
        return read_file(self.source, tile.path) if kept is None else kept

    def _bundle(self, bundle: TileId) -> list[bytes]:
        try:
            leaves = decode_bundle(self._read(bundle))
        except ValueError as error:
            raise LedgerError(str(error), where=bundle.path) from None
        if len(leaves) != bundle.width:
            raise LedgerError("does not hold as many entries as were signed", where=bundle.path)
        return leaves

    def _statements(self, bundle: TileId, leaves: list[bytes]) -> None:
        for leaf, raw in enumerate(leaves, bundle.number * TILE_WIDTH):
            try:
                statement = parse_statement(raw, where=f"statement {leaf}")
            except LedgerError as error:
                self.report(bundle.path, f"{error.where} {error.what}")
                continue
            predicate = statement.predicate
            # Half of a SHA-256 is enough to tell ids apart, and halves the memory.
            short = bytes.fromhex(predicate.id[:32])
            if short in self.ids:
                self.report(bundle.path, f"statement {leaf} has the id of an earlier statement")
            if predicate.time < self.newest:
                self.report(bundle.path, f"statement {leaf} is older than the one before it")
            self.ids.add(short)
            self.newest = predicate.time

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
            pairs = zip(stored, data, strict=False)
            at = next((i for i, (a, b) in enumerate(pairs) if a != b), len(stored))
            self.differing.append((tile, at // HASH_BYTES))

    def _pinned_root(self, old: Checkpoint) -> None:
        if self.edge.root() != old.root:
            self.report(
                CHECKPOINT,
                f"the log was forked or its history rewritten: the first {old.size} statements are "
                "not those of the checkpoint that you pinned",
            )
