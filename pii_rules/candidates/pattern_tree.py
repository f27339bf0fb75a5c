"""A pattern of the ``regex`` module as a tree, as far as a screen needs to know it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

ATOM: Final = re.compile(
    r"\\[pP]\{[^}]*\}|\\x[0-9A-Fa-f]{2}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\()|\[]", re.DOTALL
)
_CODE_POINT: Final = re.compile(r"\\u([0-9A-Fa-f]{4})")
_QUANTIFIER: Final = re.compile(r"(?:[*+?]|\{\d*,?\d*\})[?+]?")
_OPENING: Final = re.compile(r"\(\?(?:[a-zA-Z-]*:|>|<?[=!]|P?<\w+>)|\(")
_VERBOSE: Final = "(?x)"
_BLANK: Final = re.compile(r"(\\.|\[(?:\\.|[^\]\\])*\])|\s+|#[^\n]*", re.DOTALL)
_LOOKS: Final = ("(?=", "(?!", "(?<=", "(?<!")

Way = list["str | Group"]
"""One alternative: atoms, each with its quantifier, and groups."""


@dataclass(slots=True)
class Group:
    """A group or look-around.

    Attributes:
        opening: such as ``(?:``.
        ways: its alternatives.
        quantifier: what follows it, or nothing.
    """

    opening: str
    ways: list[Way]
    quantifier: str = ""

    @property
    def is_look(self) -> bool:
        """Whether it is a look-around, which consumes nothing."""
        return self.opening in _LOOKS

    def __str__(self) -> str:
        return f"{self.opening}{self.inside()}){self.quantifier}"

    def inside(self) -> str:
        """The alternatives."""
        return "|".join("".join(map(str, way)) for way in self.ways)


def plain(pattern: str) -> str:
    r"""The pattern without ``\K``, white space and comments of the verbose form, and ``\u``."""
    said = _CODE_POINT.sub(lambda escape: chr(int(escape[1], 16)), pattern.replace(r"\K", ""))
    if said.startswith(_VERBOSE):
        said = _BLANK.sub(lambda blank: blank[1] or "", said.removeprefix(_VERBOSE))
    return said


class Tree:
    """A pattern, read.

    Args:
        pattern: as ``plain`` gives it.

    Attributes:
        ways: its alternatives.
        captures: its capturing groups, in the order of their numbers.

    Raises:
        ValueError: it cannot be read.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._place = 0
        self.captures: list[Group] = []
        self.ways = self._ways()

    def _ways(self) -> list[Way]:
        """The alternatives up to the end of the group or pattern."""
        ways: list[Way] = [[]]
        while self._place < len(self._pattern) and self._pattern[self._place] != ")":
            if self._pattern[self._place] == "|":
                self._place += 1
                ways.append([])
            else:
                ways[-1].append(self._element())
        return ways

    def _element(self) -> str | Group:
        opening = _OPENING.match(self._pattern, self._place)
        if opening is None:
            atom = ATOM.match(self._pattern, self._place)
            if atom is None:
                raise ValueError("a pattern that cannot be read")
            self._place = atom.end()
            return atom[0] + self._quantifier()
        self._place = opening.end()
        group = Group(opening[0], [])
        if opening[0] == "(" or (opening[0].endswith(">") and opening[0] != "(?>"):
            self.captures.append(group)
        group.ways = self._ways()
        self._place += 1
        group.quantifier = self._quantifier()
        return group

    def _quantifier(self) -> str:
        found = _QUANTIFIER.match(self._pattern, self._place)
        if found is None:
            return ""
        self._place = found.end()
        return found[0]
