"""One connection to a peer, driven without blocking: send a frame, receive a frame.

A party talks to all peers at once from a single thread (an SSL object must not be used by two).
A transfer is advanced whenever the socket allows; a slow peer therefore never stops another.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl

from mpc_jobs.faults import LostPeerError
from mpc_jobs.frames import HEADER, Expected, Kind, abort_error, check_header

_KEEPALIVE_IDLE, _KEEPALIVE_EVERY, _KEEPALIVE_COUNT = 5, 5, 3
_DEAD_AFTER_MS = 20_000


class Link:
    """A handshaken connection to the party ``number``.

    Attributes:
        number: the peer.
        sent: bytes handed to TLS so far, headers included.
        received: bytes taken from TLS so far.
    """

    def __init__(self, number: int, connection: ssl.SSLSocket) -> None:
        self.number = number
        self.sent = self.received = 0
        self._socket = connection
        self._socket.setblocking(False)  # noqa: FBT003 - the socket module's own form
        _notice_dead_hosts(connection)
        self._out = memoryview(b"")
        self._in = bytearray()
        self._have = 0
        self._header: tuple[Kind, int] | None = None
        self._expected: Expected | None = None
        self._waits_for = 0

    @property
    def descriptor(self) -> int:
        """For polling."""
        return self._socket.fileno()

    @property
    def waits_for(self) -> int:
        """Poll mask: what would let this link go on."""
        return self._waits_for

    def begin(self, frame: bytes | None, expected: Expected | None) -> None:
        """Start one exchange: a frame to send, a frame to get, or both."""
        self._out = memoryview(frame or b"")
        self._expected = expected
        self._in = bytearray(HEADER.size)
        self._have = 0
        self._header = None

    def advance(self) -> bytearray | None:
        """Send and receive what is possible now; the payload when both are done.

        Raises:
            LostPeerError: the connection ended.
            PartyError: the peer sent what is not due, or says that it stops.
        """
        self._waits_for = 0
        try:
            self._send()
            done = self._receive()
        except (OSError, ssl.SSLError):
            raise LostPeerError("is gone", where=f"party {self.number}") from None
        return self._in if done and not self._out else None

    def _send(self) -> None:
        while self._out:
            try:
                count = self._socket.send(self._out)
            except ssl.SSLWantWriteError:
                self._waits_for |= select.POLLOUT
                return
            except ssl.SSLWantReadError:
                self._waits_for |= select.POLLIN
                return
            self.sent += count
            self._out = self._out[count:]

    def _receive(self) -> bool:
        if self._expected is None:
            return True
        while True:
            if self._have == len(self._in):
                if self._header is not None:
                    if self._header[0] == Kind.ABORT:
                        raise abort_error(self.number, self._in)
                    return True
                self._header = check_header(self._in, self._expected)
                self._in, self._have = bytearray(self._header[1]), 0
                continue
            try:
                count = self._socket.recv_into(memoryview(self._in)[self._have :])
            except ssl.SSLWantReadError:
                self._waits_for |= select.POLLIN
                return False
            except ssl.SSLWantWriteError:
                self._waits_for |= select.POLLOUT
                return False
            if count == 0:
                raise LostPeerError("is gone", where=f"party {self.number}")
            self.received += count
            self._have += count

    def say_last(self, frame: bytes) -> None:
        """Try to send one small frame, whatever state the link is in."""
        with contextlib.suppress(OSError, ssl.SSLError):
            self._socket.send(frame)

    def close(self) -> None:
        """End the connection."""
        with contextlib.suppress(OSError, ssl.SSLError):
            self._socket.close()


def _notice_dead_hosts(connection: socket.socket) -> None:
    """A host that went away without a word is noticed by the kernel, however slow its peer."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", _KEEPALIVE_IDLE),
        ("TCP_KEEPINTVL", _KEEPALIVE_EVERY),
        ("TCP_KEEPCNT", _KEEPALIVE_COUNT),
        ("TCP_USER_TIMEOUT", _DEAD_AFTER_MS),
    ):
        option = getattr(socket, name, None)
        if option is not None:
            connection.setsockopt(socket.IPPROTO_TCP, option, value)
