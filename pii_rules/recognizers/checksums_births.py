"""Check digits of identity numbers that hold a date of birth, each by its office's rule.

Functions take the matched text, separators included, and say whether it is valid: the date
is in the calendar and the check digit right. Sources: ordinance on the ЕГН (Bulgaria), zákon
133/2000 Sb. (rodné číslo; Slovakia: 301/1995 Z. z.), CPR-kontoret (Denmark), EVS 585
(isikukood; the Lithuanian asmens kodas is made alike), ΗΔΙΚΑ (ΑΜΚΑ), 1996. évi XX. törvény
(Hungary), Iedzīvotāju reģistra likums (personas kods), OUG 97/2005 (CNP), Zakon o centralnem
registru prebivalstva (EMŠO; the JMBG of Yugoslavia's other successors is made alike), loi du
19 juin 2013 (Luxembourg: Luhn, and Verhoeff's "Error Detecting Decimal Codes" of 1969).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final

from pii_rules.recognizers.checksums import luhn

_VERHOEFF: Final = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
_WITHOUT_DATE: Final = 32  # Latvian codes since 2017


def _digits(text: str) -> list[int]:
    return [int(character) for character in text if character.isdecimal()]


def _number(digits: Sequence[int]) -> int:
    return int("".join(map(str, digits)))


def _weighted(digits: Sequence[int], weights: Sequence[int]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=False))


def _in_calendar(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _pairs(digits: Sequence[int]) -> tuple[int, int, int]:
    """Six digits as three numbers of two."""
    first, second, third = (_number(digits[place : place + 2]) for place in (0, 2, 4))
    return first, second, third


def bulgarian_egn(text: str) -> bool:
    """ЕГН: modulo 11; months 21 to 32 mean the 1800s, 41 to 52 the 2000s."""
    digits = _digits(text)
    year, month, day = _pairs(digits)
    century, month = divmod(month, 20)
    valid = _in_calendar((1900, 1800, 2000, 0, 0)[century] + year, month, day)
    return valid and _weighted(digits, (2, 4, 8, 5, 10, 9, 7, 3, 6)) % 11 % 10 == digits[9]


def czech_birth_number(text: str) -> bool | None:
    """Rodné číslo: ten digits divisible by 11 (a rest of 10 counts as 0 until 1985).

    Women's months are 50 higher, an overflow's 20. Nine digits, given until 1953, have no
    check digit and cannot tell.
    """
    digits = _digits(text)
    year, month, day = _pairs(digits)
    year += 2000 if len(digits) == 10 and year < 54 else 1900
    if not _in_calendar(year, month % 50 % 20, day):
        return False
    if len(digits) == 9:
        return None if year < 1954 else False
    return _number(digits[:9]) % 11 % 10 == digits[9]


def danish_cpr(text: str) -> bool | None:
    """CPR: a date; yes by modulus 11, which numbers given since 2007 need not fit."""
    digits = _digits(text)
    day, month, year = _pairs(digits)
    if not any(_in_calendar(century + year, month, day) for century in (1900, 2000)):
        return False
    return _weighted(digits, (4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11 == 0 or None


def baltic_code(text: str) -> bool:
    """Isikukood and asmens kodas: modulo 11 with a second set of weights for a rest of 10."""
    digits = _digits(text)
    year, month, day = _pairs(digits[1:])
    if not _in_calendar(1800 + (digits[0] - 1) // 2 * 100 + year, month, day):
        return False
    rest = _weighted(digits, (1, 2, 3, 4, 5, 6, 7, 8, 9, 1)) % 11
    if rest == 10:
        rest = _weighted(digits, (3, 4, 5, 6, 7, 8, 9, 1, 2, 3)) % 11 % 10
    return rest == digits[10]


def greek_amka(text: str) -> bool:
    """ΑΜΚΑ: a date and Luhn."""
    day, month, year = _pairs(_digits(text))
    return luhn(text) and any(_in_calendar(c + year, month, day) for c in (1900, 2000))


def hungarian_personal(text: str) -> bool:
    """Személyi azonosító: modulo 11; weights rise for births until 1996, fall after."""
    digits = _digits(text)
    year, month, day = _pairs(digits[1:])
    year += 1900 if digits[0] in {1, 2, 5, 6} else 2000
    weights = range(1, 11) if year < 1997 else range(10, 0, -1)
    return _in_calendar(year, month, day) and _weighted(digits, weights) % 11 == digits[10]


def hungarian_insurance(text: str) -> bool:
    """TAJ: weights 3 and 7, modulo 10."""
    digits = _digits(text)
    return any(digits) and _weighted(digits, (3, 7) * 4) % 10 == digits[8]


def hungarian_tax(text: str) -> bool:
    """Adóazonosító jel: weights 1 to 9, modulo 11; days since 1867 instead of a date."""
    digits = _digits(text)
    return _weighted(digits, range(1, 10)) % 11 == digits[9]


def latvian_code(text: str) -> bool:
    """Personas kods: 1101 less the weighted digits, modulo 11; since 2017 without a date."""
    digits = _digits(text)
    day, month, year = _pairs(digits)
    dated = _in_calendar(1800 + 100 * digits[6] + year, month, day)
    rest = (1101 - _weighted(digits, (1, 6, 3, 7, 9, 10, 5, 8, 4, 2))) % 11 % 10
    return (dated or day == _WITHOUT_DATE) and rest == digits[10]


def romanian_cnp(text: str) -> bool:
    """CNP: sex and century, date, county, modulo 11; a rest of 10 becomes 1."""
    digits = _digits(text)
    year, month, day = _pairs(digits[1:])
    centuries = {1: (1900,), 2: (1900,), 3: (1800,), 4: (1800,), 5: (2000,), 6: (2000,)}
    possible = centuries.get(digits[0], (1900, 2000))
    rest = _weighted(digits, (2, 7, 9, 1, 4, 6, 3, 5, 8, 2, 7, 9)) % 11
    dated = any(_in_calendar(century + year, month, day) for century in possible)
    return dated and (1 if rest == 10 else rest) == digits[12]


def slovenian_emso(text: str) -> bool:
    """EMŠO and JMBG: a date with three digits of the year, modulo 11."""
    digits = _digits(text)
    day, month, year = _number(digits[:2]), _number(digits[2:4]), _number(digits[4:7])
    rest = _weighted(digits, (7, 6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11
    return _in_calendar(year + (1000 if year >= 800 else 2000), month, day) and rest == 0


def luxembourg_id(text: str) -> bool:
    """Matricule: a date, then a check digit by Luhn and one by Verhoeff over the same eleven."""
    digits = _digits(text)
    dated = _in_calendar(_number(digits[:4]), *_pairs([*digits[4:8], 0, 0])[:2])
    plain = "".join(map(str, digits[:12]))
    return dated and luhn(plain) and _verhoeff([*digits[:11], digits[12]])


def _verhoeff(digits: Sequence[int]) -> bool:
    """Whether the digits multiply to 0 in the dihedral group of order ten."""
    product = 0
    for place, digit in enumerate(reversed(digits)):
        permuted = digit
        for _ in range(place % 8):
            permuted = _VERHOEFF[permuted]
        product = _dihedral(product, permuted)
    return product == 0


def _dihedral(left: int, right: int) -> int:
    turned = left % 5 - right % 5 if left >= 5 else left % 5 + right % 5
    return turned % 5 + (5 if (left >= 5) != (right >= 5) else 0)
