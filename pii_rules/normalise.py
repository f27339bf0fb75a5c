"""Folding of look-alike characters, with a map back to the original text.

Full-width letters and digits, the full-width at sign, no-break spaces and the dash family
become their ASCII counterparts; zero-width characters vanish (Unicode Standard Annex 15
gives the compatibility mappings; the fold is a subset of NFKC plus dashes). Punctuation
that separates words in Chinese text stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_WIDTH: Final = 0xFEE0  # distance between a full-width form and its ASCII counterpart
_FULL_WIDTH: Final = "＋－．／＠＿" + "".join(
    chr(ord(character) + _WIDTH)
    for character in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
_FOLD: Final = (
    {ord(character): chr(ord(character) - _WIDTH) for character in _FULL_WIDTH}
    | dict.fromkeys(map(ord, "\u00a0\u2007\u202f\u3000"), " ")
    | dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\ufe63"), "-")
)
_ZERO_WIDTH: Final = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text and where each of its characters came from.

    Attributes:
        text: what the recognizers see.
        origins: original code point of each folded one; None when nothing was removed.
    """

    text: str
    origins: tuple[int, ...] | None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The original range of a non-empty range of the folded text."""
        if self.origins is None:
            return start, end
        return self.origins[start], self.origins[end - 1] + 1


def fold(text: str) -> Folded:
    """Fold ``text``; text without any look-alike comes back as it is."""
    if text.isascii():
        return Folded(text, None)
    if _ZERO_WIDTH.isdisjoint(text):
        return Folded(text.translate(_FOLD), None)
    origins = tuple(place for place, c in enumerate(text) if c not in _ZERO_WIDTH)
    return Folded("".join(text[place] for place in origins).translate(_FOLD), origins)
