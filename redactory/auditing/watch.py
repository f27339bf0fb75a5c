"""One watched dataset: its log is verified as it grows, its files again and again.

1. A look verifies what the log gained since the last one (:mod:`audit_ledger.prefix`).
2. In the background the whole is verified: every byte of the log against the user's trust
   (:mod:`redactory.trust`), then the digest of every file (:mod:`redactory.verification`). Only
   this makes a verdict; how old it may become depends on what it costs.

A page waits for both, but not for long: then it says that the check is under way.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from audit_ledger import Entry, LogVerifier
from audit_ledger.place import is_database
from audit_ledger.prefix import VerifiedPrefix
from redactory.auditing.background import Background, Progress
from redactory.auditing.facts import LogFacts
from redactory.auditing.settings import Watched
from redactory.bundle import write_bundle
from redactory.durable import open_folder
from redactory.errors import LedgerError, RedactoryError
from redactory.evidence_writing import gather_attachments
from redactory.keys import KeyStore
from redactory.reading import Trust
from redactory.trust import TrustStore, check_log, first_problem, has_log, load_log_key
from redactory.verdict import Verdict, as_sentence
from redactory.verification import locate_log, verify_dataset
from sealed_shards.dataset import published_manifests
from sealed_shards.layout import DATASET_FILE, LEDGER_FOLDER
from sealed_shards.manifest import DatasetInfo, Manifest

if TYPE_CHECKING:
    from redactory.proving_audit import ProofVerdict

State = Literal["intact", "unproven", "broken", "checking", "empty", "unreadable"]

Made = TypeVar("Made")

_QUICK = 0.3
_SHORTEST_PAUSE = 5.0
_SHARE_OF_TIME = 100
"""A check that takes a second is made again after a hundred at the earliest,"""
_SHARE_OF_GROWTH = 10
"""or after ten if the log has grown since."""


@dataclass(frozen=True)
class Look:
    """What is known of a dataset now.

    Attributes:
        watch: the dataset.
        state: ``intact``, ``unproven`` (nothing trusted vouches for the log), ``broken``,
            ``checking`` (no verdict yet), ``empty`` (nothing was recorded yet) or ``unreadable``
            (the place cannot be reached).
        sentence: what is wrong, first thing first; empty if nothing.
        problems: (file, what), at most one a file.
        facts: of the verified log; None unless it verified.
        verdict: of the newest check of everything.
        checked: ``time.time()`` of that check; 0 before the first.
        progress: (done, all) of what is under way.
        busy: whether a check is under way.
    """

    watch: Watch
    state: State
    sentence: str = ""
    problems: tuple[tuple[str, str], ...] = ()
    facts: LogFacts | None = None
    verdict: Verdict | None = None
    checked: float = 0.0
    progress: tuple[int, int] = (0, 0)
    busy: bool = False

    def entries(self, indices: Sequence[int]) -> list[Entry]:
        """Statements by index, compared with what was verified.

        Raises:
            LedgerError: one was changed since.
        """
        return self.watch.entries(indices)

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What ``make`` gives; made again only after something changed.

        Args:
            name: of what is made.
            make: from this look alone.
        """
        return self.watch.once(name, make)


@dataclass
class _Reading:
    """The log as far as it is verified; after a problem nothing of it is believed."""

    prefix: VerifiedPrefix | None = None
    facts: LogFacts = field(default_factory=LogFacts)
    problem: tuple[str, str] | None = None
    state: State = "empty"
    datasets: list[str] = field(default_factory=list)

    def fail(self, state: State, file: str, what: str) -> None:
        """Take note of a problem."""
        self.state, self.problem = state, (file, what)
        self.prefix, self.facts = None, LogFacts()


class Watch:
    """Looks after one dataset; safe to use from several threads.

    Args:
        watched: which one.
        home: ``REDACTORY_HOME``: its trust store says which logs are believed.
        recheck_seconds: how old the check of everything may become.
    """

    def __init__(self, watched: Watched, home: Path, *, recheck_seconds: float = 600.0) -> None:
        self.watched = watched
        self.proving = Background(self._prove)
        self._home = home
        self._recheck = recheck_seconds
        self._lock = threading.RLock()
        self._reading = _Reading()
        self._growth = Background(self._grow)
        self._check = Background(self._verify)
        self._checked_size = -1
        self._manifests: tuple[str, dict[str, Manifest]] = ("", {})
        self._made: tuple[tuple[int, float], dict[str, Any]] = ((-1, 0.0), {})

    @contextmanager
    def look(self, patience: float = 1.0) -> Iterator[Look]:
        """What is known; the facts stand still while the block runs.

        Args:
            patience: seconds to wait for checks; what is not done then is said to be under way.
        """
        until = time.monotonic() + patience
        if self._is_new():
            self._growth.start()
        if self._growth.wait(patience):
            if self._is_due():
                self._check.start()
            if self._check.result is None or self._check.seconds < _QUICK:
                self._check.wait(until - time.monotonic())
        if not self._lock.acquire(timeout=max(0.05, until - time.monotonic())):
            yield Look(self, "checking", progress=self._growth.progress, busy=True)
            return
        try:
            yield self._now()
        finally:
            self._lock.release()

    def verify(self, patience: float) -> bool:
        """Check everything again; whether that was done within ``patience`` seconds."""
        until = time.monotonic() + patience
        self._growth.start()
        self._growth.wait(patience)
        self._check.wait(until - time.monotonic())  # it may have passed the changed file already
        self._check.start()
        return self._check.wait(until - time.monotonic())

    def settle(self, seconds: float = 60.0) -> None:
        """Wait for what is under way."""
        for work in (self._growth, self._check, self.proving):
            work.wait(seconds)

    def entries(self, indices: Sequence[int]) -> list[Entry]:
        """Statements by index, compared with what was verified.

        Raises:
            LedgerError: one was changed since.
        """
        prefix = self._reading.prefix
        if prefix is None:
            raise LedgerError("the log did not verify", where="ledger")
        return prefix.entries(indices)

    @property
    def name(self) -> str:
        """What to call it where no dataset of it is meant."""
        return self.watched.name or ", ".join(one[:12] for one in self.datasets())

    @property
    def is_broken(self) -> bool:
        """Whether the newest check found something wrong."""
        verdict = self._check.result
        return verdict is not None and verdict.state == "broken"

    def datasets(self) -> list[str]:
        """Ids of the datasets that lie here; of a broken log only as the folder tells it."""
        return self._reading.datasets or self._claimed()

    def manifests(self, dataset: str) -> Mapping[str, Manifest]:
        """The published manifests by run, each as the log has its digest; empty if one is not.

        Args:
            dataset: its id.
        """
        head = self._reading.facts.evidence.head(dataset)
        newest = f"{dataset} {head.version}"
        if self._manifests[0] != newest:
            try:
                found = published_manifests(open_folder(self.watched.path), head)
            except (RedactoryError, OSError):
                return {}
            self._manifests = (newest, {manifest.run_id: manifest for manifest in found})
        return self._manifests[1]

    def once(self, name: str, make: Callable[[], Made]) -> Made:
        """What ``make`` gives, kept until the log grows or everything was checked again."""
        facts = (len(self._reading.facts.rows), self._check.ended)
        if self._made[0] != facts:
            self._made = (facts, {})
        kept = self._made[1]
        if name not in kept:
            kept[name] = make()
        made: Made = kept[name]
        return made

    def write_evidence(self, target: Path) -> None:
        """Verify the log from end to end, and write the evidence bundle of it.

        Raises:
            LedgerError: the log is broken, or a file is missing.
        """
        path = self.watched.path
        with self._trusting_home() as keys:
            checked = check_log(
                locate_log(path, self.watched.ledger),
                TrustStore(keys.folder / "trust"),
                log_key=self._named_key(),
            )
            if checked.log is None:
                raise LedgerError(f"the log is broken: {first_problem(checked.verdict)}")
            attachments = gather_attachments(path, checked, policies=self.watched.policies)
        write_bundle(target, checked.folder, checked.log, checked.verdict, attachments)

    def _now(self) -> Look:
        reading, check = self._reading, self._check
        verdict = check.result
        problems = tuple(verdict.problems) if verdict is not None else ()
        state: State = reading.state
        if state in ("empty", "unreadable"):
            verdict, problems = None, ()
        elif reading.problem is not None:
            state, problems = "broken", problems or (reading.problem,)
        elif verdict is not None:
            state = verdict.state
        first = problems[0] if problems else reading.problem
        return Look(
            self,
            state,
            sentence=as_sentence(*first) if first else "",
            problems=problems,
            facts=reading.facts if reading.prefix is not None else None,
            verdict=verdict,
            checked=check.ended if verdict is not None else 0.0,
            progress=check.progress,
            busy=check.running,
        )

    def _is_new(self) -> bool:
        """Whether the log may say something that was not read yet."""
        prefix = self._reading.prefix
        if prefix is None:
            return time.time() - self._growth.ended > self._pause(self._growth)
        try:
            return prefix.checkpoint().size != prefix.size
        except LedgerError:
            return True

    def _is_due(self) -> bool:
        """Whether everything should be checked again."""
        if self._reading.state in ("empty", "unreadable"):
            return False
        if self._check.result is None:
            return True
        size = self._reading.prefix.size if self._reading.prefix else 0
        age, pause = time.time() - self._check.ended, self._pause(self._check)
        return age > (pause / _SHARE_OF_GROWTH if size != self._checked_size else pause)

    def _pause(self, work: Background[Any]) -> float:
        return min(self._recheck, max(_SHORTEST_PAUSE, _SHARE_OF_TIME * work.seconds))

    def _grow(self, progress: Progress) -> None:
        with self._lock:
            known = self._reading.datasets
            if self._reading.prefix is None:
                self._reading = _Reading(datasets=known)
            reading = self._reading
            try:
                self._read(reading, progress)
            except LedgerError as error:
                where = f"{LEDGER_FOLDER}/{error.where}" if error.where else LEDGER_FOLDER
                reading.fail("broken", where, error.what)
            except Exception as error:  # noqa: BLE001 - whatever it is, nothing is verified
                reading.fail("unreadable", "", _reason(error))

    def _read(self, reading: _Reading, progress: Progress) -> None:
        folder = self.watched.path
        if reading.prefix is None:
            if not is_database(folder) and not self._is_there():
                if reading.datasets:
                    raise LedgerError("the dataset was here before, and is gone")
                reading.state = "empty"
                return
            place = locate_log(folder, self.watched.ledger)
            if not has_log(place):
                if reading.datasets or self._claimed():
                    raise LedgerError("there is a dataset here, and no log of it")
                reading.state = "empty"
                return
            reading.prefix = VerifiedPrefix(place)
        reading.prefix.grow(reading.facts.add, progress)
        reading.state = "checking"
        reading.datasets = sorted(reading.facts.datasets)

    def _is_there(self) -> bool:
        return any(open_folder(self.watched.path).names())

    def _claimed(self) -> list[str]:
        try:
            raw = open_folder(self.watched.path).read(DATASET_FILE)
            return [DatasetInfo.decode(raw, where=DATASET_FILE).id]
        except (RedactoryError, OSError):
            return []

    def _verify(self, progress: Progress) -> Verdict:
        size = self._reading.prefix.size if self._reading.prefix else 0
        try:
            with self._trusting_home() as keys:
                verdict = verify_dataset(
                    self.watched.path,
                    keys,
                    ledger=self.watched.ledger,
                    log_key=self._named_key(),
                    progress=progress,
                )
        except Exception as error:  # noqa: BLE001 - an old verdict must not outlive a failed check
            verdict = Verdict("broken", problems=[("", _reason(error))])
        self._checked_size = size
        return verdict

    def _prove(self, _: Progress) -> ProofVerdict | str:
        """The verdict on the proofs of a feature dataset, or why there is none."""
        from redactory.proving_audit import audit_dataset  # noqa: PLC0415 - an extra makes it fast

        trust = Trust(ledger=self.watched.ledger, log_key=self.watched.log_key)
        try:
            return audit_dataset(self.watched.path, trust)
        except Exception as error:  # noqa: BLE001 - an old verdict must not outlive a failed check
            return _reason(error)

    def _named_key(self) -> LogVerifier | None:
        return load_log_key(self.watched.log_key) if self.watched.log_key else None

    @contextmanager
    def _trusting_home(self) -> Iterator[KeyStore]:
        """The user's trust; a copy of it where the pins cannot be moved on."""
        trust = self._home / "trust"
        if not trust.exists() or os.access(trust, os.W_OK):
            yield KeyStore(self._home)
            return
        with tempfile.TemporaryDirectory(prefix="redactory-trust-") as folder:
            shutil.copytree(trust, Path(folder) / "trust")
            yield KeyStore(Path(folder))


def _reason(error: Exception) -> str:
    """Why something could not be verified, without a path or anybody else's words."""
    if isinstance(error, RedactoryError):
        return error.what
    if isinstance(error, OSError):
        return f"a file cannot be read ({error.strerror or 'input/output error'})"
    return f"the check failed ({type(error).__name__})"
