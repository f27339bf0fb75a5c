"""Fake addresses of the network, in the ranges and domains that are kept for examples.

Domains: RFC 2606. IPv4: 198.18.0.0/15, for tests only (RFC 2544), since the three documentation
networks together hold but 768 addresses. IPv6: 2001:db8::/32 (RFC 3849). Hardware addresses: the
locally administered space (IEEE 802c).
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from pii_rules.surrogates.lists import given_names, initials, words
from pii_rules.surrogates.prf import Draws
from pii_rules.surrogates.shapes import same_shape

_DOMAINS: Final = ("example.com", "example.org", "example.net")
_HEX: Final = "0123456789abcdef"


def fake_email(draws: Draws, surface: str) -> str:  # noqa: ARG001 - one form for all
    """A mailbox at a domain for examples."""
    given = draws.choice(given_names(draws.choice(("male", "female")), draws.choice(initials()[0])))
    surname = draws.choice(words("en", "surnames"))
    return f"{given}.{surname}{draws.digits(2)}@{draws.choice(_DOMAINS)}".lower()


def fake_url(draws: Draws, surface: str) -> str:
    """The same scheme and path lengths at a host for examples."""
    scheme, colon, rest = surface.rpartition("://")
    host, slash, path = rest.partition("/")
    www = "www." if host.startswith("www.") else ""
    word = draws.choice(words("en", "brands")).lower()
    return f"{scheme}{colon}{www}{word}.{draws.choice(_DOMAINS)}{slash}{same_shape(draws, path)}"


def fake_connection(draws: Draws, surface: str) -> str:
    """A connection string that leads nowhere."""
    scheme = urlsplit(surface).scheme or "db"
    user, secret = draws.choice(words("en", "surnames")).lower(), _hex(draws, 12)
    host = f"{draws.choice(words('en', 'brands')).lower()}.example.com"
    return f"{scheme}://{user}:{secret}@{host}/main"


def fake_ip(draws: Draws, surface: str) -> str:
    """An address for tests, of the same version."""
    if ":" in surface:
        return f"2001:db8:{_hex(draws, 4)}:{_hex(draws, 4)}::{_hex(draws, 3)}1"
    return f"198.{18 + draws.below(2)}.{draws.below(256)}.{1 + draws.below(254)}"


def fake_mac(draws: Draws, surface: str) -> str:
    """A locally administered unicast address in the same notation."""
    digits = [c for c in surface if c.lower() in _HEX]
    made = f"02{_hex(draws, max(len(digits) - 2, 0))}"
    return _poured_hex(surface, made)


def fake_uuid(draws: Draws, surface: str) -> str:
    """A UUID of the same version and variant."""
    old = [c.lower() for c in surface if c.lower() in _HEX]
    made = list(_hex(draws, len(old)))
    for kept in (12, 16):
        if kept < len(old):
            made[kept] = old[kept]
    return _poured_hex(surface, "".join(made))


def _hex(draws: Draws, count: int) -> str:
    return "".join(draws.choice(_HEX) for _ in range(count))


def _poured_hex(surface: str, made: str) -> str:
    following = iter(made)
    upper = surface.upper() == surface
    drawn = (next(following) if c.lower() in _HEX else c for c in surface)
    text = "".join(drawn)
    return text.upper() if upper else text
