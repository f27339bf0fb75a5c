"""Families of entity types, for showing: what kind of thing a type is.

Nothing is decided by a family; it gives related types one colour and one line of a legend.
"""

from __future__ import annotations

from typing import Final

FAMILIES: Final[dict[str, tuple[str, ...]]] = {
    "name": ("PERSON", "ORGANIZATION", "NRP", "TITLE"),
    "contact": ("EMAIL_ADDRESS", "PHONE_NUMBER", "USERNAME", "MESSENGER_ID", "URL"),
    "place": ("LOCATION", "STREET_ADDRESS", "POSTCODE", "GEO_COORDINATES"),
    "date": ("DATE_TIME", "DATE_OF_BIRTH", "AGE"),
    "identity": (
        *("CN_RESIDENT_ID", "CN_PASSPORT", "CN_TRAVEL_PERMIT", "NATIONAL_ID", "PASSPORT"),
        *("US_SSN", "US_ITIN", "US_PASSPORT", "US_DRIVER_LICENSE", "UK_NINO", "UK_PASSPORT"),
        *("UK_DRIVING_LICENCE", "TAX_ID", "CN_SOCIAL_CREDIT_CODE", "BAR_NUMBER"),
        *("CASE_NUMBER", "ACCOUNT_ID", "LICENSE_PLATE", "VIN"),
    ),
    "money": (
        *("IBAN_CODE", "CREDIT_CARD", "CARD_EXPIRY", "CARD_SECURITY_CODE", "BANK_ACCOUNT"),
        *("US_BANK_NUMBER", "ABA_ROUTING_NUMBER", "UK_SORT_CODE", "SWIFT_CODE", "CRYPTO"),
    ),
    "health": (
        *("MEDICAL_RECORD_NUMBER", "MEDICAL_LICENSE", "INSURANCE_NUMBER", "US_MBI"),
        *("US_NPI", "UK_NHS"),
    ),
    "device": ("IP_ADDRESS", "MAC_ADDRESS", "UUID", "IMEI"),
    "secret": ("PASSWORD", "API_KEY", "PRIVATE_KEY", "CONNECTION_STRING"),
}
OTHER: Final = "other"

_FAMILY_OF: Final = {name: family for family, names in FAMILIES.items() for name in names}


def family(entity_type: str) -> str:
    """The family of a type: a key of ``FAMILIES``, or ``other``."""
    return _FAMILY_OF.get(entity_type, OTHER)
