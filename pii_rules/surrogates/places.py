"""Fake places: a town for a town, an address for an address of the same form."""

from __future__ import annotations

from typing import Final

import regex  # type: ignore[import-untyped]

from pii_rules.surrogates.lists import words
from pii_rules.surrogates.prf import Draws
from pii_rules.surrogates.shapes import same_shape

_HAN: Final = regex.compile(r"\p{Han}")
# What an address is built of, and names no place.
_KEPT: Final = frozenset(words("en", "address_words"))
_STATES: Final = frozenset(words("en", "states"))
_TOKEN: Final = regex.compile(r"[\p{L}\p{M}'’.]+(?:[ ]+[\p{L}\p{M}'’.]+)*|[\p{L}\p{N}]+")
_WORD: Final = regex.compile(r"[\p{L}\p{M}\p{N}'’.]+")
_POSTCODE: Final = regex.compile(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}")
_POSTCODE_AREAS: Final = words("en", "postcode_areas")
# The end of a part of a Chinese address, and the list that its name is drawn from.
_HAN_PART: Final = regex.compile(
    r"(?P<name>\p{Han}{1,12}?)(?P<end>自治区|特别行政区|省|市|区|县|镇|乡|村|街道|大道|大街|路|街|巷|弄|"
    r"小区|花园|大厦|广场|新村)"
)
_LISTS: Final = {
    "省": "provinces",
    "自治区": "provinces",
    "市": "cities",
    "区": "districts",
    "县": "districts",
}


def fake_place(draws: Draws, surface: str) -> str:
    """A place of the same kind."""
    if _HAN.search(surface):
        return _han_place(draws, surface)
    if not any(c.isdigit() for c in surface) and "," not in surface:
        return _in_case(surface, draws.choice(words("en", "towns")))
    return _address(draws, surface)


def _address(draws: Draws, surface: str) -> str:
    """House numbers and names drawn anew; "Street", "Flat" and states stay."""
    pieces, done = [], 0
    for match in regex.finditer(f"(?P<code>{_POSTCODE.pattern})|{_WORD.pattern}", surface):
        pieces.append(surface[done : match.start()])
        text = match.group()
        pieces.append(_postcode(draws, text) if match["code"] else _word(draws, text))
        done = match.end()
    return "".join([*pieces, surface[done:]])


def _word(draws: Draws, text: str) -> str:
    if text.casefold().rstrip(".") in _KEPT or text.casefold() in _KEPT or text in _STATES:
        return text
    if any(c.isdigit() for c in text):
        return same_shape(draws, text)
    return _in_case(text, draws.choice(words("en", "towns")))


def _postcode(draws: Draws, text: str) -> str:
    space = " " if " " in text else ""
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    inward = f"{draws.below(10)}{draws.choice(letters)}{draws.choice(letters)}"
    return f"{draws.choice(_POSTCODE_AREAS)}{1 + draws.below(20)}{space}{inward}"


def _han_place(draws: Draws, surface: str) -> str:
    pieces, done = [], 0
    for match in _HAN_PART.finditer(surface):
        pieces.append(same_digits(draws, surface[done : match.start()]))
        listed = words("zh", _LISTS.get(match["end"], "streets"))
        pieces.append(draws.choice(listed) + match["end"])
        done = match.end()
    if done == 0 and not any(c.isdigit() for c in surface):
        return draws.choice(words("zh", "cities"))
    return "".join([*pieces, same_digits(draws, surface[done:])])


def same_digits(draws: Draws, text: str) -> str:
    """Digits and Latin letters drawn anew; Chinese characters stay."""
    return "".join(c if _HAN.match(c) else same_shape(draws, c) for c in text)


def _in_case(surface: str, fake: str) -> str:
    if len(surface) > 1 and surface.isupper():
        return fake.upper()
    return fake.lower() if surface.islower() else fake
