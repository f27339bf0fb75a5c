"""Fake cards, accounts and wallets: right check digits, and test ranges where there are any.

Cards begin with the numbers that processors publish for tests of each brand. IBAN: ISO 13616-1
with check digits by ISO/IEC 7064 MOD 97-10. Wallets: Base58Check over a drawn hash, whose key
nobody has.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final

from pii_rules.recognizers.checksums import luhn
from pii_rules.surrogates.phones import poured
from pii_rules.surrogates.prf import Draws
from pii_rules.surrogates.shapes import same_shape

_TEST_CARDS: Final = {
    "34": "378282",
    "37": "378282",
    "30": "305693",
    "36": "361481",
    "38": "385200",
    "35": "353011",
    "4": "411111",
    "5": "555555",
    "2": "222300",
    "60": "601111",
    "62": "620000",
    "6": "601111",
}
_BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_HEX: Final = "0123456789abcdef"


def fake_card(draws: Draws, surface: str) -> str:
    """A card of the same brand and length in its test range."""
    digits = "".join(c for c in surface if c.isdecimal())
    prefix = _TEST_CARDS.get(digits[:2]) or _TEST_CARDS.get(digits[:1], digits[:1])
    body = (prefix + draws.digits(len(digits)))[: max(len(digits) - 1, 0)]
    for last in "0123456789":
        if luhn(body + last):
            return poured(surface, body + last)
    return poured(surface, body + "0")


def fake_iban(draws: Draws, surface: str) -> str:
    """An account of the same country."""
    made = surface[:2] + same_shape(draws, surface[2:])
    code = "".join(c for c in made if c.isalnum()).upper()
    if len(code) < 5 or not code.isascii():
        return made
    number = "".join(str(int(c, 36)) for c in f"{code[4:]}{code[:2]}00")
    check = f"{98 - int(number) % 97:02}"
    places = [n for n, c in enumerate(made) if c.isalnum()][2:4]
    return (
        made[: places[0]]
        + check[0]
        + made[places[0] + 1 : places[1]]
        + check[1]
        + (made[places[1] + 1 :])
    )


def fake_wallet(draws: Draws, surface: str) -> str:
    """An address in the same notation."""
    if surface.startswith("0x"):
        return "0x" + "".join(draws.choice(_HEX) for _ in surface[2:])
    if surface.lower().startswith(("bc1", "ltc1")):
        head = surface[: surface.index("1") + 2]
        return head + "".join(draws.choice(_BECH32) for _ in surface[len(head) :])
    version = {"1": 0, "3": 5, "L": 48, "D": 30, "X": 76, "T": 65}.get(surface[:1])
    if version is None:
        return surface[:1] + "".join(draws.choice(_BASE58) for _ in surface[1:])
    payload = bytes([version, *(draws.below(256) for _ in range(20))])
    return _base58(payload + sha256(sha256(payload).digest()).digest()[:4])


def fake_bic(draws: Draws, surface: str) -> str:
    """A bank code of the same country."""
    if len(surface) < 6:
        return same_shape(draws, surface)
    return same_shape(draws, surface[:4]) + surface[4:6] + same_shape(draws, surface[6:])


def fake_expiry(draws: Draws, surface: str) -> str:
    """A month and year in the same notation."""
    digits = "".join(c for c in surface if c.isdecimal())
    month, year = f"{1 + draws.below(12):02}", str(2027 + draws.below(9))
    if len(digits) in (4, 6) and int(digits[:2]) <= 12:
        return poured(surface, month + year[-(len(digits) - 2) :])
    return same_shape(draws, surface)


def _base58(raw: bytes) -> str:
    number, made = int.from_bytes(raw, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        made = _BASE58[rest] + made
    zeros = len(raw) - len(raw.lstrip(b"\0"))
    return "1" * zeros + made
