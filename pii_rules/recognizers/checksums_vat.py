"""Check digits of European VAT numbers, by the rules that tax offices publish for VIES.

Sources: European Commission, TAXUD, "VIES VAT number structure and algorithms"; HMRC (GB);
Bundesamt für Statistik (CHE). Rules take what stands behind the country's letters;
``european_vat`` chooses among them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from pii_rules.recognizers.checksums import luhn
from pii_rules.recognizers.checksums_births import czech_birth_number, latvian_code
from pii_rules.recognizers.checksums_eu import (
    dutch_bsn,
    irish_pps,
    mod_11_10,
    portuguese_nif,
    spanish_dni,
)

Rule = Callable[[str], bool | None]

_CIF_LETTERS: Final = "JABCDEFGHI"
_ODD_CYPRIOT: Final = (1, 0, 5, 7, 9, 13, 15, 17, 19, 21)
_LITHUANIAN: Final = (1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2, 3, 4)


def _sum(number: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=False))


def _divisible(divisor: int, weights: Sequence[int], rest: int = 0) -> Rule:
    """The weighted digits, check digit among them, leave ``rest`` when divided."""
    return lambda number: _sum(number, weights) % divisor == rest


def _remainder(divisor: int, weights: Sequence[int]) -> Rule:
    """The last digit is the weighted others' remainder; a remainder of 10 becomes 0."""
    return lambda number: _sum(number[:-1], weights) % divisor % 10 == int(number[-1])


def _two_passes(number: str, first: Sequence[int], second: Sequence[int]) -> bool:
    """Modulo 11, with other weights when the remainder is 10 (Bulgaria, Lithuania)."""
    rest = _sum(number[:-1], first) % 11
    if rest == 10:
        rest = _sum(number[:-1], second) % 11 % 10
    return rest == int(number[-1])


def _austrian(number: str) -> bool:
    """Luhn with 4 added to the sum."""
    body = [int(digit) for digit in number[1:8]]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in body[1::2])
    return (96 - sum(body[::2]) - doubled) % 10 == int(number[8])


def _belgian(number: str) -> bool:
    return 97 - int(number[:8]) % 97 == int(number[8:])


def _british(number: str) -> bool:
    total = _sum(number, (8, 7, 6, 5, 4, 3, 2, 10, 1))
    return total % 97 == 0 or (total + 55) % 97 == 0


def _bulgarian(number: str) -> bool | None:
    """Nine digits of a company; ten are a person's number of one of three kinds."""
    return _two_passes(number, range(1, 9), range(3, 11)) if len(number) == 9 else None


def _cypriot(number: str) -> bool:
    total = sum(_ODD_CYPRIOT[int(digit)] for digit in number[:8:2])
    return (total + sum(map(int, number[1:8:2]))) % 26 == ord(number[8]) - 65


def _czech(number: str) -> bool | None:
    """Eight digits of a company; more are a birth number, or begin with 6 and cannot tell."""
    if len(number) > 8:
        return None if number[0] == "6" else czech_birth_number(number)
    return (11 - _sum(number, range(8, 1, -1)) % 11) % 10 == int(number[7])


def _dutch(number: str) -> bool:
    """A BSN or RSIN before the B; since 2020 also modulo 97 of the whole."""
    whole = int("".join(str(int(character, 36)) for character in f"NL{number}"))
    return dutch_bsn(number[:9]) or whole % 97 == 1


def _french(number: str) -> bool | None:
    """A key of two digits; newer keys hold letters and cannot tell."""
    if not number.isdecimal():
        return None
    return (12 + 3 * (int(number[2:]) % 97)) % 97 == int(number[:2])


def _latvian(number: str) -> bool:
    if number[0] <= "3":
        return latvian_code(number)
    return _sum(number, (9, 1, 4, 8, 3, 10, 2, 5, 7, 6, 1)) % 11 == 3


def _lithuanian(number: str) -> bool:
    return _two_passes(number, _LITHUANIAN, _LITHUANIAN[2:])


def _luxembourgish(number: str) -> bool:
    return int(number[:6]) % 89 == int(number[6:])


def _romanian(number: str) -> bool:
    total = _sum(number[:-1].zfill(9), (7, 5, 3, 2, 1, 7, 5, 3, 2))
    return total * 10 % 11 % 10 == int(number[-1])


def _slovenian(number: str) -> bool:
    rest = _sum(number, range(8, 1, -1)) % 11
    return rest != 0 and (11 - rest) % 10 == int(number[7])


def _spanish(number: str) -> bool:
    """A DNI, an NIE, a person's number under K, L or M, or a company's."""
    if number[0].isdecimal() or number[0] in "XYZ":
        return number[-1].isalpha() and spanish_dni(number)
    if number[0] in "KLM":
        return number[-1].isalpha() and spanish_dni("0" + number[1:])
    if not number[1:8].isdecimal():
        return False
    body = [int(digit) for digit in number[1:8]]
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in body[::2])
    check = -(doubled + sum(body[1::2])) % 10
    return number[8] in (str(check), _CIF_LETTERS[check])


def _swedish(number: str) -> bool:
    return luhn(number[:10])


def _swiss(number: str) -> bool:
    return -_sum(number[1:], (5, 4, 3, 2, 7, 6, 5, 4)) % 11 == int(number[9])


_RULES: Final[dict[str, Rule]] = {
    "AT": _austrian,
    "BE": _belgian,
    "BG": _bulgarian,
    "CH": _swiss,
    "CY": _cypriot,
    "CZ": _czech,
    "DE": mod_11_10,
    "DK": _divisible(11, (2, 7, 6, 5, 4, 3, 2, 1)),
    "EE": _divisible(10, (3, 7, 1) * 3),
    "EL": _remainder(11, (256, 128, 64, 32, 16, 8, 4, 2)),
    "ES": _spanish,
    "FI": _divisible(11, (7, 9, 10, 5, 8, 4, 2, 1)),
    "FR": _french,
    "GB": _british,
    "HR": mod_11_10,
    "HU": _divisible(10, (9, 7, 3, 1) * 2),
    "IE": irish_pps,
    "IT": luhn,
    "LT": _lithuanian,
    "LU": _luxembourgish,
    "LV": _latvian,
    "MT": _divisible(37, (3, 4, 6, 7, 8, 9, 10, 1)),
    "NL": _dutch,
    "PL": _divisible(11, (6, 5, 7, 2, 3, 4, 5, 6, 7, -1)),
    "PT": portuguese_nif,
    "RO": _romanian,
    "SE": _swedish,
    "SI": _slovenian,
    "SK": lambda number: int(number) % 11 == 0,
}


def european_vat(text: str) -> bool | None:
    """A VAT number of an EU country, Britain or Switzerland; separators are passed over."""
    code = "".join(character for character in text if character.isalnum()).upper()
    return _RULES[code[:2]](code[2:])
