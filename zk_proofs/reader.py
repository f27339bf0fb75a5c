"""Proof bytes as a sequence of points and scalars, each checked as it is taken."""

from __future__ import annotations

from redactory.errors import ProofError
from zk_proofs.curve import POINT_BYTES, L

_IDENTITY = bytes(POINT_BYTES)


class ElementReader:
    """Takes 32-byte elements from the front of a proof.

    Args:
        raw: the proof.
        where: what it is, for errors.
    """

    def __init__(self, raw: bytes, *, where: str = "proof") -> None:
        if len(raw) % POINT_BYTES:
            raise ProofError("its length is not a multiple of 32 bytes", where=where)
        self._raw = raw
        self._at = 0
        self._where = where

    def _take(self) -> bytes:
        element = self._raw[self._at : self._at + POINT_BYTES]
        if len(element) < POINT_BYTES:
            raise ProofError("it is too short", where=self._where)
        self._at += POINT_BYTES
        return element

    def point(self) -> bytes:
        """An encoding that is not the identity; whether it is canonical shows in decoding."""
        element = self._take()
        if element == _IDENTITY:
            raise ProofError("a point is the identity", where=self._where)
        return element

    def points(self, count: int) -> list[bytes]:
        """Several points."""
        return [self.point() for _ in range(count)]

    def scalar(self) -> int:
        """A scalar below ℓ."""
        value = int.from_bytes(self._take(), "little")
        if value >= L:
            raise ProofError("a scalar is not canonical", where=self._where)
        return value

    def end(self) -> None:
        """Nothing may be left."""
        if self._at != len(self._raw):
            raise ProofError("it is too long", where=self._where)


def scalar_bytes(value: int) -> bytes:
    """The canonical 32 bytes of a scalar."""
    return (value % L).to_bytes(POINT_BYTES, "little")
