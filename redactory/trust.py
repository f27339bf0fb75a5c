"""Which logs a user trusts, and the newest checkpoint seen of each (design page 20).

A log's public key never comes from the dataset's folder: it is pinned here, one file a log,
when the user's own keyring makes the log or the user says ``--trust-new-log``. Each look at
a log must extend the one before; an older or different history is a rollback or a fork.
"""

from __future__ import annotations

import json
import os
import secrets
import zipfile
from dataclasses import dataclass
from pathlib import Path

from audit_ledger import (
    Checkpoint,
    CosignatureVerifier,
    Log,
    LogVerdict,
    LogVerifier,
    verify_log,
)
from audit_ledger.archive import ArchivedLog
from audit_ledger.merkle import verify_consistency
from audit_ledger.place import Place, is_database, store_at
from redactory.canonical import canonical_json, sha256_hex
from redactory.durable import LocalFolder
from redactory.errors import InputError, KeyringError, LedgerError
from redactory.evidence import Evidence


@dataclass(frozen=True)
class Pin:
    """A trusted log: its verifier key line and the newest checkpoint note seen."""

    vkey: str
    checkpoint: str


class TrustStore:
    """Pins below ``REDACTORY_HOME/trust``."""

    def __init__(self, folder: Path) -> None:
        self._folder = LocalFolder(folder)

    def pin(self, origin: str) -> Pin | None:
        """What is pinned for the log of this name.

        Raises:
            KeyringError: the pin cannot be read.
        """
        name = self._name(origin)
        if not self._folder.exists(name):
            return None
        try:
            stored = json.loads(self._folder.read(name))
            return Pin(vkey=stored["vkey"], checkpoint=stored["checkpoint"])
        except (OSError, ValueError, KeyError, TypeError):
            raise KeyringError(
                "the pinned log key cannot be read",
                where=self._folder.path(name),
                hint="restore it from a backup, or remove it and use --trust-new-log",
            ) from None

    def remember(self, origin: str, pin: Pin) -> None:
        """Pin a log, or move its pin to a newer checkpoint."""
        facts = {"origin": origin, "vkey": pin.vkey, "checkpoint": pin.checkpoint}
        try:
            self._folder.replace(self._name(origin), canonical_json(facts))
        except OSError as error:
            raise InputError(
                f"cannot remember the log's checkpoint: {error.strerror}", where=self._folder.url
            ) from None

    def _name(self, origin: str) -> str:
        return f"{sha256_hex(origin.encode())[:32]}.json"


@dataclass(frozen=True)
class CheckedLog:
    """A log after verification; use its contents only if ``verdict.ok``."""

    folder: Place
    log: Log | None
    verdict: LogVerdict
    trusted: bool

    def has_grown(self, *, own: int = 0) -> bool:
        """Whether others recorded statements since the verification, beside ``own`` ones."""
        return self.log is not None and self.log.checkpoint.size > self.verdict.size + own

    def evidence(self) -> Evidence:
        """The log's statements.

        Raises:
            LedgerError: the log did not verify.
        """
        if self.log is None or not self.verdict.ok:
            raise LedgerError(first_problem(self.verdict), where="ledger")
        return Evidence.gather(self.log.entries())


@dataclass(frozen=True)
class Expectations:
    """What a user brings along to judge a log by, beside what they trusted before.

    Attributes:
        log_key: a verifier key; it wins over the pin.
        pinned: a checkpoint note that they kept.
        witnesses: keys of witnesses that must have signed the newest checkpoint.
        quorum: how many of them; by default all.
    """

    log_key: LogVerifier | None = None
    pinned: bytes | None = None
    witnesses: tuple[CosignatureVerifier, ...] = ()
    quorum: int | None = None


def check_log(
    folder: Place,
    store: TrustStore,
    *,
    log_key: LogVerifier | None = None,
    trust_new: bool = False,
    expected: Expectations | None = None,
) -> CheckedLog:
    """Verify a log from end to end against what this user trusts.

    Args:
        folder: the ledger's folder, or its database's URL.
        store: the user's pins.
        log_key: a verifier key given by the user; it wins over the pin.
        trust_new: pin a log that is seen for the first time.
        expected: what else the user brings along.

    Raises:
        LedgerError: there is no log here.
    """
    expected = expected or Expectations(log_key=log_key)
    origin = claimed_origin(folder)
    if not origin and not has_log(folder):
        where = "database" if is_database(folder) else str(folder)
        raise LedgerError("there is no ledger here", where=where)
    pin = store.pin(origin) if origin else None
    known = LogVerifier.from_vkey(pin.vkey, where="trust store") if pin else None
    verifier = expected.log_key or known
    pins = [pin.checkpoint.encode()] if pin and known == verifier else []
    verdict = verify_log(
        folder,
        verifier=verifier,
        pinned=[*pins, *([expected.pinned] if expected.pinned is not None else [])],
        witnesses=expected.witnesses,
        quorum=expected.quorum,
    )
    accepted = verifier is not None or (trust_new and verdict.ok)
    log = Log.open(folder) if verdict.ok else None
    if log is not None and accepted:
        remember(store, log)
    return CheckedLog(folder, log, verdict, accepted or expected.pinned is not None)


def has_log(folder: Place) -> bool:
    """Whether a log lies here, or what is left of one."""
    return has_checkpoint(folder) or bool(_stored(folder, "log.vkey"))


def has_checkpoint(folder: Place) -> bool:
    """Whether a log was made here to the end."""
    return bool(_stored(folder, "checkpoint"))


def _stored(folder: Place, name: str) -> bytes:
    try:
        return store_at(folder).read(name)
    except (OSError, LedgerError):
        return b""


def refuse_rollback(store: TrustStore, log: Log) -> None:
    """Make sure that a log still extends the newest checkpoint seen of it.

    Opening for writing removes what lies beyond the newest checkpoint. If somebody put an
    older one back, that would destroy evidence, so this comes first.

    Raises:
        LedgerError: rolled back, or forked.
    """
    pin = store.pin(log.origin)
    if pin is None:
        return
    seen = Checkpoint.open(pin.checkpoint.encode(), log.verifier, where="trust store")
    now = log.checkpoint
    if now.size < seen.size:
        raise LedgerError(
            f"the log was rolled back: {seen.size} statements were seen, {now.size} are there",
            where="ledger/checkpoint",
            hint="restore the ledger from a backup",
        )
    proof = log.consistency(seen.size, at=now)
    if not verify_consistency(seen.size, now.size, proof, seen.root, now.root):
        raise LedgerError(
            f"the log was forked: its first {seen.size} statements are others now",
            where="ledger/checkpoint",
        )


def remember(store: TrustStore, log: Log) -> None:
    """Pin ``log`` at its newest checkpoint."""
    pin = Pin(vkey=log.verifier.vkey(), checkpoint=log.checkpoint.note.decode())
    store.remember(log.origin, pin)


def new_origin() -> str:
    """A name for a new log that no other log has."""
    return f"redactory.log/{secrets.token_hex(16)}"


def first_problem(verdict: LogVerdict) -> str:
    """The first broken thing, in one sentence."""
    problem = verdict.problems[0]
    return f"{problem.file} {problem.what}"


def load_log_key(value: str | os.PathLike[str]) -> LogVerifier:
    """A verifier key from a file that holds one vkey line.

    Raises:
        KeyringError: unreadable or malformed.
    """
    path = Path(value)
    try:
        line = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise KeyringError("the log key cannot be read", where=str(path)) from None
    try:
        return LogVerifier.from_vkey(line, where=str(path))
    except LedgerError as error:
        raise KeyringError(error.what, where=str(path)) from None


def load_pinned(path: Path) -> bytes:
    """A checkpoint note that the user kept, from a file of its own or an evidence bundle.

    Raises:
        InputError: unreadable, or a zip without a checkpoint.
    """
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                return ArchivedLog(archive, "ledger/").read("checkpoint")
        return path.read_bytes()
    except (OSError, zipfile.BadZipFile):
        raise InputError("the pinned checkpoint cannot be read", where=str(path)) from None


def load_witness(value: str) -> CosignatureVerifier:
    """A witness's verifier key: the line itself, or a file that holds it.

    Raises:
        KeyringError: unreadable or malformed.
    """
    path = Path(value)
    try:
        line = path.read_text(encoding="ascii").strip() if path.is_file() else value
        return CosignatureVerifier.from_vkey(line, where="witness")
    except (OSError, UnicodeDecodeError):
        raise KeyringError("the witness's key cannot be read", where=str(path)) from None
    except LedgerError as error:
        raise KeyringError(error.what, where="witness") from None


def claimed_origin(folder: Place) -> str:
    """The log's name as its folder tells it: only picks the pin, proves nothing."""
    return _stored(folder, "log.vkey").decode("ascii", errors="replace").partition("+")[0]
