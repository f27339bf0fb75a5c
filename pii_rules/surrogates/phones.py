"""Fake phone numbers, from the ranges that regulators keep for drama where there is one.

United States and Canada: 555-0100 to 555-0199 (NANPA). Great Britain: Ofcom's numbers for drama
use. France: Arcep's decision 2018-0881, annex 1. Elsewhere: operator prefix and length stay and
the rest is drawn until the numbering plan has it.
"""

from __future__ import annotations

from typing import Final

import phonenumbers
import regex  # type: ignore[import-untyped]

from pii_rules.recognizers.phone import REGIONS
from pii_rules.surrogates.lists import words
from pii_rules.surrogates.prf import Draws

_NORTH_AMERICA: Final = tuple(f"{area}55501xx" for area in words("en", "area_codes"))
_RESERVED: Final[dict[int, tuple[str, ...]]] = {
    1: _NORTH_AMERICA,
    44: (
        "7700900xxx",
        "2079460xxx",
        *(f"{city}4960xxx" for city in (113, 114, 115, 116, 117, 118, 121, 131, 141, 151, 161)),
        "1914980xxx",
        "1632960xxx",
    ),
    33: ("19900xxxx", "26191xxxx", "35301xxxx", "46571xxxx", "53649xxxx", "63998xxxx"),
}
_EXTENSION: Final = regex.compile(r"(?: ?(?:x|ext\.?|分机) ?\d{1,6})$", regex.IGNORECASE)
_KEPT: Final = 3
_TRIES: Final = 60


def fake_phone(draws: Draws, surface: str) -> str:
    """A number in the format of ``surface``."""
    extension = _EXTENSION.search(surface)
    end = extension.start() if extension else len(surface)
    parsed = _parsed(surface[:end])
    digits = [c for c in surface[:end] if c.isdecimal()]
    national = phonenumbers.national_significant_number(parsed) if parsed else "".join(digits)
    if not "".join(digits).endswith(national):
        national = "".join(digits)
        parsed = None
    made = _national(draws, parsed, national)
    before = "".join(digits)[: len(digits) - len(national)]
    rest = "".join(str(draws.below(10)) if c.isdecimal() else c for c in surface[end:])
    return poured(surface[:end], before + made) + rest


def poured(surface: str, digits: str) -> str:
    """``surface`` with its decimal digits replaced, in order."""
    following = iter(digits)
    return "".join(next(following) if c.isdecimal() else c for c in surface)


def _national(draws: Draws, parsed: phonenumbers.PhoneNumber | None, national: str) -> str:
    country = (parsed.country_code or 0) if parsed else 0
    templates = _RESERVED.get(country, ())
    fitting = [t for t in templates if len(t) == len(national)]
    alike = [t for t in fitting if t[0] == national[0]] or fitting
    if alike:
        template = draws.choice(alike)
        return "".join(str(draws.below(10)) if c == "x" else c for c in template)
    kept = national[: min(_KEPT, max(len(national) - 5, 0))]
    valid = parsed is not None and phonenumbers.is_valid_number(parsed)
    for _ in range(_TRIES):
        made = kept + draws.digits(len(national) - len(kept))
        if parsed is None or not valid or _is_valid(country, made):
            break
    return made


def _is_valid(country: int, national: str) -> bool:
    number = _parsed(f"+{country}{national}")
    return number is not None and bool(phonenumbers.is_valid_number(number))


def _parsed(number: str) -> phonenumbers.PhoneNumber | None:
    international = number.startswith(("+", "00"))
    for region in (None,) if international else REGIONS:
        try:
            parsed = (
                phonenumbers.parse(number.replace("00", "+", 1), region)
                if (number.startswith("00"))
                else phonenumbers.parse(number, region)
            )
        except phonenumbers.NumberParseException:
            continue
        if international or phonenumbers.is_valid_number(parsed):
            return parsed
    return None
