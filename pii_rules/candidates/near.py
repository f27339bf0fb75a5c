"""The matches of a pattern, looked for only where the screen says that there may be some."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import regex  # type: ignore[import-untyped]

from pii_rules.candidates.width import Width


def matches(
    pattern: regex.Pattern,
    text: str,
    ends: Sequence[int] | None,
    width: Width | None,
    seconds: float | None,
) -> Iterator[regex.Match]:
    """As ``pattern.finditer(text)``: the same matches in the same order.

    A match of at most ``width.reach`` characters whose end is known lies in the stretch of that
    length before it, so only that is searched. The stretch reaches as far behind the last end,
    so that no attempt in it sees where it is cut off.

    Args:
        pattern: what to look for.
        text: any length.
        ends: where matches may end, or what follows them by a look-ahead, ascending: at least
            one for each match. None where that is not known.
        width: of the pattern, if it has one.
        seconds: what one search may take; None: as long as it takes.

    Raises:
        TimeoutError: the pattern ran out of time.
    """
    if ends is None or width is None:
        yield from pattern.finditer(text, timeout=seconds)
        return
    fewest, reach = width
    place = begin = stop = 0
    count = len(ends)
    while True:
        # The next match begins at ``place`` or later.
        while begin < count and ends[begin] < place + fewest:
            begin += 1
        if begin == count:
            return
        stop = max(stop, begin)
        while stop + 1 < count and ends[stop + 1] - ends[stop] <= reach:
            stop += 1
        first, last = ends[begin] - reach, ends[stop]
        first = max(first, place)
        found = pattern.search(text, first, last + reach, timeout=seconds)
        if found is None or found.end() > last:
            place = last + 1
            stop += 1
        else:
            yield found
            start, end = found.span()
            place = end if end > start else start + 1
