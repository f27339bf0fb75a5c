"""Folding of look-alike characters, with a map back to the original text.

Full-width, circled and mathematical letters and digits, the digits of other scripts, the
full-width at sign, typographic spaces, quotes and the dash family become their ASCII
counterparts (Unicode Standard Annex 15 gives the compatibility mappings); zero-width
characters, soft hyphens and variation selectors vanish, and so do combining marks on an
ASCII character, which otherwise hide it. Every fold is one character to one or to none, so
that a folded character has one place in the original. Punctuation that separates words in
Chinese text stays as it is.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import regex  # type: ignore[import-untyped]

# Blocks whose characters are ASCII letters or digits in another dress.
_DRESSED: Final = (
    (0x00B2, 0x00BA),  # superscripts of Latin-1
    (0x0660, 0x06FA),  # Arabic-Indic digits
    (0x0966, 0x0970),  # Devanagari digits
    (0x09E6, 0x09F0),  # Bengali digits
    (0x0E50, 0x0E5A),  # Thai digits
    (0x2070, 0x20A0),  # superscripts and subscripts
    (0x2102, 0x2140),  # letter-like symbols
    (0x2460, 0x2500),  # enclosed alphanumerics
    (0xFF10, 0xFF5B),  # full-width forms
    (0x1D400, 0x1D800),  # mathematical alphanumerics
)
_SIGNS: Final = dict(zip("＋－．／＠＿＇＂", "+-./@_'\"", strict=True))
_SPACES: Final = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u2043\ufe58\ufe63"
_SINGLE_QUOTES: Final = "\u2018\u2019\u201a\u201b\u2032\u02bc"
_DOUBLE_QUOTES: Final = "\u201c\u201d\u201e\u201f\u2033"


def _plain(character: str) -> str | None:
    """The ASCII letter or digit that ``character`` stands for, if it stands for one."""
    digit = unicodedata.digit(character, None)
    plain = unicodedata.normalize("NFKC", character) if digit is None else str(digit)
    return plain if len(plain) == 1 and plain.isascii() and plain.isalnum() else None


_FOLD: Final = {
    code: plain
    for first, last in _DRESSED
    for code in range(first, last)
    if (plain := _plain(chr(code))) is not None
} | {
    ord(character): plain
    for characters, plain in [
        *_SIGNS.items(),
        (_SPACES + "\u202f\u205f\u3000", " "),
        (_DASHES, "-"),
        (_SINGLE_QUOTES, "'"),
        (_DOUBLE_QUOTES, '"'),
    ]
    for character in characters
}
_INVISIBLE: Final = r"\u00ad\u034f\u061c\u180e\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f\ufeff"
# What is skipped: the invisible anywhere, marks where they hang on an ASCII character.
_SKIPPED: Final = regex.compile(
    rf"(?P<marks>(?<=[!-~])[\p{{Mn}}\p{{Me}}][{_INVISIBLE}\p{{Mn}}\p{{Me}}]*)|[{_INVISIBLE}]+"
)


@dataclass(frozen=True, slots=True)
class Folded:
    """Folded text and where each of its characters came from.

    Attributes:
        text: what the recognizers see.
        origins: original range of each folded character; None when nothing was removed.
            A combining mark belongs to the character it hangs on.
    """

    text: str
    origins: tuple[tuple[int, int], ...] | None

    def original(self, start: int, end: int) -> tuple[int, int]:
        """The original range of a non-empty range of the folded text."""
        if self.origins is None:
            return start, end
        return self.origins[start][0], self.origins[end - 1][1]


def fold(text: str) -> Folded:
    """Fold ``text``; text without any look-alike comes back as it is."""
    if text.isascii():
        return Folded(text, None)
    plain = text.translate(_FOLD)  # one to one, so offsets stay
    skipped = [(*match.span(), match["marks"] is not None) for match in _SKIPPED.finditer(plain)]
    if not skipped:
        return Folded(plain, None)
    kept: list[str] = []
    origins: list[tuple[int, int]] = []
    borders = [(0, 0, False), *skipped, (len(plain), len(plain), False)]
    for (_, first, _), (last, stop, marks) in pairwise(borders):
        kept.append(plain[first:last])
        origins += [(place, place + 1) for place in range(first, last)]
        if marks:
            origins[-1] = (origins[-1][0], stop)
    return Folded("".join(kept), tuple(origins))
