r"""From a pattern of the ``regex`` module to one of Hyperscan that matches wherever it does.

Under its flag PREFILTER Hyperscan leaves out what it cannot decide in one pass, which makes a
pattern match more often, never less. Some of that can be kept by saying it in another way:

* a border such as ``(?<![A-Z0-9])`` before all else, or ``(?![A-Z0-9])`` after, becomes a
  character outside of the class, or the end of the text;
* a look-ahead after all else becomes what it looks for;
* a back reference becomes the group that it refers to.

A possessive quantifier matches less than the plain one that stands here in its place.

``\K``, which moves the start of a match, says nothing about where there is one. Counts such as
``{2,2048}`` would be unrolled: beyond a few, "at least" is as good a screen.
"""

from __future__ import annotations

import re
from typing import Final

from pii_rules.candidates.pattern_tree import Group, Tree, Way, plain

_COUNT: Final = re.compile(r"(?<!\\)\{(\d+),(\d+)\}")
_COUNTED: Final = 8
_POSSESSIVE: Final = re.compile(r"(?<=[*+?}])\+$")
_BORDER: Final = re.compile(r"\[(\^?)((?:\\.|[^\]\\])+)\]")
# Outside of every ASCII class; but Hyperscan takes them for an s and a K in other letters.
_FOREIGN: Final = "(?-i:[\u017f\u212a])"


def relaxed(pattern: str) -> str:
    """A pattern that matches in every text in which ``pattern`` does, and in some others.

    Where ``pattern`` matches, it ends at the end of the match, or of what follows the match by
    the look-aheads of ``pattern``.
    """
    tree = Tree(plain(pattern))
    simple = {
        str(number): f"(?:{group.inside()})"
        for number, group in enumerate(tree.captures, start=1)
        if "(" not in group.inside()
    }
    said = "|".join("".join(_sequence(way, simple, first=True, last=True)) for way in tree.ways)
    return _COUNT.sub(_open, said)


def _open(count: re.Match[str]) -> str:
    return count[0] if int(count[2]) <= _COUNTED else f"{{{count[1]},}}"


def _sequence(way: Way, captures: dict[str, str], *, first: bool, last: bool) -> list[str]:
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
            quantifier = _POSSESSIVE.sub("", element.quantifier)
            said.append(f"{element.opening}{inner}){quantifier}")
    return said


def _is_empty(element: str | Group) -> bool:
    return element.is_look if isinstance(element, Group) else element in ("^", "$", r"\b")


def _atom(element: str, captures: dict[str, str]) -> str:
    element = _POSSESSIVE.sub("", element)
    if element.startswith("\\") and element[1:2] in captures:
        return captures[element[1]] + element[2:]
    return element


def _border(look: Group) -> str | None:
    """A look-around at the edge of a pattern, to be consumed; None if it has no such form."""
    if look.opening == "(?=":
        return f"(?:{look.inside()})"
    found = _BORDER.fullmatch("".join(map(str, look.ways[0])))
    if look.opening not in ("(?!", "(?<!") or found is None or not found[0].isascii():
        return None
    edge = r"\z" if look.opening == "(?!" else r"\A"
    return f"(?:{edge}|[{'' if found[1] else '^'}{found[2]}]|{_FOREIGN})"
