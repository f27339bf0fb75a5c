"""Check digits and number formats: each function says yes, no, or "cannot tell" (None).

Sources: ISO/IEC 7812-1 Annex B (Luhn), ISO 13616-1 and ISO/IEC 7064 MOD 97-10 (IBAN),
GB 11643-1999 with ISO/IEC 7064 MOD 11-2 (resident identity number), GB 32100-2015
(unified social credit code), 49 CFR 565.15 (vehicle identification number),
HMRC's specification of modulus 11 (unique taxpayer reference).
"""

from __future__ import annotations

from datetime import date
from hashlib import sha256
from typing import Final

import regex  # type: ignore[import-untyped]
import tldextract
from phonenumbers import SUPPORTED_REGIONS

# The suffix list inside the package: no request to publicsuffix.org, no cache folder.
_suffixes = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)

_DECIMAL: Final = regex.compile(r"\d{1,3}\.\d{1,12}")
_RESIDENT_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_RESIDENT_CHECKS: Final = "10X98765432"
_PROVINCES: Final = frozenset(
    f"{region}{place}"
    for region, places in {
        1: "12345",
        2: "123",
        3: "1234567",
        4: "123456",
        5: "01234",
        6: "12345",
        7: "1",
        8: "123",
    }.items()
    for place in places
)
_VIN_VALUES: Final = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ0123456789", "12345678123457923456789" + "0123456789", strict=True)
)
_VIN_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
_EIN_UNUSED: Final = frozenset(
    f"{prefix:02}" for prefix in (0, 7, 8, 9, 17, 18, 19, 28, 29, 49, 69, 70, 78, 79, 89, 96, 97)
)
_UTR_WEIGHTS: Final = (6, 7, 8, 9, 10, 5, 4, 3, 2)
_UTR_CHECKS: Final = "21987654321"
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_TAIWAN_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
_CREDIT_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_WEIGHTS: Final = tuple(pow(3, place, 31) for place in range(17))


def _alphanumerics(text: str) -> str:
    return "".join(character for character in text if character.isalnum()).upper()


def luhn(text: str) -> bool:
    """Whether the digits of ``text`` end in their Luhn check digit and are not all equal."""
    digits = [int(character) for character in text if character.isdecimal()]
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(set(digits)) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def card(text: str) -> bool | None:
    """Yes by Luhn; otherwise it may be a card with a typing error (context decides)."""
    return luhn(text) or None


def iban(text: str) -> bool | None:
    """Yes by its check digits; otherwise it may be an IBAN with a typing error."""
    code = _alphanumerics(text)
    rearranged = code[4:] + code[:4]
    return int("".join(str(int(character, 36)) for character in rearranged)) % 97 == 1 or None


def resident_id(text: str) -> bool | None:
    """A Chinese resident identity number of 18 or 15 digits.

    No without a province and a possible date of birth. Yes by the check character; a wrong
    one, or the old form that has none, cannot tell.
    """
    code = _alphanumerics(text)
    born = code[6:14] if len(code) == 18 else "19" + code[6:12]
    if code[:2] not in _PROVINCES or not _is_birth_date(born):
        return False
    if len(code) == 15:
        return None
    total = sum(w * int(d) for w, d in zip(_RESIDENT_WEIGHTS, code, strict=False))
    return _RESIDENT_CHECKS[total % 11] == code[17] or None


def _is_birth_date(digits: str) -> bool:
    """A calendar date of 1800-2099: no look at the clock, which would change answers."""
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    return 1800 <= day.year <= 2099


def social_credit_code(text: str) -> bool:
    """Whether an 18-character unified social credit code ends in its check character."""
    code = _alphanumerics(text)
    if any(character not in _CREDIT_ALPHABET for character in code):
        return False
    values = [_CREDIT_ALPHABET.index(character) for character in code]
    total = sum(w * v for w, v in zip(_CREDIT_WEIGHTS, values, strict=False))
    return (31 - total % 31) % 31 == values[17]


def vin(text: str) -> bool | None:
    """Yes by the check digit; outside North America a vehicle need not have one."""
    code = text.upper()
    total = sum(w * int(_VIN_VALUES[c]) for w, c in zip(_VIN_WEIGHTS, code, strict=True))
    return "0123456789X"[total % 11] == code[8] or None


def ein(text: str) -> bool | None:
    """Yes if the IRS gives out the prefix; new prefixes appear, so others cannot tell."""
    return text[:2] not in _EIN_UNUSED or None


def uk_utr(text: str) -> bool:
    """Whether ten digits begin with the check digit of the nine behind it."""
    digits = [int(character) for character in text if character.isdecimal()]
    total = sum(w * d for w, d in zip(_UTR_WEIGHTS, digits[1:], strict=True))
    return _UTR_CHECKS[total % 11] == str(digits[0])


def bic_country(text: str) -> bool | None:
    """No unless the fifth and sixth letters are a country (ISO 9362, ISO 3166-1)."""
    return None if text[4:6].upper() in SUPPORTED_REGIONS else False


def base58check(text: str) -> bool | None:
    """Whether an address carries its checksum; None for Monero, which uses another."""
    if len(text) > 40:
        return None
    number = 0
    for character in text:
        number = number * 58 + _BASE58.index(character)
    raw = number.to_bytes(26, "big")
    payload, check = raw[-25 if raw[0] == 0 else 0 : -4], raw[-4:]
    return sha256(sha256(payload).digest()).digest()[:4] == check


def coordinates(text: str) -> bool | None:
    """No for a pair of decimal degrees outside 90 by 180; other notations cannot tell."""
    degrees = [abs(float(number)) for number in _DECIMAL.findall(text)]
    if len(degrees) != 2:
        return None
    return degrees[0] <= 90 and degrees[1] <= 180


def hong_kong_id(text: str) -> bool:
    """Whether a Hong Kong identity card number ends in its check digit (modulo 11)."""
    code = _alphanumerics(text)
    values = [int(character, 36) for character in code[:-1]]
    padded = [36, *values] if len(values) == 7 else values
    total = sum(w * v for w, v in zip(range(9, 1, -1), padded, strict=True))
    return (total + int(code[-1], 11)) % 11 == 0


def taiwan_id(text: str) -> bool:
    """Whether a Taiwan identity card number ends in its check digit (modulo 10)."""
    letter = 10 + _TAIWAN_LETTERS.index(text[0].upper())
    digits = [*divmod(letter, 10), *map(int, text[1:])]
    return (
        sum(w * d for w, d in zip((1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1), digits, strict=True)) % 10 == 0
    )


def email_domain(text: str) -> bool | None:
    """Yes for an address under a public suffix; an unknown suffix may be a host inside."""
    return True if _suffixes(text.rpartition("@")[2]).suffix else None
