"""What a screen is, and what it screens for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Searcher(Protocol):
    """A rule, as far as a screen needs to know it.

    Attributes:
        sources: its patterns, in the syntax of the ``regex`` module.
        anchors: lower-case strings, one of which every text with a match contains; empty: none.
        digits: the fewest ASCII digits in a text with a match.
    """

    @property
    def sources(self) -> Sequence[str]: ...  # noqa: D102 - said above

    @property
    def anchors(self) -> Sequence[str]: ...  # noqa: D102

    @property
    def digits(self) -> int: ...  # noqa: D102


class Screen(Protocol):
    """Names the patterns that may match."""

    def candidates(self, text: str) -> Sequence[int]:
        """Numbers of the patterns that may match in ``text``, ascending."""
