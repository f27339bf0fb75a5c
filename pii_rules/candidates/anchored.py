"""The screen without a library: what each rule says that its matches contain."""

from __future__ import annotations

from collections.abc import Sequence

from pii_rules.candidates.screen import Candidates, Searcher


class Anchored:
    """Passes over rules whose anchors or digits a text lacks, at the price of a substring search.

    Args:
        searchers: whose patterns are numbered through in this order.
    """

    def __init__(self, searchers: Sequence[Searcher]) -> None:
        self._rules: list[tuple[Sequence[str], int, range]] = []
        first = 0
        for searcher in searchers:
            numbers = range(first, first + len(searcher.sources))
            self._rules.append((searcher.anchors, searcher.digits, numbers))
            first = numbers.stop

    def candidates(self, text: str) -> Candidates:
        """The patterns of all rules that the text may satisfy."""
        lowered = text.lower()
        digits = sum(map(text.count, "0123456789"))
        return {
            number: None
            for anchors, fewest, numbers in self._rules
            if digits >= fewest and (not anchors or any(anchor in lowered for anchor in anchors))
            for number in numbers
        }
