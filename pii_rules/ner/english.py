"""The English name model: a quantised MiniLM encoder that also reads the case of each word.

Its student has half of its layers, and reads only the sentences that the scout passes on.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from pii_rules.ner.names import Name, may_be_name
from pii_rules.ner.scout import Scout
from pii_rules.ner.session import Session
from pii_rules.ner.shapes import Pieces, pieces
from pii_rules.ner.stretches import alphabetic, without_han
from pii_rules.ner.tags import entities
from pii_rules.ner.windows import piece_windows

FINDER: Final = "names-en"
_HANDLE: Final = re.compile(r"(?<!\w)@\w+")
_BEGIN, _END = 101, 102
_ROOM: Final = 126


class EnglishModel:
    """Names in text written with Latin letters.

    Args:
        folder: holds ``en.onnx``, ``en_words.bin`` (its table of words) and ``en.json`` (the
            tokenizer); for the student also ``en_fast.onnx`` and the scout's files.
        fast: whether to use the student.
    """

    def __init__(self, folder: Path, *, fast: bool = False) -> None:
        self._session = Session(folder / ("en_fast.onnx" if fast else "en.onnx"))
        self._tokenizer = Tokenizer.from_file(str(folder / "en.json"))
        self._scout = Scout(folder) if fast else None

    def find(self, texts: Sequence[str]) -> list[list[Name]]:
        """The names of each text, sorted by start."""
        windows = list(self._windows(texts))
        scores = self._session.run([window.features() for window in windows])
        found: list[list[Name]] = [[] for _ in texts]
        for window, score in zip(windows, scores, strict=True):
            found[window.number] += window.names(score[1:-1])
        return [
            [n for n in whole_handles(text, names) if may_be_name(text[n.start : n.end])]
            for text, names in zip(texts, found, strict=True)
        ]

    def _windows(self, texts: Sequence[str]) -> Iterator[_Window]:
        places = [(n, *stretch) for n, text in enumerate(texts) for stretch in alphabetic(text)]
        parts = [without_han(texts[n][start:stop]) for n, start, stop in places]
        reads = [pieces(self._tokenizer, part) for part in parts]
        if self._scout is None:
            chosen = [[(0, len(read.ids))] for read in reads]
        else:
            chosen = self._scout.stretches(list(zip(parts, reads, strict=True)))
        for (number, offset, _), part, read, runs in zip(places, parts, reads, chosen, strict=True):
            for begin, end in runs:
                for first, last in piece_windows(part, read, _ROOM, begin, end):
                    yield _Window(number, offset, read, first, last)


def whole_handles(text: str, names: list[Name]) -> list[Name]:
    """The names, those that touch a user name such as ``@mary_s`` grown to all of it."""
    if "@" not in text:
        return names
    grown: list[Name] = []
    handles = [match.span() for match in _HANDLE.finditer(text)]
    for name in names:
        place = bisect_right(handles, (name.start, len(text))) - 1
        start, end = name.start, name.end
        for first, last in handles[max(place, 0) : place + 2]:
            if first < end and start < last:
                start, end = min(start, first), max(end, last)
        if grown and grown[-1].end > start:
            best = max(grown.pop(), name, key=_score)
            grown.append(best._replace(start=min(start, best.start), end=max(end, best.end)))
        else:
            grown.append(name._replace(start=start, end=end))
    return grown


def _score(name: Name) -> float:
    return name.score


@dataclass(frozen=True, slots=True)
class _Window:
    """Pieces [first, last) of the stretch at ``offset`` of text ``number``."""

    number: int
    offset: int
    read: Pieces
    first: int
    last: int

    def features(self) -> dict[str, NDArray[np.int32]]:
        """The model's inputs."""
        ids = self.read.ids[self.first : self.last]
        shapes = self.read.shapes[self.first : self.last]
        return {
            "ids": np.concatenate(([_BEGIN], ids, [_END])).astype(np.int32),
            "shapes": np.concatenate(([0], shapes, [0])).astype(np.int32),
        }

    def names(self, scores: NDArray[np.float32]) -> Iterator[Name]:
        """Names from the scores of the first piece of each word."""
        low, high = np.searchsorted(self.read.first, (self.first, self.last))
        if low == high:  # inside one long word
            return
        chosen = scores[self.read.first[low:high] - self.first]
        raised = np.exp(chosen - chosen.max(axis=1, keepdims=True))
        for begin, stop, label, score in entities(raised / raised.sum(axis=1, keepdims=True)):
            start = self.offset + int(self.read.starts[low + begin])
            end = self.offset + int(self.read.ends[low + stop - 1])
            yield Name(start, end, label, score, FINDER)
