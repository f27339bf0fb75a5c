"""How long the matches of a pattern are, from its form."""

from __future__ import annotations

import math
import re
from typing import Final, NamedTuple

from pii_rules.candidates.pattern_tree import ATOM, Group, Tree, Way, plain

# Named lists, recursion, conditions, branch resets, references by name, clusters, fuzzy counts.
_UNKNOWN: Final = re.compile(r"\\[LNRXgG]|\(\?(?:[|(R&]|P[=>&]|\d)|\{[a-z]")
_EMPTY: Final = re.compile(r"\^|\$|\\[bBAZzmM]")
_COUNT: Final = re.compile(r"\{(\d*)(,?)(\d*)\}")
_EDGES: Final = 2  # the neighbours that ``^``, ``$`` and borders of words look at


class Width(NamedTuple):
    """Bounds, in characters.

    Attributes:
        fewest: of a match.
        reach: most that a match and all that its look-arounds see take together.
    """

    fewest: int
    reach: int


def width(pattern: str) -> Width | None:
    """The width of a pattern of the ``regex`` module; None if it has no bound, or is not known."""
    if _UNKNOWN.search(pattern):
        return None
    try:
        tree = Tree(plain(pattern))
    except (ValueError, IndexError):
        return None
    captures = {str(n): _of_group(group, {}) for n, group in enumerate(tree.captures, start=1)}
    fewest, most = _of_ways(tree.ways, captures)
    return None if math.isinf(most) else Width(int(fewest), int(most) + _EDGES)


_Bounds = tuple[float, float]


def _of_ways(ways: list[Way], captures: dict[str, _Bounds]) -> _Bounds:
    each = [
        [
            _of_atom(element, captures)
            if isinstance(element, str)
            else _repeated(_of_group(element, captures), element.quantifier)
            for element in way
        ]
        for way in ways
    ]
    return (
        min(sum(fewest for fewest, _ in way) for way in each),
        max(sum(most for _, most in way) for way in each),
    )


def _of_group(group: Group, captures: dict[str, _Bounds]) -> _Bounds:
    fewest, most = _of_ways(group.ways, captures)
    return (0 if group.is_look else fewest), most


def _of_atom(element: str, captures: dict[str, _Bounds]) -> _Bounds:
    atom = ATOM.match(element)
    if atom is None or _EMPTY.fullmatch(atom[0]):
        return 0, 0
    one = (1.0, 1.0)
    if atom[0][0] == "\\" and atom[0][1].isdigit():
        one = captures.get(atom[0][1:], (0, math.inf))
    return _repeated(one, element[atom.end() :])


def _repeated(bounds: _Bounds, quantifier: str) -> _Bounds:
    if not quantifier:
        return bounds
    fewest, most = _times(quantifier)
    return bounds[0] * fewest, bounds[1] * most if bounds[1] else 0.0


def _times(quantifier: str) -> _Bounds:
    if quantifier[0] in "*+":
        return float(quantifier[0] == "+"), math.inf
    if quantifier[0] == "?":
        return 0, 1
    count = _COUNT.match(quantifier)
    if count is None:
        return 0, math.inf
    fewest = int(count[1] or 0)
    if not count[2]:
        return fewest, fewest
    return fewest, float(count[3] or math.inf)
