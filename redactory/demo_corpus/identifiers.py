"""Identifiers that pass their checksums and belong to nobody.

Ranges that their owners keep free are used wherever they exist: documentation networks
(RFC 5737, RFC 3849), test card prefixes, NHS numbers from 999 up, social security areas from
900 up with groups that are no taxpayer numbers either, fictional telephone ranges (NANP
555-01XX; Ofcom's drama numbers), sort codes and bank codes that name no bank. China keeps no
such range: resident ids name a whole city where real ones name a county, and mobile numbers
come from one block of the operator's service prefix.
"""

from __future__ import annotations

from datetime import date
from random import Random
from typing import Literal

Region = Literal["us", "uk", "cn"]

_CARD_PREFIXES: dict[Region, tuple[str, ...]] = {
    "us": ("411111", "424242", "555555", "510510", "378282"),
    "uk": ("411111", "400000", "555555", "222300"),
    "cn": ("620000", "620000", "411111"),
}
_CITY_CODES = ("310100", "440100", "330100", "320100", "510100", "420100")
_RESIDENT_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)


def digits(random: Random, count: int) -> str:
    """``count`` random decimal digits."""
    return "".join(random.choice("0123456789") for _ in range(count))


def grouped(text: str, *sizes: int, by: str = " ") -> str:
    """``text`` cut into groups of the given sizes, joined by ``by``."""
    groups, start = [], 0
    for size in sizes:
        groups.append(text[start : start + size])
        start += size
    return by.join(groups)


def luhn_digit(body: str) -> str:
    """Check digit that makes ``body + digit`` pass the Luhn test (ISO/IEC 7812-1, annex B)."""
    total = 0
    for position, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if position % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def credit_card(random: Random, region: Region) -> str:
    """A card number under a test prefix, grouped as on the card."""
    prefix = random.choice(_CARD_PREFIXES[region])
    length = 15 if prefix.startswith("37") else 16
    body = prefix + digits(random, length - len(prefix) - 1)
    number = body + luhn_digit(body)
    return grouped(number, 4, 6, 5) if length == 15 else grouped(number, 4, 4, 4, 4)


def iban(random: Random) -> str:
    """An IBAN with valid check digits (ISO 13616, mod 97) at a bank that does not exist."""
    country, body = random.choice(
        (
            ("GB", "TEST000000" + digits(random, 8)),
            ("IE", "TEST000000" + digits(random, 8)),
            ("DE", "0" + digits(random, 17)),
        )
    )
    as_number = "".join(str(int(letter, 36)) for letter in f"{body}{country}00")
    number = f"{country}{98 - int(as_number) % 97:02d}{body}"
    return grouped(number, *[4] * (len(number) // 4), len(number) % 4).strip()


def nhs_number(random: Random) -> str:
    """A ten-digit NHS number from the test range, modulus 11 check digit."""
    while True:
        body = "999" + digits(random, 6)
        check = -sum(int(digit) * (10 - place) for place, digit in enumerate(body)) % 11
        if check < 10:
            return grouped(f"{body}{check}", 3, 3, 4)


def social_security_number(random: Random) -> str:
    """A number of the form AAA-GG-SSSS that the SSA never issues, nor the IRS as an ITIN."""
    return f"9{digits(random, 2)}-{random.randrange(10, 49)}-{random.randrange(1000, 9999)}"


def national_insurance_number(random: Random) -> str:
    """A United Kingdom national insurance number under the prefix of official examples."""
    return grouped(f"AB{digits(random, 6)}{random.choice('ABCD')}", 2, 2, 2, 2, 1)


def resident_id(random: Random, born: date, *, female: bool) -> str:
    """An 18-character Chinese resident id (GB 11643-1999, MOD 11-2 check character)."""
    serial = random.randrange(10, 99) * 10 + random.choice((2, 4, 6, 8) if female else (1, 3, 5, 7))
    body = f"{random.choice(_CITY_CODES)}{born:%Y%m%d}{serial:03d}"
    weighted = sum(
        int(digit) * weight for digit, weight in zip(body, _RESIDENT_WEIGHTS, strict=True)
    )
    return body + "10X98765432"[weighted % 11]


def personal_phone(random: Random, region: Region) -> str:
    """A person's number in one of the ways people write it."""
    if region == "us":
        area, line = random.choice(("212", "312", "415", "614")), f"555-01{digits(random, 2)}"
        return random.choice((f"({area}) {line}", f"{area}-{line}", f"+1 {area} {line}"))
    if region == "uk":
        tail = digits(random, 3)
        return random.choice((f"07700 900{tail}", f"+44 7700 900{tail}", f"0161 496 0{tail}"))
    block, tail = "1380013", f"8{digits(random, 3)}"
    number = block + tail
    return random.choice(
        (number, grouped(number, 3, 4, 4), grouped(number, 3, 4, 4, by="-"), f"+86 {number}")
    )


def office_phone(random: Random, region: Region) -> str:
    """An institution's number."""
    if region == "us":
        return f"(800) 555-01{digits(random, 2)}"
    if region == "uk":
        return f"020 7946 0{digits(random, 3)}"
    return f"0571-8555 0{digits(random, 3)}"


def ip_address(random: Random) -> str:
    """An address of a documentation network."""
    if random.random() < 0.2:
        return f"2001:db8::{random.randrange(1, 0xFFFF):x}"
    network = random.choice(("192.0.2", "198.51.100", "203.0.113"))
    return f"{network}.{random.randrange(1, 255)}"


def license_plate(random: Random, region: Region) -> str:
    """A vehicle's plate in the form of its country."""
    letters = "ABCDEFGHJKLMNPRSTUVWXY"
    three = "".join(random.choice(letters) for _ in range(3))
    if region == "us":
        return f"{three}-{digits(random, 4)}"
    if region == "uk":
        return f"{three[:2]}{random.randrange(51, 75)} {three[::-1]}"
    return f"{random.choice('沪浙苏粤京')}{three[0]}·{digits(random, 4)}{three[1]}"
