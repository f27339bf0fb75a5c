"""Merlin v1.0 on STROBE-128 v1.0.2 (format 3), and Keccak-f[1600] after FIPS 202."""

from .group import ORDER, require

RATE = 166
_MASK = 2**64 - 1


def _rotate(lane: int, by: int) -> int:
    by %= 64
    return (lane << by | lane >> (64 - by)) & _MASK


def _round_constants() -> list[int]:
    """FIPS 202, algorithms 5 and 6: bits of a linear feedback shift register."""
    register, constants = 1, []
    for _ in range(24):
        constant = 0
        for j in range(7):
            if register & 1:
                constant |= 1 << (2**j - 1)
            register = register << 1 ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return constants


_CONSTANTS = _round_constants()


def keccak_f(state: bytearray) -> None:
    """The permutation, in place on 200 bytes."""
    a = [int.from_bytes(state[8 * i : 8 * i + 8], "little") for i in range(25)]
    for constant in _CONSTANTS:
        c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        d = [c[x - 1] ^ _rotate(c[(x + 1) % 5], 1) for x in range(5)]
        a = [lane ^ d[i % 5] for i, lane in enumerate(a)]
        b = a.copy()
        x, y = 1, 0
        for t in range(24):
            lane = a[x + 5 * y]
            x, y = y, (2 * x + 3 * y) % 5
            b[x + 5 * y] = _rotate(lane, (t + 1) * (t + 2) // 2)
        for i in range(25):
            row = i - i % 5
            a[i] = b[i] ^ ~b[row + (i + 1) % 5] & _MASK & b[row + (i + 2) % 5]
        a[0] ^= constant
    state[:] = b"".join(lane.to_bytes(8, "little") for lane in a)


class Transcript:
    """A Merlin transcript with a label."""

    def __init__(self, label: str) -> None:
        head = bytes([1, RATE + 2, 1, 0, 1, 96]) + b"STROBEv1.0.2"
        self._state = bytearray(head.ljust(200, b"\0"))
        keccak_f(self._state)
        self._position = self._begin = 0
        self._operate(0x12, b"Merlin v1.0")
        self.append("dom-sep", label.encode())

    def append(self, label: str, message: bytes) -> None:
        """`append_message`."""
        self._operate(0x12, label.encode() + len(message).to_bytes(4, "little"))
        self._operate(0x02, message)

    def append_u64(self, label: str, value: int) -> None:
        """`append_u64`."""
        self.append(label, value.to_bytes(8, "little"))

    def challenge_bytes(self, label: str, length: int) -> bytes:
        """`challenge_bytes`."""
        self._operate(0x12, label.encode() + length.to_bytes(4, "little"))
        self._operate(0x07, b"")
        out = bytearray()
        for _ in range(length):
            out.append(self._state[self._position])
            self._state[self._position] = 0
            self._advance()
        return bytes(out)

    def challenge(self, label: str) -> int:
        """A scalar that is not 0."""
        value = int.from_bytes(self.challenge_bytes(label, 64), "little") % ORDER
        require(value, "a challenge is 0")
        return value

    def _operate(self, flags: int, data: bytes) -> None:
        """Begin an operation, which notes the start of the one before, and absorb its data."""
        before, self._begin = self._begin, self._position + 1
        self._absorb(bytes([before, flags]))
        if flags & 0x04 and self._position:
            self._permute()
        self._absorb(data)

    def _absorb(self, data: bytes) -> None:
        for byte in data:
            self._state[self._position] ^= byte
            self._advance()

    def _advance(self) -> None:
        self._position += 1
        if self._position == RATE:
            self._permute()

    def _permute(self) -> None:
        self._state[self._position] ^= self._begin
        self._state[self._position + 1] ^= 0x04
        self._state[RATE + 1] ^= 0x80
        keccak_f(self._state)
        self._position = self._begin = 0
