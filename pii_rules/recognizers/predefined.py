"""Presidio's own recognizers that are worth running, adopted for a language.

Left out on purpose: the US driver's licence (its pattern fits nearly every short code;
the rule in packs/us.yaml takes its place), and what an own rule covers
better: e-mail, phone, card, IBAN, URL, IPv4.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from presidio_analyzer import Pattern, PatternRecognizer
from presidio_analyzer.predefined_recognizers import (
    AbaRoutingRecognizer,
    CryptoRecognizer,
    DateRecognizer,
    IpRecognizer,
    MacAddressRecognizer,
    MedicalLicenseRecognizer,
    NhsRecognizer,
    UkNinoRecognizer,
    UkPassportRecognizer,
    UsBankRecognizer,
    UsItinRecognizer,
    UsMbiRecognizer,
    UsNpiRecognizer,
    UsPassportRecognizer,
    UsSsnRecognizer,
    UuidRecognizer,
)

from pii_rules.recognizers.rule import Rule, adopt


class _Adopted(NamedTuple):
    """A class of Presidio and what is changed about it (defaults: nothing)."""

    kind: Callable[..., PatternRecognizer]
    context: tuple[str, ...] | None = None
    decisive: bool = True
    patterns: tuple[tuple[str, str, float], ...] = ()
    anchors: tuple[str, ...] = ()
    digits: int = 0


_LEFT: Final = "(?<![A-Z0-9])"
_RIGHT: Final = "(?![A-Z0-9])"
_NHS: Final = (
    ("NHS in three groups", rf"{_LEFT}\d{{3}}[- ]\d{{3}}[- ]\d{{4}}{_RIGHT}", 0.3),
    ("NHS in one piece", rf"{_LEFT}\d{{10}}{_RIGHT}", 0.1),
)
_DEA: Final = (("DEA certificate", rf"{_LEFT}[ABCDEFGHJKLMPRSTUX][A-Z9]\d{{7}}{_RIGHT}", 0.4),)
# "C::" in a program is no address: one digit at least. IPv4 is an own rule.
_IPV6: Final = tuple(
    (pattern.name, rf"(?=[A-F:]{{0,39}}\d){pattern.regex}", pattern.score)
    for pattern in IpRecognizer.PATTERNS
    if pattern.name != "IPv4"
)
# What begins with 9 and has one of these groups is a taxpayer number; the rest was never issued,
# but in this form it is meant as a social security number.
_TAXPAYER: Final = r"9\d\d[- .]?(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])"
_SSN: Final = tuple(
    (pattern.name, rf"(?!{_TAXPAYER}){pattern.regex}", pattern.score)
    for pattern in UsSsnRecognizer.PATTERNS
)

_ADOPTED: Final = (
    _Adopted(CryptoRecognizer, anchors=("bc1", "1", "3")),
    _Adopted(
        DateRecognizer, ("date", "birth", "born", "日期", "出生", "生日"), anchors=("/", "-", ".")
    ),
    _Adopted(IpRecognizer, patterns=_IPV6, anchors=(":",)),
    _Adopted(MacAddressRecognizer, anchors=(":", "-", ".")),
    _Adopted(UuidRecognizer, anchors=("-",)),
    _Adopted(
        UsSsnRecognizer,
        ("social security", "ssn", "ssns", "社会安全", "社安"),
        patterns=_SSN,
        digits=9,
    ),
    _Adopted(UsItinRecognizer, ("taxpayer", "itin", "tax id", "tin"), digits=9),
    _Adopted(UsMbiRecognizer, digits=5),
    _Adopted(UsNpiRecognizer, ("npi", "national provider"), decisive=False, digits=10),
    _Adopted(AbaRoutingRecognizer, ("aba", "routing"), decisive=False, digits=9),
    _Adopted(
        UsBankRecognizer,
        ("account", "acct", "bank", "checking", "savings", "账号", "账户", "银行", "卡号"),
        digits=8,
    ),
    _Adopted(UsPassportRecognizer, ("passport", "travel document", "护照"), digits=8),
    _Adopted(UkPassportRecognizer, ("passport", "travel document", "hmpo", "护照"), digits=7),
    _Adopted(NhsRecognizer, ("nhs", "national health"), decisive=False, patterns=_NHS, digits=10),
    _Adopted(UkNinoRecognizer, digits=6),
    _Adopted(
        MedicalLicenseRecognizer,
        ("medical", "certificate", "dea", "licence", "license"),
        decisive=False,
        patterns=_DEA,
        digits=7,
    ),
)


def predefined_rules(language: str) -> list[Rule]:
    """Fresh rules for one language, in a fixed order."""
    return [_rule(adopted, language) for adopted in _ADOPTED]


def _rule(adopted: _Adopted, language: str) -> Rule:
    patterns = [Pattern(*pattern) for pattern in adopted.patterns] or None
    recognizer = adopted.kind(patterns=patterns, supported_language=language)
    return adopt(
        recognizer,
        language,
        context=adopted.context,
        decisive=adopted.decisive,
        anchors=adopted.anchors,
        digits=adopted.digits,
        seconds=None,
    )
