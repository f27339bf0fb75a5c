"""Which parts of a text each model reads: sentences with Han characters, those with words.

A sentence with both is read by both. Neighbouring sentences stay together, so that a model sees
their context.
"""

from __future__ import annotations

from typing import Final

import regex  # type: ignore[import-untyped]

_SENTENCE: Final = regex.compile(r"[^\n。！？]*[\n。！？]+|[^\n。！？]+")
_HAN: Final = regex.compile(r"\p{Han}")
_WORD: Final = regex.compile(r"\p{Latin}{2}|\p{Cyrillic}{2}|\p{Greek}{2}|@\w")


def stretches(text: str, wanted: regex.Pattern) -> list[tuple[int, int]]:
    """The runs of sentences in which ``wanted`` occurs, as (start, end)."""
    runs: list[tuple[int, int]] = []
    for sentence in _SENTENCE.finditer(text):
        if wanted.search(text, sentence.start(), sentence.end()) is None:
            continue
        if runs and runs[-1][1] == sentence.start():
            runs[-1] = (runs[-1][0], sentence.end())
        else:
            runs.append(sentence.span())
    return runs


def alphabetic(text: str) -> list[tuple[int, int]]:
    """What the English model reads."""
    if _HAN.search(text) is None:
        return [(0, len(text))] if _WORD.search(text) is not None else []
    return stretches(text, _WORD)


def without_han(text: str) -> str:
    """The text with a blank for each Han character, which mean nothing to the English model."""
    return text if text.isascii() else str(_HAN.sub(" ", text))


def han(text: str) -> list[tuple[int, int]]:
    """What the Chinese model reads."""
    return stretches(text, _HAN) if _HAN.search(text) is not None else []
