"""Malformed, misplaced and replayed frames, and what a link makes of them."""

import os
import random
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpc_jobs.faults import MalformedError
from mpc_jobs.frames import HEADER, Expected, Kind, Reason, check_header, pack
from mpc_jobs.link import Link
from mpc_jobs.mesh import Mesh
from mpc_jobs.tls import Endpoint, client_context, server_context
from redactory.errors import PartyError

SESSION = bytes(range(12))
DUE = Expected(Kind.DATA, 2, SESSION, 7, 64)
COUNT = 100_000 if os.environ.get("REDACTORY_FULL") else 2_000


def test_the_frame_that_is_due():
    raw = pack(Kind.DATA, 2, SESSION, 7, bytes(64))
    assert check_header(raw[: HEADER.size], DUE) == (Kind.DATA, 64)


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        (pack(Kind.DATA, 3, SESSION, 7, bytes(64)), "another party's name"),
        (pack(Kind.DATA, 2, bytes(12), 7, bytes(64)), "another step or session"),
        (pack(Kind.DATA, 2, SESSION, 6, bytes(64)), "another step or session"),
        (pack(Kind.DATA, 2, SESSION, 8, bytes(64)), "another step or session"),
        (pack(Kind.HELLO, 2, SESSION, 7, bytes(64)), "another step or session"),
        (pack(Kind.DATA, 2, SESSION, 7, bytes(63)), "wrong length"),
        (pack(Kind.DATA, 2, SESSION, 7, bytes(65)), "wrong length"),
        (b"HTTP" + bytes(28), "does not speak"),
        (pack(Kind.ABORT, 2, SESSION, 7, bytes(1000)), "oversized"),
    ],
)
def test_frames_that_are_not_due(frame, said):
    with pytest.raises(PartyError, match=said):
        check_header(frame[: HEADER.size], DUE)


@given(st.binary(min_size=HEADER.size, max_size=HEADER.size))
def test_noise_is_refused(raw):
    with pytest.raises(PartyError):
        check_header(raw, DUE)


@pytest.fixture(scope="module")
def contexts(jobs):
    """TLS contexts of parties 1 (server) and 2 (client)."""
    one, two = jobs.members[:2]
    ends = [
        Endpoint(n, m.card.name, m.card.host, m.card.port, m.card.certificate)
        for n, m in enumerate((one, two), start=1)
    ]
    files = [(m.credentials.certificate, m.credentials.key, m.passphrase) for m in (one, two)]
    return server_context(*files[0], [ends[1]]), client_context(*files[1], ends[0]), one.card.name


@pytest.fixture
def pair(contexts):
    """Two ends of a connection between parties 1 and 2."""
    server, client, name = contexts
    made = {}
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(
            target=lambda: made.update(
                ours=server.wrap_socket(listening.accept()[0], server_side=True)
            )
        )
        thread.start()
        raw = socket.create_connection(listening.getsockname())
        theirs = client.wrap_socket(raw, server_hostname=name)
        thread.join()
    yield made["ours"], theirs
    made["ours"].close()
    theirs.close()


def _to_the_end(link):
    while link.advance() is None:
        pass


def _mesh(connection, seconds=5.0):
    mesh = Mesh(1, {2: Link(2, connection)}, quorum=2, step_seconds=seconds)
    mesh.enter(SESSION)
    return mesh


def test_mutated_headers_over_tls_never_pass(pair):
    """Every changed header ends in a PartyError, and nothing is read beyond it."""
    ours, theirs = pair
    generator = random.Random(3)
    link = Link(2, ours)
    good = pack(Kind.DATA, 2, SESSION, 7, bytes(64))[: HEADER.size]
    for _ in range(COUNT):
        raw = bytearray(good)
        while raw == good:
            for _ in range(generator.randint(1, 4)):
                raw[generator.randrange(len(raw))] = generator.randrange(256)
        if raw[5] == Kind.ABORT and raw[:5] == good[:5]:
            continue  # says that the peer stops, and may come at any time
        theirs.sendall(raw)
        link.begin(None, DUE)
        with pytest.raises(MalformedError):
            _to_the_end(link)


def test_a_replayed_frame_is_refused(pair):
    ours, theirs = pair
    mesh = _mesh(ours)
    frame = pack(Kind.DATA, 2, SESSION, 0, b"once")
    theirs.sendall(frame + frame)
    assert mesh.broadcast(b"mine")[2] == b"once"
    with pytest.raises(PartyError, match="another step"):
        mesh.broadcast(b"more")


def test_half_a_frame_and_then_nothing(pair):
    ours, theirs = pair
    theirs.sendall(pack(Kind.DATA, 2, SESSION, 0, b"four")[:-1])
    with pytest.raises(PartyError, match="did not answer within 0 seconds"):
        _mesh(ours, seconds=0.3).broadcast(b"mine")


def test_half_a_frame_and_then_gone(pair):
    ours, theirs = pair
    theirs.sendall(pack(Kind.DATA, 2, SESSION, 0, b"four")[:-1])
    theirs.close()
    with pytest.raises(PartyError, match="is gone"):
        _mesh(ours).broadcast(b"mine")


@pytest.mark.parametrize("reason", Reason)
def test_a_peer_that_says_why_it_stops(pair, reason):
    ours, theirs = pair
    theirs.sendall(pack(Kind.ABORT, 2, SESSION, 0, bytes([reason])))
    with pytest.raises(PartyError, match="party 2"):
        _mesh(ours).broadcast(b"mine")


def test_large_frames_both_ways_at_once(pair):
    ours, theirs = pair
    payload = os.urandom(1 << 22)
    results = {}

    def peer():
        mesh = Mesh(2, {1: Link(1, theirs)}, quorum=2, step_seconds=20)
        mesh.enter(SESSION)
        results[2] = mesh.broadcast(payload[::-1])

    thread = threading.Thread(target=peer)
    thread.start()
    results[1] = _mesh(ours, seconds=20).broadcast(payload)
    thread.join()
    assert results[1][2] == payload[::-1]
    assert results[2][1] == payload


def test_nothing_is_unpickled_or_evaluated(repository):
    forbidden = ("import pickle", "import marshal", "allow_pickle", "np.load(", "eval(", "exec(")
    for file in (repository / "mpc_jobs").glob("*.py"):
        text = file.read_text(encoding="utf-8")
        assert not [word for word in forbidden if word in text], file.name
