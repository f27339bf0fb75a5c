"""Merlin transcripts: every challenge depends on everything that was said before it.

STROBE-128 (Hamburg 2017, v1.0.2) reduced to the operations that Merlin uses (AD, meta-AD,
PRF), and Merlin v1.0 on top of it; byte-compatible with the Rust crate ``merlin`` 3.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from redactory.errors import ProofError
from zk_proofs.curve import L

_RATE: Final = 166
_STATE: Final = 200
_INBOUND, _APPLICATION, _CIPHER, _META = 1, 2, 4, 16
_CHALLENGE_BYTES: Final = 64


class _Strobe:
    def __init__(self, label: bytes, permute: Callable[[bytearray], None]) -> None:
        self._permute = permute
        self._state = bytearray(_STATE)
        self._state[:18] = bytes([1, _RATE + 2, 1, 0, 1, 96]) + b"STROBEv1.0.2"
        permute(self._state)
        self._position = self._begun = 0
        self.associated(label, meta=True)

    def associated(self, data: bytes, *, meta: bool = False) -> None:
        """Absorb data, in one piece with the two bytes that begin the operation."""
        self._absorb(self._beginning(_APPLICATION | (_META if meta else 0)) + data)

    def output(self, size: int) -> bytes:
        """Squeeze bytes."""
        self._absorb(self._beginning(_INBOUND | _APPLICATION | _CIPHER))
        if self._position:
            self._run()
        out = bytearray()
        while len(out) < size:
            end = min(_RATE, self._position + size - len(out))
            out += self._state[self._position : end]
            self._state[self._position : end] = bytes(end - self._position)
            self._position = end
            if end == _RATE:
                self._run()
        return bytes(out)

    def _beginning(self, flags: int) -> bytes:
        before, self._begun = self._begun, self._position + 1
        return bytes((before, flags))

    def _absorb(self, data: bytes) -> None:
        taken = 0
        while taken < len(data):
            start = self._position
            piece = data[taken : taken + _RATE - start]
            end = start + len(piece)
            mixed = int.from_bytes(self._state[start:end], "little")
            mixed ^= int.from_bytes(piece, "little")
            self._state[start:end] = mixed.to_bytes(len(piece), "little")
            taken, self._position = taken + len(piece), end
            if end == _RATE:
                self._run()

    def _run(self) -> None:
        self._state[self._position] ^= self._begun
        self._state[self._position + 1] ^= 0x04
        self._state[_RATE + 1] ^= 0x80
        self._permute(self._state)
        self._position = self._begun = 0


class Transcript:
    """A Merlin transcript.

    Args:
        label: the protocol's name.
        permute: Keccak-f[1600] on 200 bytes, in place.
    """

    def __init__(self, label: bytes, permute: Callable[[bytearray], None]) -> None:
        self._strobe = _Strobe(b"Merlin v1.0", permute)
        self.append(b"dom-sep", label)

    def append(self, label: bytes, message: bytes) -> None:
        """Bind a message."""
        self._strobe.associated(label + len(message).to_bytes(4, "little"), meta=True)
        self._strobe.associated(message)

    def append_number(self, label: bytes, value: int) -> None:
        """Bind a number below 2^64."""
        self.append(label, value.to_bytes(8, "little"))

    def challenge_bytes(self, label: bytes, size: int) -> bytes:
        """Bytes that depend on everything so far."""
        self._strobe.associated(label + size.to_bytes(4, "little"), meta=True)
        return self._strobe.output(size)

    def challenge(self, label: bytes) -> int:
        """A scalar that depends on everything so far; never zero.

        Raises:
            ProofError: it came out zero, which no honest transcript will ever see.
        """
        value = int.from_bytes(self.challenge_bytes(label, _CHALLENGE_BYTES), "little") % L
        if value == 0:
            raise ProofError("a challenge of the transcript is zero")
        return value
