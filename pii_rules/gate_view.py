"""What the leak gate's detector reads: redacted text without the digits of our own pseudonyms.

``<EMAIL_ADDRESS:da2d6a37130b5527>`` is read as ``<EMAIL_ADDRESS>``: sixteen drawn digits tell a
detector nothing and cost it more than most words. Everything else is read as it stands, and what
is found is told at its place in the whole text.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final, NamedTuple

from pii_rules.spans import Replacement, Span

_CODED: Final = frozenset({"token", "reversible"})


class View(NamedTuple):
    """A shortened text, and the way back.

    Attributes:
        text: what the detector reads.
        cuts: places in ``text`` where something was left out, sorted.
        shifts: how much was left out up to and with each of them.
    """

    text: str
    cuts: list[int]
    shifts: list[int]

    def back(self, span: Span) -> Span:
        """A finding in ``text`` at its place in the whole."""
        if not self.cuts:
            return span
        first = bisect_right(self.cuts, span.start)
        last = bisect_left(self.cuts, span.end)
        return span._replace(
            start=span.start + (self.shifts[first - 1] if first else 0),
            end=span.end + (self.shifts[last - 1] if last else 0),
        )


def shortened(text: str, replacements: Sequence[Replacement]) -> View:
    """The view of one text.

    Args:
        text: redacted.
        replacements: in it, sorted and disjoint.
    """
    pieces, cuts, shifts = [], [], []
    done = gone = 0
    for replacement in replacements:
        # "<TYPE" stays, and so does ">".
        start = replacement.start + 1 + len(replacement.entity_type)
        end = replacement.end - 1
        if replacement.operator in _CODED and start < end:
            pieces.append(text[done:start])
            cuts.append(start - gone)
            gone += end - start
            shifts.append(gone)
            done = end
    return View("".join([*pieces, text[done:]]) if pieces else text, cuts, shifts)
