"""Parties as threads that exchange through memory: for tests of the protocol without a network."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from mpc_jobs import field
from mpc_jobs.prss import CommonRandomness
from mpc_jobs.shared import SharedArithmetic
from mpc_jobs.sharing import Scheme

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
