"""Fakes that pass every check which the value passed: drawn until they do."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from inspect import getmembers, isfunction
from typing import Any, Final

import regex  # type: ignore[import-untyped]
from presidio_analyzer.predefined_recognizers import (
    AbaRoutingRecognizer,
    MedicalLicenseRecognizer,
    NhsRecognizer,
    UsNpiRecognizer,
)

from pii_rules.recognizers import checksums, checksums_births, checksums_eu, checksums_vat
from pii_rules.surrogates.prf import Draws
from pii_rules.surrogates.shapes import same_shape

Check = Callable[[str], bool | None]
_BODIES: Final = 2000
_LAST: Final = "0123456789"
# Letters before the first digit, as in EMP-40579, say what kind of number it is, not whose.
_PREFIX: Final = regex.compile(r"(?:[A-Za-z]{1,5}[-_ /#:]{0,2}(?=\d))?")
# Where letters in front are part of what identifies.
_NO_PREFIX: Final = frozenset({"NATIONAL_ID", "VIN", "US_MBI", "MEDICAL_LICENSE", "SWIFT_CODE"})
_PRESIDIO: Final[dict[str, Any]] = {
    "UK_NHS": NhsRecognizer,
    "US_NPI": UsNpiRecognizer,
    "ABA_ROUTING_NUMBER": AbaRoutingRecognizer,
    "MEDICAL_LICENSE": MedicalLicenseRecognizer,
}
_OWN: Final[dict[str, tuple[Check, ...]]] = {
    "IMEI": (checksums.luhn,),
    "VIN": (checksums.vin,),
    "CN_SOCIAL_CREDIT_CODE": (checksums.social_credit_code,),
    "TAX_ID": (
        checksums.ein,
        checksums.uk_utr,
        checksums_eu.mod_11_10,
        checksums_eu.portuguese_nif,
        checksums_births.hungarian_tax,
        checksums_vat.european_vat,
    ),
}


def passing(entity_type: str, draws: Draws, surface: str) -> str:
    """A text of the same shape that passes the checks of its type which ``surface`` passes.

    If none is found in two thousand draws, the last one: a fake that looks right and proves
    nothing is better than the value.
    """
    wanted = [check for check in _checks(entity_type) if _passes(check, surface)]
    kept = "" if entity_type in _NO_PREFIX else str(_PREFIX.match(surface).group())
    body = surface[len(kept) :]
    made = kept + same_shape(draws, body)
    if not wanted:
        return made
    for _ in range(_BODIES):
        for candidate in _endings(made):
            if all(_passes(check, candidate) for check in wanted):
                return candidate
        made = kept + same_shape(draws, body)
    return made


@cache
def _checks(entity_type: str) -> tuple[Check, ...]:
    if entity_type in _PRESIDIO:
        recognizer = _PRESIDIO[entity_type]()
        return (recognizer.validate_result,)
    if entity_type == "NATIONAL_ID":
        modules = (checksums_births, checksums_eu)
        own = [
            f for m in modules for _, f in getmembers(m, isfunction) if f.__module__ == m.__name__
        ]
        public = [function for function in own if not function.__name__.startswith("_")]
        return (*public, checksums.hong_kong_id, checksums.taiwan_id)
    return _OWN.get(entity_type, ())


def _endings(made: str) -> list[str]:
    """The text, and the same with every other last digit: a check digit is often there."""
    place = next((n for n in range(len(made) - 1, -1, -1) if made[n].isalnum()), None)
    if place is None or made[place] not in _LAST:
        return [made]
    return [made, *(made[:place] + digit + made[place + 1 :] for digit in _LAST)]


def _passes(check: Check, text: str) -> bool:
    try:
        return check(text) is True
    except (ValueError, IndexError, KeyError, TypeError):  # of another shape than it expects
        return False
