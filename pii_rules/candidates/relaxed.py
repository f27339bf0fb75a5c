r"""From a pattern of the ``regex`` module to one of Hyperscan that matches wherever it does.

Under its flag PREFILTER Hyperscan leaves out what it cannot decide in one pass, which makes a
pattern match more often, never less. Some of that can be kept by saying it in another way:

* a border such as ``(?<![A-Z0-9])`` before all else, or ``(?![A-Z0-9])`` after, becomes a
  character outside of the class, or the end of the text;
* a look-ahead after all else becomes what it looks for;
* a back reference becomes the group that it refers to.

``\K``, which moves the start of a match, says nothing about where there is one. Counts such as
``{2,2048}`` would be unrolled: beyond a few, "at least" is as good a screen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_CODE_POINT: Final = re.compile(r"\\u([0-9A-Fa-f]{4})")
_COUNT: Final = re.compile(r"(?<!\\)\{(\d+),(\d+)\}")
_COUNTED: Final = 8
_ATOM: Final = re.compile(
    r"\\[pP]\{[^}]*\}|\\x[0-9A-Fa-f]{2}|\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|[^\\()|\[]", re.DOTALL
)
_QUANTIFIER: Final = re.compile(r"(?:[*+?]|\{\d*,?\d*\})[?+]?")
_OPENING: Final = re.compile(r"\(\?(?:[a-zA-Z-]*:|>|<?[=!]|P?<\w+>)|\(")
_BORDER: Final = re.compile(r"\[(\^?)((?:\\.|[^\]\\])+)\]")
# Outside of every ASCII class; but Hyperscan takes them for an s and a K in other letters.
_FOREIGN: Final = "(?-i:[\u017f\u212a])"
_LOOKS: Final = ("(?=", "(?!", "(?<=", "(?<!")


def relaxed(pattern: str) -> str:
    """A pattern that matches in every text in which ``pattern`` does, and in some others."""
    plain = _CODE_POINT.sub(lambda escape: chr(int(escape[1], 16)), pattern.replace(r"\K", ""))
    if not plain.startswith("(?x)"):  # where a blank is no character
        plain = _rewritten(plain)
    return _COUNT.sub(_open, plain)


def _open(count: re.Match[str]) -> str:
    return count[0] if int(count[2]) <= _COUNTED else f"{{{count[1]},}}"


@dataclass(slots=True)
class _Group:
    """A group or look-around.

    Attributes:
        opening: such as ``(?:``.
        ways: its alternatives, each a sequence of atoms and groups.
        quantifier: what follows it, or nothing.
    """

    opening: str
    ways: list[list[str | _Group]]
    quantifier: str = ""

    @property
    def is_look(self) -> bool:
        return self.opening in _LOOKS

    def __str__(self) -> str:
        return f"{self.opening}{self.inside()}){self.quantifier}"

    def inside(self) -> str:
        """The alternatives."""
        return "|".join("".join(map(str, way)) for way in self.ways)


class _Reader:
    """Reads a pattern into groups.

    Args:
        pattern: not verbose.
    """

    def __init__(self, pattern: str) -> None:
        self._pattern = pattern
        self._place = 0
        self.captures: list[_Group] = []

    def ways(self) -> list[list[str | _Group]]:
        """The alternatives up to the end of the group or pattern."""
        ways: list[list[str | _Group]] = [[]]
        while self._place < len(self._pattern) and self._pattern[self._place] != ")":
            if self._pattern[self._place] == "|":
                self._place += 1
                ways.append([])
            else:
                ways[-1].append(self._element())
        return ways

    def _element(self) -> str | _Group:
        opening = _OPENING.match(self._pattern, self._place)
        if opening is None:
            atom = _ATOM.match(self._pattern, self._place)
            if atom is None:
                raise ValueError("a pattern that cannot be read")
            self._place = atom.end()
            return atom[0] + self._quantifier()
        self._place = opening.end()
        group = _Group(opening[0], [])
        if opening[0] == "(" or (opening[0].endswith(">") and opening[0] != "(?>"):
            self.captures.append(group)
        group.ways = self.ways()
        self._place += 1
        group.quantifier = self._quantifier()
        return group

    def _quantifier(self) -> str:
        found = _QUANTIFIER.match(self._pattern, self._place)
        if found is None:
            return ""
        self._place = found.end()
        return found[0]


def _rewritten(pattern: str) -> str:
    reader = _Reader(pattern)
    ways = reader.ways()
    simple = {
        str(number): f"(?:{group.inside()})"
        for number, group in enumerate(reader.captures, start=1)
        if "(" not in group.inside()
    }
    return "|".join("".join(_sequence(way, simple, first=True, last=True)) for way in ways)


def _sequence(
    way: list[str | _Group], captures: dict[str, str], *, first: bool, last: bool
) -> list[str]:
    """The elements of one alternative.

    Args:
        way: the elements.
        captures: what back references become, by number.
        first: whether nothing is consumed before them.
        last: whether nothing is consumed after them.
    """
    consuming = [n for n, element in enumerate(way) if not _is_empty(element)]
    begin = consuming[0] if consuming else len(way)
    end = consuming[-1] if consuming else -1
    said: list[str] = []
    bordered = [False, False]
    for n, element in enumerate(way):
        opens, closes = first and n <= begin, last and n >= end
        if isinstance(element, str):
            said.append(_atom(element, captures))
        elif element.is_look:
            side = 0 if element.opening.startswith("(?<") else 1
            free = (opens, closes and n > end)[side] and not bordered[side]
            border = _border(element) if free else None
            bordered[side] |= border is not None
            said.append(str(element) if border is None else border)
        else:
            once = not element.quantifier
            before = once and opens and not bordered[0]
            after = once and closes and n == len(way) - 1
            inner = "|".join(
                "".join(_sequence(other, captures, first=before, last=after))
                for other in element.ways
            )
            said.append(f"{element.opening}{inner}){element.quantifier}")
    return said


def _is_empty(element: str | _Group) -> bool:
    return element.is_look if isinstance(element, _Group) else element in ("^", "$", r"\b")


def _atom(element: str, captures: dict[str, str]) -> str:
    if element.startswith("\\") and element[1:2] in captures:
        return captures[element[1]] + element[2:]
    return element


def _border(look: _Group) -> str | None:
    """A look-around at the edge of a pattern, to be consumed; None if it has no such form."""
    if look.opening == "(?=":
        return f"(?:{look.inside()})"
    found = _BORDER.fullmatch("".join(map(str, look.ways[0])))
    if look.opening not in ("(?!", "(?<!") or found is None or not found[0].isascii():
        return None
    edge = r"\z" if look.opening == "(?!" else r"\A"
    return f"(?:{edge}|[{'' if found[1] else '^'}{found[2]}]|{_FOREIGN})"
