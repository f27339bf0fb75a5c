"""Keccak-f[1600] (FIPS 202 §3.3) in plain integers, and its constants."""

from __future__ import annotations

from typing import Final

_MASK: Final = 2**64 - 1
ROTATIONS: Final = (
    *(0, 1, 62, 28, 27),
    *(36, 44, 6, 55, 20),
    *(3, 10, 43, 25, 39),
    *(41, 45, 15, 21, 8),
    *(18, 2, 61, 56, 14),
)


def _round_constants() -> tuple[int, ...]:
    """The 24 constants, from the shift register of FIPS 202 algorithm 5."""
    register, constants = 1, []
    for _ in range(24):
        constant = 0
        for j in range(7):
            if register & 1:
                constant |= 1 << (2**j - 1)
            register <<= 1
            if register & 0x100:
                register ^= 0x171
        constants.append(constant)
    return tuple(constants)


ROUND_CONSTANTS: Final = _round_constants()


def permute(state: bytearray) -> None:
    """Apply the permutation to 200 bytes in place."""
    a = [int.from_bytes(state[i : i + 8], "little") for i in range(0, 200, 8)]
    for constant in ROUND_CONSTANTS:
        c = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        d = [c[x - 1] ^ (c[(x + 1) % 5] << 1 & _MASK | c[(x + 1) % 5] >> 63) for x in range(5)]
        b = [0] * 25
        for i in range(25):
            x, y = i % 5, i // 5
            value, by = a[i] ^ d[x], ROTATIONS[i]
            b[y + 5 * ((2 * x + 3 * y) % 5)] = (value << by | value >> (64 - by)) & _MASK
        a = [b[i] ^ (~b[i - i % 5 + (i + 1) % 5] & b[i - i % 5 + (i + 2) % 5]) for i in range(25)]
        a[0] ^= constant
    state[:] = b"".join((word & _MASK).to_bytes(8, "little") for word in a)
