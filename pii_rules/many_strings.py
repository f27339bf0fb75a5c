"""Finding many strings in one text, in time that does not grow with their number.

Strings with a digit or an @ are looked for at the few places of a text where such a mark stands.
For others, Karp and Rabin (IBM J. Res. Dev. 31, 1987), all places at once: with the prefix sums of
``code[i] * BASE**i`` modulo 2**64, the hash of every stretch of one length is one subtraction and
one multiplication away. A place whose hash is that of a string is looked at, so a collision costs
time and never an answer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_BASE: Final = 0x9E3779B97F4A7C15  # odd, so that it has an inverse modulo 2**64
_INVERSE: Final = pow(_BASE, -1, 1 << 64)
_LONGEST: Final = 64  # of a longer string its beginning is hashed

_DIGITS: Final = re.compile("[0-9]+")
_BEFORE_AT: Final = 8  # characters

_Hashes = NDArray[np.uint64]
Marked = Mapping[str, Sequence[tuple[int, str]]]
"""Strings by their mark, each with the place of the mark in it."""


def marked_strings(strings: Sequence[str], most: int) -> tuple[Marked, list[str]]:
    """The strings by their marks, and those without one.

    A mark is the longest run of ASCII digits, or what stands before an @.

    Args:
        strings: distinct and not empty.
        most: beyond so many, strings of one mark count as without.
    """
    marked: dict[str, list[tuple[int, str]]] = {}
    others: list[str] = []
    for string in strings:
        run = max(_DIGITS.finditer(string), key=_length, default=None)
        at = string.find("@")
        if run is not None:
            marked.setdefault(run.group(), []).append((run.start(), string))
        elif at > 0:
            first = max(at - _BEFORE_AT, 0)
            marked.setdefault(string[first : at + 1], []).append((first, string))
        else:
            others.append(string)
    crowded = [mark for mark, own in marked.items() if len(own) > most]
    others += [string for mark in crowded for _, string in marked.pop(mark)]
    return marked, others


def at_marks(marked: Marked, text: str) -> Iterator[tuple[int, int]]:
    """Where each of the marked strings stands with no digit beside it, as (start, end)."""
    for mark, place in _marks(text):
        for offset, string in marked.get(mark, ()):
            start = place - offset
            if start >= 0 and text.startswith(string, start):
                yield start, start + len(string)


def _marks(text: str) -> Iterator[tuple[str, int]]:
    for run in _DIGITS.finditer(text):
        yield run.group(), run.start()
    at = text.find("@")
    while at >= 0:
        for first in range(max(at - _BEFORE_AT, 0), at):
            yield text[first : at + 1], first
        at = text.find("@", at + 1)


def _length(match: re.Match[str]) -> int:
    return match.end() - match.start()


def at_once(strings: Sequence[str], text: str) -> Iterator[tuple[int, int]]:
    """Where each of the strings stands, as (start, end); matches may overlap.

    Args:
        strings: distinct and not empty.
        text: where to look.
    """
    by_length: dict[int, dict[str, list[str]]] = {}
    for string in strings:
        beginning = string[:_LONGEST]
        by_length.setdefault(len(beginning), {}).setdefault(beginning, []).append(string)
    places = _Places(text)
    for length, beginnings in by_length.items():
        if length <= len(text):
            wanted = [_Places(beginning).hashes(length)[0] for beginning in beginnings]
            for start in _among(places.hashes(length), np.array(sorted(wanted), dtype=np.uint64)):
                for string in beginnings.get(text[start : start + length], ()):
                    if text.startswith(string, start):
                        yield start, start + len(string)


def _among(hashes: _Hashes, wanted: _Hashes) -> list[int]:
    """Where in ``hashes`` one of the few ``wanted`` (sorted) stands."""
    nearest = np.minimum(np.searchsorted(wanted, hashes), len(wanted) - 1)
    found: list[int] = np.flatnonzero(wanted[nearest] == hashes).tolist()
    return found


class _Places:
    """Hashes of the stretches of one text."""

    def __init__(self, text: str) -> None:
        codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        self._sums = np.zeros(len(codes) + 1, dtype=np.uint64)
        np.cumsum(
            (codes.astype(np.uint64) + np.uint64(1)) * _powers(_BASE, len(codes)),
            out=self._sums[1:],
        )
        self._scales = _powers(_INVERSE, len(codes))

    def hashes(self, length: int) -> _Hashes:
        """The hash of the stretch that begins at each place, ``[places]``."""
        ends = self._sums[length:]
        hashes: _Hashes = (ends - self._sums[: len(ends)]) * self._scales[: len(ends)]
        return hashes


def _powers(base: int, count: int) -> _Hashes:
    """``base**0`` to ``base**(count - 1)`` modulo 2**64."""
    factors = np.full(count, base, dtype=np.uint64)
    factors[:1] = 1
    powers: _Hashes = np.cumprod(factors)
    return powers
