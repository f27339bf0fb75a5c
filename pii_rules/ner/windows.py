"""Windows of bounded length for a model, cut where sentences or words end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np

from pii_rules.ner.shapes import Pieces

_ENDS: Final = frozenset(".!?;。！？；…")
_PAUSES: Final = frozenset(",:，：、)）")


def piece_windows(
    text: str, read: Pieces, room: int, start: int = 0, stop: int | None = None
) -> Iterator[tuple[int, int]]:
    """Ranges of pieces that tile a stretch, each of at most ``room`` pieces, cut between words.

    A word of more pieces than fit is cut inside.

    Args:
        text: what was tokenised.
        read: its pieces.
        room: the most pieces in a range.
        start: first piece of the stretch.
        stop: one past its last; default the end of the text.
    """
    end = len(read.ids) if stop is None else stop
    while start < end:
        cut = end if end - start <= room else _cut(text, read, start, room)
        yield start, cut
        start = cut


def _cut(text: str, read: Pieces, start: int, room: int) -> int:
    low, high = (int(i) for i in np.searchsorted(read.first, (start + 1, start + room + 1)))
    if high <= low:
        return start + room
    floor = low + (high - low) // 3
    for wanted in (_ENDS, _PAUSES):
        for word in range(high - 1, floor, -1):
            last, begin = int(read.ends[word - 1]), int(read.starts[word])
            if text[last - 1] in wanted or (wanted is _ENDS and "\n" in text[last:begin]):
                return int(read.first[word])
    return int(read.first[high - 1])


def character_windows(text: str, room: int) -> Iterator[tuple[int, int]]:
    """Ranges of characters that tile the text, each of at most ``room`` characters."""
    start = 0
    while start < len(text):
        stop = min(start + room, len(text))
        if stop < len(text):
            floor = start + room // 3
            for wanted in (_ENDS | {"\n"}, _PAUSES | {" "}):
                cut = next((i for i in range(stop, floor, -1) if text[i - 1] in wanted), 0)
                if cut:
                    stop = cut
                    break
        yield start, stop
        start = stop
