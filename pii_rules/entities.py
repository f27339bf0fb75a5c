"""The entity types, in the fixed order that breaks ties between overlapping spans.

Presidio's names where it has one. More specific types stand before those whose shape is
a plain run of digits; docs/entity-types.md says where each comes from.
"""

from __future__ import annotations

import unicodedata
from typing import Final

TYPE_ORDER: Final = (
    "EMAIL_ADDRESS",
    "IBAN_CODE",
    "CN_RESIDENT_ID",
    "CREDIT_CARD",
    "CN_SOCIAL_CREDIT_CODE",
    "VIN",
    "IMEI",
    "CRYPTO",
    "US_SSN",
    "US_ITIN",
    "US_MBI",
    "UK_NHS",
    "UK_NINO",
    "MEDICAL_LICENSE",
    "MEDICAL_RECORD_NUMBER",
    "UK_DRIVING_LICENCE",
    "TAX_ID",
    "UK_SORT_CODE",
    "BANK_ACCOUNT",
    "SWIFT_CODE",
    "INSURANCE_NUMBER",
    "CASE_NUMBER",
    "NATIONAL_ID",
    "BAR_NUMBER",
    "ACCOUNT_ID",
    "PHONE_NUMBER",
    "IP_ADDRESS",
    "MAC_ADDRESS",
    "UUID",
    "CONNECTION_STRING",
    "URL",
    "GEO_COORDINATES",
    "PASSWORD",
    "PRIVATE_KEY",
    "API_KEY",
    "CN_PASSPORT",
    "CN_TRAVEL_PERMIT",
    "LICENSE_PLATE",
    "MESSENGER_ID",
    "USERNAME",
    "AGE",
    "DATE_OF_BIRTH",
    "CARD_EXPIRY",
    "CARD_SECURITY_CODE",
    "DATE_TIME",
    "PERSON",
    "LOCATION",
    "ORGANIZATION",
    "US_DRIVER_LICENSE",
    "US_PASSPORT",
    "UK_PASSPORT",
    "PASSPORT",
    "US_NPI",
    "ABA_ROUTING_NUMBER",
    "US_BANK_NUMBER",
)

_RANK: Final = {name: rank for rank, name in enumerate(TYPE_ORDER)}

# Types that people write with and without separators: the canonical form drops those.
_GROUPED: Final = frozenset(TYPE_ORDER) - {
    "EMAIL_ADDRESS",
    "IP_ADDRESS",
    "URL",
    "DATE_OF_BIRTH",
    "DATE_TIME",
    "PASSWORD",
    "API_KEY",
    "PRIVATE_KEY",
    "CONNECTION_STRING",
    "CRYPTO",
    "MESSENGER_ID",
    "USERNAME",
    "GEO_COORDINATES",
    "PERSON",
    "LOCATION",
    "ORGANIZATION",
}
# Types in which upper and lower case are different values.
_CASED: Final = frozenset({"PASSWORD", "API_KEY", "PRIVATE_KEY", "CONNECTION_STRING", "CRYPTO"})


def type_rank(entity_type: str) -> tuple[int, str]:
    """Sort key of a type: its place in ``TYPE_ORDER``; unknown types last, by name."""
    return (_RANK.get(entity_type, len(_RANK)), entity_type)


def canonical_form(entity_type: str, surface: str) -> str:
    """The form in which two spellings of one value are equal.

    NFKC, case folded, white space collapsed; for numbers written in groups every
    separator is dropped, so that ``138 0013 8000`` equals ``13800138000``.
    """
    form = unicodedata.normalize("NFKC", surface)
    if entity_type not in _CASED:
        form = form.casefold()
    if entity_type in _GROUPED:
        return "".join(character for character in form if character.isalnum())
    return " ".join(form.split())
