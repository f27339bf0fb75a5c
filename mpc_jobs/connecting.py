"""Meeting the other parties: who listens, who calls, and who is who.

Each party listens and calls those with lower numbers. A connection counts once its certificate
is that of a party of the job (:mod:`mpc_jobs.tls`) and its first frame claims that same party
and the same job digest. Strangers, and second connections in the name of a party that is here
already, are dropped; they cost the others nothing.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mpc_jobs.faults import MalformedError
from mpc_jobs.frames import HEADER, NO_SESSION, Expected, Kind, Reason, check_header, pack
from mpc_jobs.link import Link
from mpc_jobs.tls import Endpoint, client_context, peer_of, server_context
from redactory.errors import PartyError

DIGEST_BYTES = NONCE_BYTES = 32
_HELLO_BYTES = DIGEST_BYTES + NONCE_BYTES
_RETRY_SECONDS = 0.1
_HANDSHAKE_SECONDS = 3.0


@dataclass(frozen=True)
class Credentials:
    """A party's own TLS files.

    Attributes:
        certificate: path of the PEM certificate.
        key: path of the encrypted PEM key.
        passphrase: unlocks the key.
    """

    certificate: Path
    key: Path
    passphrase: bytes

    def __repr__(self) -> str:
        return f"Credentials({self.certificate})"


@dataclass(frozen=True)
class Hello:
    """What the parties tell each other first."""

    job_digest: bytes
    nonce: bytes


class Meeting:
    """Connects party ``me`` with all its peers.

    Args:
        me: this party.
        peers: the others, by number.
        credentials: this party's own certificate and key.
        hello: what this party says first.
        bind: the address to listen at; None: the host of ``me``.
    """

    def __init__(
        self,
        me: Endpoint,
        peers: Mapping[int, Endpoint],
        credentials: Credentials,
        hello: Hello,
        *,
        bind: tuple[str, int] | None = None,
    ) -> None:
        self._me, self._peers = me, dict(peers)
        self._hello = hello
        files = (credentials.certificate, credentials.key, credentials.passphrase)
        self._calling = {
            number: client_context(*files, peer)
            for number, peer in self._peers.items()
            if number < me.number
        }
        self._answering = server_context(
            *files, [peer for number, peer in self._peers.items() if number > me.number]
        )
        self._bind = bind or (me.host, me.port)
        self._links: dict[int, Link] = {}
        self._nonces: dict[int, bytes] = {me.number: hello.nonce}

    def meet(self, *, quorum: int, seconds: float) -> tuple[dict[int, Link], dict[int, bytes]]:
        """Links to the peers that are here, and everybody's nonces by number.

        Waits for all of them until the deadline; goes on with fewer if they are a quorum.

        Raises:
            PartyError: too few came, one was given another job, or the port is taken.
        """
        deadline = time.monotonic() + seconds
        server = self._listen()
        try:
            while len(self._links) < len(self._peers) and time.monotonic() < deadline:
                for number in self._calling:
                    if number not in self._links:
                        self._call(self._peers[number], deadline)
                self._answer(server, min(deadline, time.monotonic() + _RETRY_SECONDS))
        except PartyError:
            self._abort(Reason.JOB_DIFFERS)
            raise
        finally:
            server.close()
        if len(self._links) + 1 < quorum:
            missing = sorted(set(self._peers) - set(self._links))
            self._abort(Reason.PEER_LOST)
            raise PartyError(
                f"no connection within {seconds:.0f} seconds",
                where=", ".join(f"party {n}" for n in missing),
                hint="start every party, and look at their addresses and certificates",
            )
        return self._links, self._nonces

    def _listen(self) -> socket.socket:
        try:
            server = socket.create_server(self._bind, backlog=16)
        except OSError as error:
            raise PartyError(
                f"cannot listen: {error.strerror}", where=f"{self._bind[0]}:{self._bind[1]}"
            ) from None
        server.setblocking(False)  # noqa: FBT003 - the socket module's own form
        return server

    def _call(self, peer: Endpoint, deadline: float) -> None:
        left = max(0.1, min(_HANDSHAKE_SECONDS, deadline - time.monotonic()))
        with contextlib.suppress(OSError, ssl.SSLError):
            raw = socket.create_connection((peer.host, peer.port), timeout=left)
            try:
                context = self._calling[peer.number]
                self._greet(context.wrap_socket(raw, server_hostname=peer.name), [peer])
            except (OSError, ssl.SSLError):
                raw.close()
                raise

    def _answer(self, server: socket.socket, until: float) -> None:
        server.settimeout(max(0.01, until - time.monotonic()))
        with contextlib.suppress(OSError, ssl.SSLError):
            raw, _ = server.accept()
            raw.settimeout(_HANDSHAKE_SECONDS)
            try:
                connection = self._answering.wrap_socket(raw, server_side=True)
                self._greet(connection, list(self._peers.values()))
            except (OSError, ssl.SSLError):
                raw.close()
                raise

    def _greet(self, connection: ssl.SSLSocket, possible: list[Endpoint]) -> None:
        """Exchange hellos; keep the link if the peer is one that is not here yet."""
        try:
            number, nonce = self._hello_of(connection, possible)
        except (OSError, ssl.SSLError, MalformedError):
            connection.close()
            return
        except PartyError:
            connection.close()
            raise
        if number in self._links:
            connection.close()
            return
        self._links[number] = Link(number, connection)
        self._nonces[number] = nonce

    def _hello_of(self, connection: ssl.SSLSocket, possible: list[Endpoint]) -> tuple[int, bytes]:
        peer = peer_of(connection, possible)
        hello = self._hello.job_digest + self._hello.nonce
        connection.sendall(pack(Kind.HELLO, self._me.number, NO_SESSION, 0, hello))
        expected = Expected(Kind.HELLO, peer.number, NO_SESSION, 0, _HELLO_BYTES)
        kind, length = check_header(_exactly(connection, HEADER.size), expected)
        payload = _exactly(connection, length)
        digest, nonce = payload[:DIGEST_BYTES], payload[DIGEST_BYTES:]
        if kind == Kind.ABORT:
            raise MalformedError("stopped before it began", where=f"party {peer.number}")
        if digest != self._hello.job_digest:
            raise PartyError(
                "was given another job description",
                where=f"party {peer.number}",
                hint="compare the job's digest at every party",
            )
        return peer.number, nonce

    def _abort(self, reason: Reason) -> None:
        frame = pack(Kind.ABORT, self._me.number, NO_SESSION, 0, bytes([reason]))
        for link in self._links.values():
            link.say_last(frame)
            link.close()


def _exactly(connection: ssl.SSLSocket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        block = connection.recv(size - len(received))
        if not block:
            raise ConnectionResetError
        received += block
    return received
