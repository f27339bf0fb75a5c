"""The scout: which sentences the English model need not read.

Most sentences of most texts name nobody. A model of two convolutions over word pieces, trained to
foresee what the English model finds, costs a thirtieth of it and passes on the sentences in
which a name is not out of the question.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pii_rules.ner.session import Session
from pii_rules.ner.shapes import LOWER, Pieces

_STOPS: Final = np.array([ord(c) for c in ".!?;。！？；…"], dtype=np.uint32)
_FULL_STOP: Final = ord(".")
_NEW_LINE: Final = ord("\n")
_ABBREVIATION: Final = 3  # letters; a stop after a shorter word may end "Dr." or "St."
_WINDOW: Final = 254


class Scout:
    """Chooses what to read.

    Args:
        folder: holds ``scout.onnx`` and ``scout.json``, its threshold.
    """

    def __init__(self, folder: Path) -> None:
        self._session = Session(folder / "scout.onnx")
        about = json.loads((folder / "scout.json").read_text("utf-8"))
        self._threshold = float(about["threshold"])

    def stretches(self, texts: list[tuple[str, Pieces]]) -> list[list[tuple[int, int]]]:
        """The runs of sentences that may hold names, as ranges of pieces, by text."""
        windows = [
            (number, first, min(first + _WINDOW, len(read.ids)))
            for number, (_, read) in enumerate(texts)
            for first in range(0, len(read.ids), _WINDOW)
        ]
        parts = [
            {
                "ids": texts[number][1].ids[first:last],
                "shapes": texts[number][1].shapes[first:last].astype(np.int32),
            }
            for number, first, last in windows
        ]
        scores = [np.zeros(len(read.ids), np.float32) for _, read in texts]
        for (number, first, last), score in zip(windows, self._session.run(parts), strict=True):
            scores[number][first:last] = score[:, 0]
        return [
            self._runs(text, read, own) for (text, read), own in zip(texts, scores, strict=True)
        ]

    def _runs(self, text: str, read: Pieces, scores: NDArray[np.float32]) -> list[tuple[int, int]]:
        if not len(scores):
            return []
        starts = sentences(text, read)
        chosen = np.maximum.reduceat(scores, starts) >= self._threshold
        edges = np.flatnonzero(np.diff(chosen, prepend=False, append=False))
        borders = np.append(starts, len(scores))
        return [(int(borders[a]), int(borders[b])) for a, b in edges.reshape(-1, 2)]


def sentences(text: str, read: Pieces) -> NDArray[np.intp]:
    """The first piece of each sentence, ascending from 0.

    A sentence ends at a new line, or at a stop; at a full stop only after a word of small letters
    that is too long for most abbreviations.

    Args:
        text: what was tokenised; not empty of pieces.
        read: its pieces.
    """
    characters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    lines = np.cumsum(characters == _NEW_LINE)
    new_line = lines[read.starts[1:]] > lines[read.ends[:-1] - 1]
    last = characters[read.ends[:-1] - 1]
    length = read.ends - read.starts
    long_word = (read.shapes[read.first] == LOWER) & (length >= _ABBREVIATION)
    before = np.append([False], long_word[:-2]) if len(long_word) > 1 else long_word[:0]
    stop = np.isin(last, _STOPS) & ((last != _FULL_STOP) | before)
    return np.append(0, read.first[1:][new_line | stop])
