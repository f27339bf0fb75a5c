"""How the verification of a log came out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        file: name below the log's folder.
        what: one sentence, lower case, without a full stop.
    """

    file: str
    what: str


@dataclass(frozen=True, slots=True)
class LogVerdict:
    """The outcome of a verification.

    Attributes:
        ok: no problem was found; read ``origin_proven`` beside it.
        size: leaves that the checkpoint covers (0 if it is not valid).
        root: its root, 32 bytes.
        origin: the log's name, empty if unknown.
        fingerprint: SHA-256 (hex) of the raw public key that verified the checkpoint.
        origin_proven: a key or a pinned checkpoint of the caller's own vouches for the log;
            otherwise it is internally consistent at best.
        problems: what is wrong, at most one a file.
        witnessed: names of the caller's witnesses that signed the checkpoint.
    """

    ok: bool
    size: int
    root: bytes
    origin: str
    fingerprint: str
    origin_proven: bool
    problems: list[Problem]
    witnessed: tuple[str, ...] = ()
