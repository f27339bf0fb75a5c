"""The keyed function behind every surrogate (contracts, "Identity without shared state").

HMAC-SHA-256 as a pseudorandom function (Bellare 2006) over a domain and a value; its output,
stretched by a counter, is read as numbers. Who lacks the key can neither foretell nor test a
surrogate; who has it draws the same one in every process, run and file format.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from functools import lru_cache
from typing import Final, TypeVar

Item = TypeVar("Item")
_DRAW_BYTES: Final = 8  # a bias of below 2⁻⁴⁰ for every list here


class Draws:
    """A stream of numbers that key, domain and value decide.

    Args:
        key: 32 bytes.
        parts: domain and value; each is framed by its length.
    """

    def __init__(self, key: bytes, *parts: str) -> None:
        framed = (part.encode("utf-8", "surrogatepass") for part in parts)
        message = b"".join(len(part).to_bytes(4, "big") + part for part in framed)
        self._seed = hmac.digest(key, message, "sha256")
        self._block = 0
        self._left = b""

    def below(self, limit: int) -> int:
        """A number in ``range(limit)``; ``limit`` at most 2²⁴."""
        if len(self._left) < _DRAW_BYTES:
            self._left += hmac.digest(self._seed, self._block.to_bytes(4, "big"), "sha256")
            self._block += 1
        drawn, self._left = self._left[:_DRAW_BYTES], self._left[_DRAW_BYTES:]
        return int.from_bytes(drawn, "big") % limit

    def choice(self, items: Sequence[Item]) -> Item:
        """One of ``items``."""
        return items[self.below(len(items))]

    def digits(self, count: int) -> str:
        """``count`` decimal digits."""
        return "".join(str(self.below(10)) for _ in range(count))


@lru_cache(maxsize=256)
def permutation(key: bytes, domain: str, size: int) -> tuple[int, ...]:
    """A keyed permutation of ``range(size)`` in which nothing keeps its place, if it is above 1.

    Sattolo's shuffle (Information Processing Letters 22(6), 1986) with keyed draws: one cycle.
    """
    draws = Draws(key, "permutation", domain)
    order = list(range(size))
    for last in range(size - 1, 0, -1):
        other = draws.below(last)
        order[last], order[other] = order[other], order[last]
    return tuple(order)


def permuted(key: bytes, domain: str, items: Sequence[Item], place: int) -> Item:
    """What the keyed permutation of ``items`` puts in the place of ``items[place]``."""
    return items[permutation(key, domain, len(items))[place]]
