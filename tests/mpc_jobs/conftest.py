"""Parties for tests: threads that exchange through memory, and processes over TLS."""

from __future__ import annotations

import json
import os
import secrets
import signal
import tempfile
import threading
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mpc_jobs import field
from mpc_jobs.dealing import OwnedRows, deal
from mpc_jobs.identity import PartyFolder
from mpc_jobs.job import JOB_FILE, Job, OwnerEntry, RecipientEntry
from mpc_jobs.local import create_local_parties
from mpc_jobs.party import run_job
from mpc_jobs.prss import CommonRandomness
from mpc_jobs.shared import SharedArithmetic
from mpc_jobs.sharing import Scheme
from mpc_jobs.training_spec import Features, Labels
from mpc_jobs.warm_up import warm_up
from redactory.durable import open_folder
from redactory.errors import RedactoryError
from sealed_shards import RsaIdentity

SCHEMES = [(3, 1), (4, 1), (5, 2), (7, 3)]


class Board:
    """What the parties have written up, round by round."""

    def __init__(self, numbers: Sequence[int]) -> None:
        self.numbers = list(numbers)
        self.slots: dict[int, Any] = {}
        self.barrier = threading.Barrier(len(self.numbers))
        self.transcript: list[dict[int, bytes]] = []


class BoardMesh:
    """The interface of a Mesh over a Board."""

    def __init__(self, board: Board, me: int, tamper: Callable[[bytes], bytes] = bytes) -> None:
        self.board, self.me, self.tamper = board, me, tamper
        self.rounds = self.sent = 0

    @property
    def present(self) -> list[int]:
        return self.board.numbers

    def enter(self, session: bytes) -> None:
        pass

    def broadcast(self, payload: bytes, *, length: int | None = None) -> dict[int, bytes]:
        peers = {n: self.tamper(payload) for n in self.present if n != self.me}
        return self.exchange(peers, own=payload, length=length)

    def exchange(self, payloads, *, own, length=None):
        self.board.slots[self.me] = payloads
        self.board.barrier.wait(30)
        received = {n: s[self.me] for n, s in self.board.slots.items() if n != self.me}
        received[self.me] = own
        self.board.barrier.wait(30)
        self.rounds += 1
        return received


def run_parties(
    scheme: Scheme,
    work: Callable[[SharedArithmetic], Any],
    *,
    width: int = 60,
    present: Sequence[int] | None = None,
    liar: int | None = None,
) -> dict[int, Any]:
    """What ``work`` returns at every party, by number."""
    numbers = list(present or scheme.parties)
    board = Board(numbers)
    keys = {a: os.urandom(32) for a in scheme.key_sets}
    session = os.urandom(32)

    def lie(payload: bytes) -> bytes:
        return bytes([payload[0] ^ 1]) + payload[1:]

    def party(me: int) -> Any:
        mine = {a: key for a, key in keys.items() if me in a}
        mesh = BoardMesh(board, me, lie if me == liar else bytes)
        randomness = CommonRandomness(scheme, me, mine, session)
        try:
            return work(SharedArithmetic(mesh, randomness, width=width))  # type: ignore[arg-type]
        except BaseException:
            board.barrier.abort()
            raise

    with ThreadPoolExecutor(len(numbers)) as pool:
        futures = {n: pool.submit(party, n) for n in numbers}
        errors = [e for e in (f.exception() for f in futures.values()) if e is not None]
        for error in errors:
            if not isinstance(error, threading.BrokenBarrierError):
                raise error
        return {n: future.result() for n, future in futures.items()}


@pytest.fixture(params=SCHEMES, ids=lambda s: f"{s[0]},{s[1]}")
def scheme(request: pytest.FixtureRequest) -> Scheme:
    """Every supported number of parties and threshold."""
    return Scheme(*request.param)


@pytest.fixture
def parties() -> Callable[..., dict[int, Any]]:
    """Runs a function at every party."""
    return run_parties


@pytest.fixture(autouse=True)
def _seeded() -> None:
    np.random.seed(0)  # noqa: NPY002 - libraries that draw without a generator


@pytest.fixture
def rebuilt() -> Callable[[Scheme, dict[int, Any]], Any]:
    """Signed integers out of every party's shares, which must be of degree t."""

    def rebuild(scheme: Scheme, shares: dict[int, Any]) -> Any:
        return field.to_signed(scheme.reconstruct(shares, degree=scheme.t))

    return rebuild


@dataclass
class Ended:
    """How a party's process ended: its exit status, its receipt's metrics, or its error."""

    status: int
    receipt: dict[str, Any] | None
    error: str


@dataclass
class Jobs:
    """Jobs for real parties: processes over TLS, forked so that nothing is compiled twice."""

    members: list[PartyFolder]
    reader: RsaIdentity
    owners: dict[str, Ed25519PrivateKey]
    folder: Path

    def make(self, rows, *, parties=3, threshold=1, validation=0, ports=None, dealt=True, **fields):
        """A dealt and signed job, and its folder."""
        some = next(iter(rows.values()))
        fields = {
            "features": Features(columns=some.x.shape[1], fraction_bits=12, largest=4096, norm=4.0),
            "labels": Labels(outputs=some.y.shape[1]),
            "connect_seconds": 20.0,
            "step_seconds": 20.0,
            **fields,
        }
        job = Job(
            job_id=secrets.token_hex(16),
            threshold=threshold,
            parties=tuple(
                m.card.model_copy(update={"port": ports[n] if ports else m.card.port})
                for n, m in enumerate(self.members[:parties], start=1)
            ),
            owners=tuple(
                OwnerEntry(
                    name=name,
                    signing_key=self.owners[name].public_key().public_bytes_raw().hex(),
                    train_rows=len(r.x) - validation,
                    validation_rows=validation,
                )
                for name, r in rows.items()
            ),
            recipient=RecipientEntry(
                name="reader", sealing_key=self.reader.recipient.to_pem().decode()
            ),
            **fields,
        )
        target = open_folder(self.folder / job.job_id)
        target.create(JOB_FILE, job.encode())
        for name, r in rows.items() if dealt else ():
            deal(job, target, name, r, signing_key=self.owners[name])
        return job, target

    def run(self, job, target, *, prepare=None, only=None, seconds=120, binds=None, **options):
        """Run every party (or ``only`` some); ``prepare(number)`` runs in its process first.

        ``target`` is the job's folder, or one for each party by number.
        """
        results = Path(tempfile.mkdtemp(dir=self.folder))
        numbers = only or range(1, len(job.parties) + 1)
        children = {}
        for number in numbers:
            pid = os.fork()
            if pid == 0:
                mine = target[number] if isinstance(target, dict) else target
                bind = binds[number] if binds else None
                self._be(number, mine, results / str(number), prepare, bind=bind, **options)
            children[number] = pid
        return {n: _ended(pid, results / str(n), seconds) for n, pid in children.items()}

    def _be(self, number, target, result, prepare, **options):
        status = 99
        try:
            if prepare is not None:
                prepare(number)
            receipt = run_job(self.members[number - 1], target, **options)
            result.write_text(json.dumps({"receipt": receipt.model_dump(mode="json")}))
            status = 0
        except RedactoryError as error:
            result.write_text(json.dumps({"error": str(error)}))
            status = error.exit_code
        except BaseException:  # noqa: BLE001 - the exit status tells
            result.write_text(json.dumps({"error": traceback.format_exc()}))
        finally:
            os._exit(status)


def _ended(pid: int, result: Path, seconds: float) -> Ended:
    deadline = time.monotonic() + seconds
    while True:
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            break
        if time.monotonic() > deadline:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            return Ended(-1, None, "did not end")
        time.sleep(0.02)
    said = json.loads(result.read_text()) if result.exists() else {}
    code = os.waitstatus_to_exitcode(status)
    return Ended(code, said.get("receipt"), said.get("error", ""))


@pytest.fixture(scope="session")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> Jobs:
    """Four parties, two owners and a reader."""
    folder = tmp_path_factory.mktemp("parties")
    warm_up(lambda _: None)
    members = create_local_parties(folder / "parties", 4)
    for member in members:  # unlocked once, here, and not in every process
        assert member.sealing_identity
        assert member.signing_key
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    owners = {name: Ed25519PrivateKey.generate() for name in ("north", "south")}
    return Jobs(members, RsaIdentity(key), owners, folder)


@pytest.fixture(scope="session")
def labelled() -> Callable[..., OwnedRows]:
    """Rows of two or more classes that a linear model separates well."""

    def make(count: int, columns: int = 5, classes: int = 1, seed: int = 4) -> OwnedRows:
        generator = np.random.default_rng(seed)
        x = generator.standard_normal((count, columns)).clip(-2, 2)
        x /= np.maximum(1.0, np.linalg.norm(x, axis=1, keepdims=True) / 2)
        weights = np.random.default_rng(9).standard_normal((columns, classes))
        scores = x @ weights + 0.3 * generator.standard_normal((count, classes))
        y = scores > 0 if classes == 1 else np.eye(classes)[scores.argmax(axis=1)]
        return OwnedRows(np.rint(x * 2048).astype(np.int64), y.astype(np.int64))

    return make
