"""IBAN by the lengths of the ISO 13616 registry.

One alternative per length, so that a match never runs into the words behind the number;
a code of no registered length counts beside a context word only.
(Presidio's recognizer shortens matches group by group, and its log line for a number it
cannot check holds the number.)
"""

from __future__ import annotations

from typing import Final

from presidio_analyzer import Pattern

from pii_rules.recognizers.checksums import iban
from pii_rules.recognizers.rule import Rule

_COUNTRIES: Final = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
_LENGTHS: Final = {
    country: length for length, countries in _COUNTRIES.items() for country in countries.split()
}
# Twenty alternatives are a fifth of all patterns' work for the screen.
_SHORTEST: Final = r"(?<![A-Z0-9])[A-Z]{2}\d\d(?:[ -]?[A-Z0-9]){11,}"
_CONTEXT: Final = ("iban", "account", "bank", "账号", "账户", "银行")


def registered_iban(text: str) -> bool | None:
    """Yes by check digits and registered length.

    One hexadecimal identifier in a hundred has right check digits: of no registered form, only
    the context can tell.
    """
    code = [character for character in text if character.isalnum()]
    known = _LENGTHS.get("".join(code[:2]).upper()) == len(code)
    return iban(text) if known else None


def iban_rule(language: str) -> Rule:
    """The IBAN recognizer for one language."""
    codes = "|".join(
        rf"(?:{'|'.join(countries.split())})\d\d(?:[ -]?[A-Z0-9]){{{length - 4}}}"
        for length, countries in _COUNTRIES.items()
    )
    patterns = [
        Pattern("registry", rf"(?<![A-Z0-9])(?=[A-Z]{{2}}\d\d)(?:{codes})(?![A-Z0-9])", 0.3),
        Pattern("any length", r"(?<![A-Z0-9])[A-Z]{2}\d\d[A-Z0-9]{8,30}(?![A-Z0-9])", 0.1),
    ]
    return Rule(
        "IBAN_CODE",
        "Iban",
        patterns,
        language=language,
        context=_CONTEXT,
        check=registered_iban,
        digits=8,
        outlines=(_SHORTEST, patterns[1].regex),
    )
