"""Context words before a finding raise its score, in both scripts.

Presidio's enhancer compares single tokens, so that Chinese words of several characters never
match, and scans all tokens for every finding. Here the few words before a finding are read
backwards from it, which costs the same in a text of any length, and searched as text. Amounts
are Presidio's defaults: +0.35, at least 0.4.

The stretch that counts is some words long and stays within the finding's line, unless the
finding opens its line. Placeholders such as ``<PHONE_NUMBER>`` in text that was redacted before
are no context.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_WORDS: Final = {"en": 10, "zh": 20}  # a Chinese word here is one character
_REACH: Final = 240  # characters
_WHOLE_WORD: Final = 4  # shorter context words must stand alone: "ip" is not in "ship"
_PLACEHOLDER: Final = re.compile(r"<[A-Z][A-Z0-9_]*(?::[0-9a-f]{16})?>")
_WORD: Final = r"(?:[^\W一-鿿]+|[^\w\s]|[一-鿿])"
_BACKWARDS: Final = {
    language: re.compile(rf"\s*(?:{_WORD}\s*){{0,{words}}}") for language, words in _WORDS.items()
}
_BONUS: Final = 0.35
_LEAST: Final = 0.4
_MOST: Final = 1.0


class Context:
    """What stands before places of one text.

    Args:
        text: in which findings lie.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._before: dict[tuple[int, str], str] = {}

    def before(self, start: int, language: str) -> str:
        """The words before ``start`` that count as its context.

        Args:
            start: a place in the text.
            language: ``en`` or ``zh``, by which words are counted.
        """
        known = self._before.get((start, language))
        if known is None:
            known = self._before[start, language] = _stretch(self._text, start, language)
        return known


def _stretch(text: str, start: int, language: str) -> str:
    backwards = text[max(start - _REACH, 0) : start][::-1]
    found = _BACKWARDS[language].match(backwards)
    stretch = backwards[: found.end() if found else 0][::-1]
    line = stretch.rpartition("\n")[2]
    kept = line if line.strip() else stretch
    return _PLACEHOLDER.sub(" ", kept) if "<" in kept else kept


class ContextWords:
    """The context words of a rule.

    Args:
        words: in any case.
    """

    def __init__(self, words: Sequence[str]) -> None:
        either = "|".join(_spelt(word.strip()) for word in words)
        self._words = re.compile(rf"(?<![A-Z])(?:{either})", re.IGNORECASE)

    def raised(self, score: float, before: str) -> float:
        """The score of a finding after what stands before it."""
        if score >= _MOST or self._words.search(before) is None:
            return score
        return min(max(score + _BONUS, _LEAST), _MOST)

    def among(self, before: str) -> tuple[str, ...]:
        """The context words that occur, in lower case, each once, the nearest last."""
        return tuple(dict.fromkeys(map(str.casefold, self._words.findall(before))))


def _spelt(word: str) -> str:
    alone = word.isascii() and len(word) < _WHOLE_WORD
    return re.escape(word) + ("(?![A-Z])" if alone else "")
