"""Nonces of the prover, and the weights of the verifier.

Nonces are *hedged*: derived from fresh randomness together with the secrets and the
statement. If the source of randomness repeats itself, two different statements still never
share a nonce; if it is sound, two proofs of one statement share nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha512, shake_256
from typing import Final

from zk_proofs.curve import L

Random = Callable[[int], bytes]
_WIDE: Final = 64


class Nonces:
    """A stream of scalars for one proof.

    Args:
        randomness: ``size -> bytes``, in production :func:`os.urandom`.
        bound: everything secret and public that the proof is about.
    """

    def __init__(self, randomness: Random, *bound: bytes) -> None:
        seed = sha512(b"redactory/nonces/v1" + randomness(_WIDE))
        for part in bound:
            seed.update(len(part).to_bytes(8, "little") + part)
        self._seed = seed.digest()
        self._drawn = 0

    def scalar(self) -> int:
        """The next scalar, never zero."""
        while True:
            block = shake_256(self._seed + self._drawn.to_bytes(8, "little")).digest(_WIDE)
            self._drawn += 1
            value = int.from_bytes(block, "little") % L
            if value:
                return value

    def scalars(self, count: int) -> list[int]:
        """The next scalars."""
        return [self.scalar() for _ in range(count)]


def random_scalar(randomness: Random) -> int:
    """A scalar in [1, ℓ), uniform up to 2^−250."""
    while True:
        value = int.from_bytes(randomness(_WIDE), "little") % L
        if value:
            return value
