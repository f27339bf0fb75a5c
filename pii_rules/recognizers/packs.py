"""Rule packs: YAML files in Presidio's recognizer schema.

The files below ``pii_rules/packs`` also load in Presidio itself (a test does so), which
passes over the four keys of our own: ``check`` (a function named below), ``decisive``,
``anchors`` and ``digits`` (see ``Rule``).
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final, NamedTuple

import yaml  # type: ignore[import-untyped]
from presidio_analyzer import Pattern

from pii_rules.recognizers import checksums
from pii_rules.recognizers.rule import Check, Rule
from redactory.canonical import sha256_hex

PACKS: Final = ("core", "us", "uk", "cn", "healthcare", "finance", "government", "secrets")

_CHECKS: Final[dict[str, Check]] = {
    "base58check": checksums.base58check,
    "bic_country": checksums.bic_country,
    "card": checksums.card,
    "coordinates": checksums.coordinates,
    "ein": checksums.ein,
    "email_domain": checksums.email_domain,
    "hong_kong_id": checksums.hong_kong_id,
    "luhn": checksums.luhn,
    "resident_id": checksums.resident_id,
    "social_credit_code": checksums.social_credit_code,
    "taiwan_id": checksums.taiwan_id,
    "uk_utr": checksums.uk_utr,
    "vin": checksums.vin,
}


class Pack(NamedTuple):
    """One rule pack as it lies in the package.

    Attributes:
        name: file name without suffix.
        sha256: hex digest of the file.
        recognizers: its entries, in Presidio's schema.
    """

    name: str
    sha256: str
    recognizers: list[dict[str, Any]]

    def rules(self, language: str) -> list[Rule]:
        """The pack's rules for one language, in the order of the file."""
        return [
            _rule(entry, spoken)
            for entry in self.recognizers
            for spoken in entry["supported_languages"]
            if spoken["language"] == language
        ]


def load_packs() -> list[Pack]:
    """Every built-in pack, in a fixed order."""
    return [_load(name) for name in PACKS]


def _load(name: str) -> Pack:
    raw = (files("pii_rules") / "packs" / f"{name}.yaml").read_bytes()
    return Pack(name, sha256_hex(raw), yaml.safe_load(raw)["recognizers"])


def _rule(entry: dict[str, Any], spoken: dict[str, Any]) -> Rule:
    return Rule(
        entry["supported_entity"],
        entry["name"],
        [Pattern(**pattern) for pattern in entry["patterns"]],
        language=spoken["language"],
        context=spoken.get("context", ()),
        check=_CHECKS[entry["check"]] if "check" in entry else None,
        decisive=entry.get("decisive", True),
        anchors=entry.get("anchors", ()),
        digits=entry.get("digits", 0),
    )
