"""Formal sums of points, and the generators (format 1 and 2).

A sum maps each point to its coefficient. A point is named by its encoding or, if it is a
generator, by a pair such as ("G", 7).
"""

import secrets
from collections.abc import Iterable
from functools import cache
from hashlib import sha3_512, sha512
from itertools import count

from .group import ORDER, Point, decode, from_uniform, is_identity, multiply

Name = bytes | tuple[str, int]
Sum = dict[Name, int]

G_NUMBER = ("g", 0)
G_BLINDING = ("h", 0)
BASE = bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76")


@cache
def generator(side: str, index: int) -> Point:
    """g, h, G_i or H_i."""
    if side == "g":
        return decode(BASE)
    if side == "h":
        return from_uniform(sha3_512(BASE).digest())
    seed = b"redactory/ped/v1" + side.encode() + index.to_bytes(4, "little")
    return from_uniform(sha512(seed).digest())


def point(encoding: bytes) -> Sum:
    """One point; its encoding must be canonical."""
    decode(encoding)
    return {encoding: 1}


def vector(side: str, coefficients: Iterable[int]) -> Sum:
    """Σ coefficients_i·G_i or H_i."""
    return {(side, i): c % ORDER for i, c in enumerate(coefficients)}


def number(value: int) -> Sum:
    """value·g."""
    return {G_NUMBER: value % ORDER}


def blinding(value: int) -> Sum:
    """value·h."""
    return {G_BLINDING: value % ORDER}


def combine(*terms: tuple[int, Sum]) -> Sum:
    """Σ factor·sum."""
    result: Sum = {}
    for factor, summand in terms:
        for name, coefficient in summand.items():
            result[name] = (result.get(name, 0) + factor * coefficient) % ORDER
    return result


def powers(base: int, first: int = 0) -> Iterable[int]:
    """base^first, base^(first+1), … modulo ℓ."""
    return (pow(base, exponent, ORDER) for exponent in count(first))


def combine_powers(base: int, sums: Iterable[Sum]) -> Sum:
    """Σ base^k·sums_k."""
    return combine(*zip(powers(base), sums, strict=False))


def vanish(equations: list[Sum]) -> bool:
    """Whether all sums are the identity, by a random linear combination."""
    total = combine(*((secrets.randbelow(ORDER - 1) + 1, equation) for equation in equations))
    return is_identity(
        multiply(
            [
                (scalar, decode(name) if isinstance(name, bytes) else generator(*name))
                for name, scalar in total.items()
            ]
        )
    )
