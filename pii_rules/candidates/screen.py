"""What a screen is, and what it screens for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Searcher(Protocol):
    """A rule, as far as a screen needs to know it.

    Attributes:
        sources: its patterns, in the syntax of the ``regex`` module.
        outlines: what a screen may look for in place of each pattern: something simpler that
            matches wherever the pattern does, and ends there too.
        anchors: lower-case strings, one of which every text with a match contains; empty: none.
        digits: the fewest ASCII digits in a text with a match.
    """

    @property
    def sources(self) -> Sequence[str]: ...  # noqa: D102 - said above

    @property
    def outlines(self) -> Sequence[str]: ...  # noqa: D102

    @property
    def anchors(self) -> Sequence[str]: ...  # noqa: D102

    @property
    def digits(self) -> int: ...  # noqa: D102


Candidates = Mapping[int, Sequence[int] | None]
"""Numbers of the patterns that may match in a text, ascending, and where their matches may end.

Each match ends at one of the places, or what its pattern sees behind it by look-aheads does;
ascending. None where the screen does not know.
"""


class Screen(Protocol):
    """Names the patterns that may match."""

    def candidates(self, text: str) -> Candidates:
        """The patterns that may match in ``text``."""
