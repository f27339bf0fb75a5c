"""Who may join: strangers, doubles, and parties that say they are somebody else."""

import contextlib
import os
import socket
import ssl
import threading

import pytest

from mpc_jobs.connecting import Hello, Meeting
from mpc_jobs.frames import HEADER, NO_SESSION, Kind, pack
from mpc_jobs.local import free_ports
from mpc_jobs.tls import Endpoint, client_context
from redactory.errors import PartyError

DIGEST = bytes(32)


@pytest.fixture
def ends(jobs):
    ports = free_ports(3)
    return {
        n: Endpoint(n, m.card.name, "127.0.0.1", ports[n - 1], m.card.certificate)
        for n, m in enumerate(jobs.members[:3], start=1)
    }


@pytest.fixture
def waiting(jobs, ends):
    """Party 1, waiting for the others."""
    others = {n: e for n, e in ends.items() if n != 1}
    meeting = Meeting(ends[1], others, jobs.members[0].credentials, Hello(DIGEST, os.urandom(32)))
    result = {}

    def meet():
        try:
            result["links"], result["nonces"] = meeting.meet(quorum=3, seconds=15)
        except PartyError as error:
            result["error"] = error

    thread = threading.Thread(target=meet)
    thread.start()

    def ended():
        thread.join(25)
        return result

    yield ended
    thread.join(25)
    for link in result.get("links", {}).values():
        link.close()


def _call(jobs, ends, number, *, claims=None, digest=DIGEST):
    """A connection to party 1 with the certificate of party ``number``."""
    files = jobs.members[number - 1].credentials
    context = client_context(files.certificate, files.key, files.passphrase, ends[1])
    for _ in range(100):
        try:
            raw = socket.create_connection(("127.0.0.1", ends[1].port), timeout=5)
            break
        except ConnectionRefusedError:
            threading.Event().wait(0.05)
    connection = context.wrap_socket(raw, server_hostname=ends[1].name)
    hello = pack(Kind.HELLO, claims or number, NO_SESSION, 0, digest + os.urandom(32))
    with contextlib.suppress(OSError):  # of a stranger, who is dropped before
        connection.sendall(hello)
    return connection


def _is_closed(connection):
    try:
        while connection.recv(4096):
            pass
    except (OSError, ssl.SSLError):
        pass
    connection.close()
    return True


def test_strangers_and_doubles_cost_nothing(jobs, ends, waiting):
    with socket.socket() as knock:
        for _ in range(100):
            if knock.connect_ex(("127.0.0.1", ends[1].port)) == 0:
                break
            threading.Event().wait(0.05)
        knock.sendall(b"GET / HTTP/1.1\r\n\r\n")
    # Party 4 has a certificate, and is not of this job.
    assert _is_closed(_call(jobs, ends, 4))
    first = _call(jobs, ends, 2)
    assert len(first.recv(HEADER.size + 64)) > 0
    second = _call(jobs, ends, 2)
    assert _is_closed(second)
    impostor = _call(jobs, ends, 2, claims=3)
    assert _is_closed(impostor)
    third = _call(jobs, ends, 3)
    result = waiting()
    assert sorted(result["links"]) == [2, 3]
    assert sorted(result["nonces"]) == [1, 2, 3]
    first.close()
    third.close()


def test_another_digest_ends_the_meeting_at_once(jobs, ends, waiting):
    connection = _call(jobs, ends, 2, digest=b"\1" * 32)
    result = waiting()
    assert result["error"].what == "was given another job description"
    assert result["error"].where == "party 2"
    connection.close()


def test_a_port_that_is_taken(jobs, ends):
    with socket.create_server(("127.0.0.1", ends[1].port)):
        meeting = Meeting(
            ends[1], {2: ends[2]}, jobs.members[0].credentials, Hello(DIGEST, bytes(32))
        )
        with pytest.raises(PartyError, match="cannot listen"):
            meeting.meet(quorum=2, seconds=1)


def test_a_certificate_that_is_none(jobs):
    with pytest.raises(PartyError, match="no readable certificate"):
        Endpoint(1, "party-1", "127.0.0.1", 1, "nothing").der()
