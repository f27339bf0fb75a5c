"""Keccak-f[1600] (FIPS 202 §3.3) on 25 words."""

from __future__ import annotations

import numpy as np

from zk_proofs.kernels.compiling import kernel
from zk_proofs.kernels.points import Array
from zk_proofs.sponge import ROTATIONS, ROUND_CONSTANTS

_CONSTANTS = np.array(ROUND_CONSTANTS, np.uint64)
_ROTATIONS = np.array(ROTATIONS, np.uint64)


@kernel
def _rotated(value: np.uint64, by: np.uint64) -> np.uint64:
    return (value << by) | (value >> ((np.uint64(64) - by) & np.uint64(63)))


@kernel
def permute(state: Array) -> None:
    """Apply the permutation in place."""
    moved, parity = np.empty(25, np.uint64), np.empty(5, np.uint64)
    for constant in _CONSTANTS:
        for x in range(5):
            parity[x] = state[x] ^ state[x + 5] ^ state[x + 10] ^ state[x + 15] ^ state[x + 20]
        for x in range(5):
            mixed = parity[(x + 4) % 5] ^ _rotated(parity[(x + 1) % 5], np.uint64(1))
            for y in range(0, 25, 5):
                state[y + x] ^= mixed
        for x in range(5):
            for y in range(5):
                to = y + 5 * ((2 * x + 3 * y) % 5)
                moved[to] = _rotated(state[x + 5 * y], _ROTATIONS[x + 5 * y])
        for y in range(0, 25, 5):
            for x in range(5):
                state[y + x] = moved[y + x] ^ (~moved[y + (x + 1) % 5] & moved[y + (x + 2) % 5])
        state[0] ^= constant
