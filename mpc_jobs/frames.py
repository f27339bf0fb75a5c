"""Frames between parties: a fixed header of 32 bytes, then the payload.

::

    magic "RMPC" | version 1 | kind | sender | 0 | session (12 bytes) | step (8) | length (4)

Integers are big endian. A receiver knows the sender (from the certificate), the session, the
step and the greatest length that it may get, and refuses a header that differs before it reads
any of the payload. TLS keeps frames of one connection whole and in order; the session and the
step refuse what was recorded elsewhere and what a confused peer sends twice.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from mpc_jobs.faults import MalformedError
from redactory.errors import PartyError

HEADER = struct.Struct(">4sBBBB12sQI")
MAGIC = b"RMPC"
VERSION = 1
SESSION_BYTES = 12
NO_SESSION = bytes(SESSION_BYTES)
MOST_BYTES = 1 << 30


class Kind(IntEnum):
    """What a frame is for."""

    HELLO = 1
    DATA = 2
    ABORT = 3


@dataclass(frozen=True)
class Expected:
    """What a receiver accepts next.

    Attributes:
        kind: of the frame; an abort may come in its place at any time.
        sender: the party whose certificate the connection showed.
        session: first bytes of the session's name.
        step: how many exchanges came before.
        length: the payload's exact length, or with ``exact`` False its greatest.
    """

    kind: Kind
    sender: int
    session: bytes
    step: int
    length: int
    exact: bool = True


def pack(kind: Kind, sender: int, session: bytes, step: int, payload: bytes) -> bytes:
    """A whole frame."""
    return HEADER.pack(MAGIC, VERSION, kind, sender, 0, session, step, len(payload)) + payload


def check_header(raw: bytes | bytearray, expected: Expected) -> tuple[Kind, int]:
    """Kind and length of the payload that follows ``raw`` (32 bytes).

    Raises:
        MalformedError: not the frame that is due.
    """
    where = f"party {expected.sender}"
    magic, version, kind, sender, zero, session, step, length = HEADER.unpack(raw)
    if magic != MAGIC or version != VERSION or zero != 0:
        raise MalformedError("does not speak this protocol", where=where)
    if sender != expected.sender:
        raise MalformedError("sent a frame in another party's name", where=where)
    if kind == Kind.ABORT:
        if length > ABORT_BYTES:
            raise MalformedError("sent an oversized frame", where=where)
        return Kind.ABORT, length
    if kind != expected.kind or session != expected.session or step != expected.step:
        raise MalformedError(
            "sent a frame of another step or session",
            where=where,
            hint="start all parties again to resume from the last checkpoint",
        )
    if length > min(expected.length, MOST_BYTES) or (expected.exact and length != expected.length):
        raise MalformedError("sent a frame of the wrong length", where=where)
    return expected.kind, length


ABORT_BYTES = 1


class Reason(IntEnum):
    """Why a party stopped: a code, since a sentence could carry what must not leave."""

    FAILED = 1
    JOB_DIFFERS = 2
    DEAL_DIFFERS = 3
    INCONSISTENT = 4
    PEER_LOST = 5
    BAD_FRAME = 6


REASONS: dict[int, str] = {
    Reason.FAILED: "stopped because of an error of its own",
    Reason.JOB_DIFFERS: "was given another job description",
    Reason.DEAL_DIFFERS: "holds shares of another deal",
    Reason.INCONSISTENT: "found shares that do not fit together",
    Reason.PEER_LOST: "lost another party",
    Reason.BAD_FRAME: "received a malformed frame",
}


def abort_error(sender: int, payload: bytes | bytearray) -> PartyError:
    """The error to raise when a peer says that it stops."""
    reason = REASONS.get(payload[0] if payload else 0, REASONS[Reason.FAILED])
    return PartyError(reason, where=f"party {sender}", hint="see that party's own message")
