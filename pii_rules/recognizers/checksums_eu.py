"""Check digits of European identity and tax numbers, each by its office's published rule.

Functions take the matched text, separators included, and say whether it is valid. Sources:
ISO/IEC 7064 MOD 11,10 (German Steuer-ID and USt-IdNr, Croatian OIB), INSEE (NIR), Orden
INT/2058/2008 (DNI, NIE), DM 23.12.1976 (codice fiscale), Rijksdienst voor
Identiteitsgegevens (BSN), Rijksregister (Belgium), PESEL act of 2010, Skatteverket SKV 704,
Digi- ja väestötietovirasto (HETU), Skatteetaten (fødselsnummer), ZAS/CdC (AHV, EAN-13),
Dachverband der Sozialversicherungsträger (Austria), Revenue (PPS number).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pii_rules.recognizers.checksums import luhn

_DNI_LETTERS: Final = "TRWAGMYFPDXBNJZSQVHLCKE"
_HETU_LETTERS: Final = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_PPS_LETTERS: Final = "WABCDEFGHIJKLMNOPQRSTUV"
_ODD_VALUES: Final = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21) * 2
        + (2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)


def _code(text: str) -> str:
    return "".join(character for character in text if character.isalnum()).upper()


def _digits(text: str) -> list[int]:
    return [int(character) for character in text if character.isdecimal()]


def _weighted(digits: Sequence[int], weights: Sequence[int]) -> int:
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=False))


def mod_11_10(text: str) -> bool:
    """German Steuer-ID and USt-IdNr, Croatian OIB: hybrid system MOD 11,10."""
    product = 10
    *body, check = _digits(text)
    for digit in body:
        product = ((product + digit) % 10 or 10) * 2 % 11
    return (product + check) % 10 == 1


def french_nir(text: str) -> bool:
    """Social security number: key of two digits, modulo 97; Corsica is 19 and 18."""
    code = _code(text)
    number = int(code[:13].replace("2A", "19").replace("2B", "18"))
    return 97 - number % 97 == int(code[13:])


def spanish_dni(text: str) -> bool:
    """DNI and NIE: letter of the number modulo 23; X, Y, Z stand for 0, 1, 2."""
    code = _code(text)
    number = {"X": "0", "Y": "1", "Z": "2"}.get(code[0], code[0]) + code[1:-1]
    return _DNI_LETTERS[int(number) % 23] == code[-1]


def italian_codice_fiscale(text: str) -> bool:
    """Letter of the sum of two tables, modulo 26."""
    code = _code(text)
    even = sum(int(c, 36) if c.isdecimal() else ord(c) - 65 for c in code[1:15:2])
    return (even + sum(_ODD_VALUES[c] for c in code[:15:2])) % 26 == ord(code[15]) - 65


def dutch_bsn(text: str) -> bool:
    """Eleven-test with weights 9 to 2 and -1."""
    digits = _digits(text)
    return any(digits) and _weighted(digits, (9, 8, 7, 6, 5, 4, 3, 2, -1)) % 11 == 0


def belgian_register(text: str) -> bool:
    """National register number: modulo 97, a 2 in front for births since 2000."""
    code = "".join(map(str, _digits(text)))
    return any(97 - int(century + code[:9]) % 97 == int(code[9:]) for century in ("", "2"))


def polish_pesel(text: str) -> bool:
    """Weights 1 3 7 9, modulo 10."""
    return _weighted(_digits(text), (1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1)) % 10 == 0


def portuguese_nif(text: str) -> bool:
    """Weights 9 to 2, modulo 11; ten becomes nought."""
    digits = _digits(text)
    return (11 - _weighted(digits[:8], range(9, 1, -1)) % 11) % 11 % 10 == digits[8]


def swedish_personal(text: str) -> bool:
    """Luhn over the last ten digits."""
    return luhn("".join(map(str, _digits(text)[-10:])))


def finnish_hetu(text: str) -> bool:
    """Character of the nine digits modulo 31."""
    code = _code(text)
    digits = "".join(map(str, _digits(text)))[:9]
    return _HETU_LETTERS[int(digits) % 31] == code[-1]


def norwegian_birth(text: str) -> bool:
    """Two check digits modulo 11."""
    digits = _digits(text)
    first = _weighted(digits, (3, 7, 6, 1, 8, 9, 4, 5, 2, 1)) % 11
    second = _weighted(digits, (5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1)) % 11
    return first == second == 0


def swiss_ahv(text: str) -> bool:
    """Thirteen digits of EAN-13."""
    return _weighted(_digits(text), (1, 3) * 6 + (1,)) % 10 == 0


def austrian_insurance(text: str) -> bool:
    """The fourth digit checks the others, modulo 11."""
    digits = _digits(text)
    return _weighted(digits, (3, 7, 9, 0, 5, 8, 4, 2, 1, 6)) % 11 == digits[3]


def irish_pps(text: str) -> bool:
    """Letter of the weighted digits and the second letter, modulo 23."""
    code = _code(text)
    second = ord(code[8]) - 64 if len(code) == 9 and code[8] != "W" else 0
    return (
        _PPS_LETTERS[(_weighted(_digits(code[:7]), range(8, 1, -1)) + 9 * second) % 23] == code[7]
    )
