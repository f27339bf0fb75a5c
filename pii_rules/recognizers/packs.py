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

from pii_rules.recognizers import checksums, checksums_births, checksums_eu, checksums_vat
from pii_rules.recognizers.rule import Check, Rule
from redactory.canonical import sha256_hex

PACKS: Final = ("core", "us", "uk", "eu", "cn", "healthcare", "finance", "government", "secrets")

_CHECKS: Final[dict[str, Check]] = {
    check.__name__: check
    for check in (
        checksums.base58check,
        checksums.bic_country,
        checksums.card,
        checksums.coordinates,
        checksums.ein,
        checksums.email_domain,
        checksums.hong_kong_id,
        checksums.luhn,
        checksums.resident_id,
        checksums.social_credit_code,
        checksums.taiwan_id,
        checksums.uk_utr,
        checksums.vin,
        checksums_births.baltic_code,
        checksums_births.bulgarian_egn,
        checksums_births.czech_birth_number,
        checksums_births.danish_cpr,
        checksums_births.greek_amka,
        checksums_births.hungarian_insurance,
        checksums_births.hungarian_personal,
        checksums_births.hungarian_tax,
        checksums_births.latvian_code,
        checksums_births.luxembourg_id,
        checksums_births.romanian_cnp,
        checksums_births.slovenian_emso,
        checksums_eu.austrian_insurance,
        checksums_eu.belgian_register,
        checksums_eu.dutch_bsn,
        checksums_eu.finnish_hetu,
        checksums_eu.french_nir,
        checksums_eu.irish_pps,
        checksums_eu.italian_codice_fiscale,
        checksums_eu.mod_11_10,
        checksums_eu.norwegian_birth,
        checksums_eu.polish_pesel,
        checksums_eu.portuguese_nif,
        checksums_eu.spanish_dni,
        checksums_eu.swedish_personal,
        checksums_eu.swiss_ahv,
        checksums_vat.european_vat,
    )
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
