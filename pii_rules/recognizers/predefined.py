"""Presidio's own recognizers that are worth running, adopted for a language.

Left out on purpose: the US driver's licence (its pattern fits nearly every short code;
the labelled rule in packs/core.yaml takes its place), and what an own rule covers
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
    """A class of Presidio and what is changed about it (None or True: nothing)."""

    kind: Callable[..., PatternRecognizer]
    context: tuple[str, ...] | None = None
    decisive: bool = True
    patterns: tuple[tuple[str, str, float], ...] = ()


_NHS: Final = (
    ("NHS in three groups", r"\b\d{3}[- ]\d{3}[- ]\d{4}\b", 0.3),
    ("NHS in one piece", r"\b\d{10}\b", 0.1),
)
_DEA: Final = (("DEA certificate", r"\b[ABCDEFGHJKLMPRSTUX][A-Z9]\d{7}\b", 0.4),)
_IPV6: Final = tuple(
    (pattern.name, pattern.regex, pattern.score)
    for pattern in IpRecognizer.PATTERNS
    if pattern.name != "IPv4"  # an own rule
)

_ADOPTED: Final = (
    _Adopted(CryptoRecognizer),
    _Adopted(DateRecognizer, ("date", "birth", "born", "日期", "出生", "生日")),
    _Adopted(IpRecognizer, patterns=_IPV6),
    _Adopted(MacAddressRecognizer),
    _Adopted(UuidRecognizer),
    _Adopted(UsSsnRecognizer, ("social security", "ssn", "ssns", "社会安全", "社安")),
    _Adopted(UsItinRecognizer, ("taxpayer", "itin", "tax id", "tin")),
    _Adopted(UsMbiRecognizer),
    _Adopted(UsNpiRecognizer, ("npi", "national provider"), decisive=False),
    _Adopted(AbaRoutingRecognizer, ("aba", "routing"), decisive=False),
    _Adopted(
        UsBankRecognizer,
        ("account", "acct", "bank", "checking", "savings", "账号", "账户", "银行", "卡号"),
    ),
    _Adopted(UsPassportRecognizer, ("passport", "travel document", "护照")),
    _Adopted(UkPassportRecognizer, ("passport", "travel document", "hmpo", "护照")),
    _Adopted(NhsRecognizer, ("nhs", "national health"), decisive=False, patterns=_NHS),
    _Adopted(UkNinoRecognizer),
    _Adopted(
        MedicalLicenseRecognizer,
        ("medical", "certificate", "dea", "licence", "license"),
        decisive=False,
        patterns=_DEA,
    ),
)


def predefined_rules(language: str) -> list[Rule]:
    """Fresh rules for one language, in a fixed order."""
    return [_rule(adopted, language) for adopted in _ADOPTED]


def _rule(adopted: _Adopted, language: str) -> Rule:
    patterns = [Pattern(*pattern) for pattern in adopted.patterns] or None
    recognizer = adopted.kind(patterns=patterns, supported_language=language)
    return adopt(recognizer, language, context=adopted.context, decisive=adopted.decisive)
