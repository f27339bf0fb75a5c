"""Fake numbers that a state gives out.

United States: areas 900 to 999 are never issued as social security numbers, and the groups left
out here are those of taxpayer numbers. Great Britain: NHS numbers from 999, kept for tests.
Devices: type codes from 00, kept for tests (GSMA TS.06). The others have no reserved range.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from pii_rules.surrogates.checked import passing
from pii_rules.surrogates.lists import words
from pii_rules.surrogates.phones import poured
from pii_rules.surrogates.prf import Draws
from pii_rules.surrogates.shapes import same_shape

_NOT_ITIN: Final = (*range(1, 50), 66, 67, 68, 69, 89, 93)
_ITIN: Final = (*range(70, 89), 90, 91, 92, *range(94, 100))
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS: Final = "10X98765432"
_PROVINCES: Final = words("zh", "province_codes")
_EPOCH: Final = date(1940, 1, 1)
_DAYS: Final = 24_000  # births of 1940 to 2005
_PLATES: Final = "京津沪渝冀豫云辽黑湘皖鲁苏浙赣鄂桂甘晋陕吉闽贵粤川宁琼"
_NINO_FIRST: Final = "ABCEGHJKLMNPRSTWXYZ"
_NINO_SECOND: Final = "ABCEGHJKLMPRSWXYZ"
_PLATE_LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXY"


def fake_ssn(draws: Draws, surface: str) -> str:
    """A social security number that is never issued."""
    digits = sum(c.isdecimal() for c in surface)
    if digits != 9:
        return same_shape(draws, surface)
    serial = 1 + draws.below(9999)
    return poured(surface, f"9{draws.digits(2)}{draws.choice(_NOT_ITIN):02}{serial:04}")


def fake_itin(draws: Draws, surface: str) -> str:
    """A taxpayer number of the groups in use; there is no range for tests."""
    digits = sum(c.isdecimal() for c in surface)
    if digits != 9:
        return same_shape(draws, surface)
    return poured(surface, f"9{draws.digits(2)}{draws.choice(_ITIN):02}{draws.digits(4)}")


def fake_nhs(draws: Draws, surface: str) -> str:
    """An NHS number for tests."""
    digits = [c for c in surface if c.isdecimal()]
    if len(digits) != 10:
        return same_shape(draws, surface)
    while True:
        body = "999" + draws.digits(6)
        check = 11 - sum((10 - n) * int(d) for n, d in enumerate(body)) % 11
        if check != 10:
            return poured(surface, f"{body}{check % 11}")


def fake_nino(draws: Draws, surface: str) -> str:
    """A national insurance number of an allowed form."""
    made = poured(surface, draws.digits(sum(c.isdecimal() for c in surface)))
    letters = [n for n, c in enumerate(made) if c.isalpha()]
    drawn = [draws.choice(_NINO_FIRST), draws.choice(_NINO_SECOND), draws.choice("ABCD")]
    text = list(made)
    for place, letter in zip(letters, drawn, strict=False):
        text[place] = letter if made[place].isupper() else letter.lower()
    return "".join(text)


def fake_imei(draws: Draws, surface: str) -> str:
    """A device number with a type code for tests."""
    return passing("IMEI", draws, surface) if len(surface) < 15 else _imei(draws, surface)


def fake_resident_id(draws: Draws, surface: str) -> str:
    """A resident identity number: drawn place and birth, the same sex, a right check character."""
    code = "".join(c for c in surface if c.isalnum())
    born = _EPOCH + timedelta(days=draws.below(_DAYS))
    sex = int(code[-2]) % 2 if code[-2:-1].isdecimal() else draws.below(2)
    place = f"{draws.choice(_PROVINCES)}01{1 + draws.below(8):02}"
    sequence = f"{draws.below(100):02}{2 * draws.below(5) + sex}"
    if len(code) == 15:
        sex = int(code[-1]) % 2
        return f"{place}{born:%y%m%d}{draws.below(100):02}{2 * draws.below(5) + sex}"
    body = f"{place}{born:%Y%m%d}{sequence}"
    total = sum(w * int(d) for w, d in zip(_WEIGHTS, body, strict=True))
    return body + _CHECKS[total % 11]


def fake_plate(draws: Draws, surface: str) -> str:
    """A licence plate of the same form; a Chinese one of a drawn province."""
    if surface[:1] in _PLATES:
        made = draws.choice(_PLATES) + draws.choice("ABCDEFGH")
        return made + same_shape(draws, surface[len(made) :])
    text = list(same_shape(draws, surface))
    for place, character in enumerate(text):
        if character.isalpha() and character.isascii():
            drawn = draws.choice(_PLATE_LETTERS)
            text[place] = drawn if character.isupper() else drawn.lower()
        elif character.isdecimal() and place == 2:
            text[place] = draws.choice("1567")  # the years of British plates
    return "".join(text)


def _imei(draws: Draws, surface: str) -> str:
    digits = sum(c.isdecimal() for c in surface)
    body = ("00" + draws.digits(digits))[: digits - 1]
    doubled = [sum(divmod(2 * int(d), 10)) for d in body[::-2]]
    check = -(sum(doubled) + sum(map(int, body[-2::-2]))) % 10
    return poured(surface, f"{body}{check}")
