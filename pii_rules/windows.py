"""Cutting a long text into windows, so that work stays linear in its length.

Each window owns a stretch of the text and sees a margin on both sides of it: a finding
counts in the one window that owns its first character, with all its context in view.
Windows begin and end at white space or a Chinese stop where there is one, so that no number
is cut in two. What is decided for a window alone (by its script, say) does not depend on how
many of them are searched together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, TypeVar

_OWNED: Final = 3072
_MARGIN: Final = 512
_TOGETHER: Final = 32_768  # margins are a twentieth of it; what is found in it stays small
Kind = TypeVar("Kind")


class Window(NamedTuple):
    """A stretch of text: visible [start, stop), owned [first, last)."""

    start: int
    first: int
    last: int
    stop: int


def windows(text: str) -> Iterator[Window]:
    """Windows whose owned stretches tile ``text`` without gap or overlap."""
    first = 0
    while first < len(text):
        last = _cut(text, min(first + _OWNED, len(text)))
        start = _cut(text, max(first - _MARGIN, 0))
        stop = _cut(text, min(last + 2 * _MARGIN, len(text)))
        yield Window(start, first, last, stop)
        first = last


def stretches(text: str, kind: Callable[[str], Kind]) -> Iterator[tuple[Window, Kind]]:
    """The windows of ``text``, neighbours of one kind in one piece.

    Args:
        text: any length.
        kind: what a window is, by the text that it sees.
    """
    whole: Window | None = None
    for window in windows(text):
        own = kind(text[window.start : window.stop])
        if whole is None:
            whole, same = window, own
        elif own == same and window.last - whole.first <= _TOGETHER:
            whole = whole._replace(last=window.last, stop=window.stop)
        else:
            yield whole, same
            whole, same = window, own
    if whole is not None:
        yield whole, same


def _cut(text: str, near: int) -> int:
    """A border at ``near``, or up to a margin before it: a line's, a word's, or none."""
    if near in (0, len(text)):
        return near
    floor = max(near - _MARGIN, 0)
    for separator in ("\n", " ", "。", "，"):
        found = text.rfind(separator, floor, near)
        if found >= 0:
            return found + 1
    return near
