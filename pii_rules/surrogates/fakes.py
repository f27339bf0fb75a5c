"""One fake for every entity type but people and dates, which need the record around them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

import regex  # type: ignore[import-untyped]

from pii_rules.entities import canonical_form
from pii_rules.surrogates.checked import passing
from pii_rules.surrogates.finance import fake_bic, fake_card, fake_expiry, fake_iban, fake_wallet
from pii_rules.surrogates.national import (
    fake_imei,
    fake_itin,
    fake_nhs,
    fake_nino,
    fake_plate,
    fake_resident_id,
    fake_ssn,
)
from pii_rules.surrogates.online import (
    fake_connection,
    fake_email,
    fake_ip,
    fake_mac,
    fake_url,
    fake_uuid,
)
from pii_rules.surrogates.organisations import fake_organisation
from pii_rules.surrogates.phones import fake_phone
from pii_rules.surrogates.places import fake_place
from pii_rules.surrogates.prf import Draws
from pii_rules.surrogates.shapes import same_shape

Maker = Callable[[Draws, str], str]
_TRIES: Final = 64
_PROVIDER: Final = regex.compile(r"(?:[A-Za-z]{2,10}[-_]|AKIA|ASIA|AIza|eyJ)*")
_PAIR: Final = regex.compile(r"\d{1,3}(?=\.\d)")


def _key(draws: Draws, surface: str) -> str:
    """The provider's prefix stays: it says what kind of secret it is, not whose."""
    kept: str = _PROVIDER.match(surface).group()
    return kept + same_shape(draws, surface[len(kept) :])


def _block(draws: Draws, surface: str) -> str:  # noqa: ARG001 - a key that nobody can use
    return "<PRIVATE_KEY>"


def _age(draws: Draws, surface: str) -> str:
    return str(regex.sub(r"\d{2,3}", lambda _: str(90 + draws.below(10)), surface, count=1))


def _coordinates(draws: Draws, surface: str) -> str:
    drawn = same_shape(draws, surface)
    return str(_PAIR.sub(lambda _: str(draws.below(90)), drawn))


MAKERS: Final[dict[str, Maker]] = {
    "EMAIL_ADDRESS": fake_email,
    "URL": fake_url,
    "CONNECTION_STRING": fake_connection,
    "IP_ADDRESS": fake_ip,
    "MAC_ADDRESS": fake_mac,
    "UUID": fake_uuid,
    "PHONE_NUMBER": fake_phone,
    "CREDIT_CARD": fake_card,
    "IBAN_CODE": fake_iban,
    "CRYPTO": fake_wallet,
    "CARD_EXPIRY": fake_expiry,
    "SWIFT_CODE": fake_bic,
    "US_SSN": fake_ssn,
    "US_ITIN": fake_itin,
    "UK_NHS": fake_nhs,
    "UK_NINO": fake_nino,
    "IMEI": fake_imei,
    "CN_RESIDENT_ID": fake_resident_id,
    "LICENSE_PLATE": fake_plate,
    "LOCATION": fake_place,
    "ORGANIZATION": fake_organisation,
    "API_KEY": _key,
    "PRIVATE_KEY": _block,
    "AGE": _age,
    "GEO_COORDINATES": _coordinates,
}
# Of these every fake comes from a range in which nobody's value lies.
RESERVED: Final = frozenset(
    [
        "EMAIL_ADDRESS",
        "URL",
        "CONNECTION_STRING",
        "IP_ADDRESS",
        "MAC_ADDRESS",
        "CREDIT_CARD",
        "US_SSN",
        "UK_NHS",
        "IMEI",
        "PRIVATE_KEY",
    ]
)


def fake(key: bytes, entity_type: str, surface: str, taken: Collection[str] = ()) -> str:
    """The fake of a value.

    Args:
        key: the ``surrogate`` subkey of the scope.
        entity_type: its type.
        surface: as it stands in the text.
        taken: canonical forms of the record's values; where no reserved range exists, the
            fake is none of them. It is never the value itself.
    """
    form = canonical_form(entity_type, surface)
    avoided = {form} if entity_type in RESERVED else {form, *taken}
    maker = MAKERS.get(entity_type)
    for attempt in range(_TRIES):
        draws = Draws(key, entity_type, form, str(attempt))
        made = maker(draws, surface) if maker else passing(entity_type, draws, surface)
        if canonical_form(entity_type, made) not in avoided:
            return made
    return f"<{entity_type}>"  # a value of one or two characters, all of whose fakes are taken
