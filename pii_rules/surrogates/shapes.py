"""Fakes of the same shape: a digit for a digit, a letter for a letter of its script and case."""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

from pii_rules.surrogates.prf import Draws

_LOWER: Final = "abcdefghijklmnopqrstuvwxyz"
_UPPER: Final = _LOWER.upper()
_DIGITS: Final = "0123456789"
# A stretch of everyday letters by the first word of a character's Unicode name.
_SCRIPTS: Final = {
    "GREEK": (0x3B1, 0x3CA),
    "CYRILLIC": (0x430, 0x450),
    "ARMENIAN": (0x561, 0x587),
    "HEBREW": (0x5D0, 0x5EB),
    "ARABIC": (0x627, 0x64B),
    "DEVANAGARI": (0x915, 0x93A),
    "BENGALI": (0x995, 0x9BA),
    "THAI": (0xE01, 0xE2F),
    "HANGUL": (0xAC00, 0xAE00),
    "HIRAGANA": (0x3042, 0x3094),
    "KATAKANA": (0x30A2, 0x30F4),
    "CJK": (0x4E00, 0x5200),
}


def same_shape(draws: Draws, surface: str) -> str:
    """A text with the letters and digits of ``surface`` drawn anew and all else kept.

    A number that did not begin with a zero does not begin with one now.
    """
    made: list[str] = []
    for place, character in enumerate(surface):
        if character in _DIGITS:
            opens = character != "0" and (place == 0 or surface[place - 1] not in _DIGITS)
            made.append(str(1 + draws.below(9)) if opens else draws.choice(_DIGITS))
        elif character in _LOWER:
            made.append(draws.choice(_LOWER))
        elif character in _UPPER:
            made.append(draws.choice(_UPPER))
        else:
            made.append(_of_its_script(draws, character))
    return "".join(made)


def same_script(key: bytes, kind: str, word: str, bump: int = 0) -> str:
    """A word of the same length and script, in the same case."""
    return same_shape(Draws(key, "script", kind, word.casefold(), str(bump)), word)


def _of_its_script(draws: Draws, character: str) -> str:
    if not character.isalpha():
        digit = unicodedata.decimal(character, None)
        return character if digit is None else chr(ord(character) - digit + draws.below(10))
    letters = _alphabet(character)
    if not letters:
        return draws.choice(_UPPER if character.isupper() else _LOWER)
    drawn = draws.choice(letters)
    return drawn.upper() if character.isupper() and len(drawn.upper()) == 1 else drawn


@cache
def _alphabet(character: str) -> str:
    script = unicodedata.name(character, "").partition(" ")[0]
    if script not in _SCRIPTS:
        return ""
    letters = map(chr, range(*_SCRIPTS[script]))
    return "".join(letter for letter in letters if letter.isalpha())
