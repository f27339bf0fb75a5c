"""Planted identifiers pass the checks of whoever issues such numbers, and are nobody's."""

import ipaddress
import re
from datetime import date
from random import Random

import pytest

from redactory.demo_corpus import identifiers

SEEDS = range(200)


def luhn_ok(number):
    odd, even = number[::-1][::2], number[::-1][1::2]
    return (sum(map(int, odd)) + sum(sum(divmod(2 * int(d), 10)) for d in even)) % 10 == 0


@pytest.mark.parametrize("region", ["us", "uk", "cn"])
def test_cards_pass_luhn_and_vary(region):
    cards = [identifiers.credit_card(Random(seed), region).replace(" ", "") for seed in SEEDS]
    assert all(luhn_ok(card) and len(card) in (15, 16) for card in cards)
    assert len(set(cards)) > 190


def test_luhn_digit_of_the_standard_example():
    assert identifiers.luhn_digit("7992739871") == "3"


def test_ibans_pass_mod_97():
    for seed in SEEDS:
        number = identifiers.iban(Random(seed)).replace(" ", "")
        moved = number[4:] + number[:4]
        assert int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1
        assert len(number) == {"GB": 22, "IE": 22, "DE": 22}[number[:2]]


def test_nhs_numbers_pass_mod_11_in_the_test_range():
    for seed in SEEDS:
        number = identifiers.nhs_number(Random(seed)).replace(" ", "")
        assert number.startswith("999")
        total = sum(int(d) * w for d, w in zip(number, [*range(10, 1, -1), 1], strict=True))
        assert total % 11 == 0


def test_resident_ids_pass_mod_11_2_and_carry_birth_and_sex():
    for seed in SEEDS:
        number = identifiers.resident_id(Random(seed), date(1979, 3, 5), female=seed % 2 == 0)
        values = [10 if d == "X" else int(d) for d in number]
        weights = [2 ** (17 - place) % 11 for place in range(18)]
        assert sum(v * w for v, w in zip(values, weights, strict=True)) % 11 == 1
        assert number[6:14] == "19790305"
        assert int(number[16]) % 2 == seed % 2


def test_social_security_numbers_are_never_issued_ones():
    for seed in SEEDS:
        number = identifiers.social_security_number(Random(seed))
        area, group, _ = number.split("-")
        assert int(area) >= 900
        assert int(group) < 50  # taxpayer numbers start at 50
        assert re.fullmatch(r"\d{3}-\d{2}-\d{4}", number)


def test_phones_lie_in_the_fictional_ranges():
    us, uk = r"555-01\d\d$", r"(7700 900|161 496 0)\d{3}$"
    for seed in SEEDS:
        assert re.search(us, identifiers.personal_phone(Random(seed), "us"))
        assert re.search(uk, identifiers.personal_phone(Random(seed), "uk"))
        mobile = re.sub(r"\D", "", identifiers.personal_phone(Random(seed), "cn"))
        assert re.fullmatch(r"(86)?13800138\d{3}", mobile)


def test_addresses_belong_to_documentation_networks():
    networks = ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32")
    allowed = [ipaddress.ip_network(network) for network in networks]
    for seed in SEEDS:
        address = ipaddress.ip_address(identifiers.ip_address(Random(seed)))
        assert any(address in network for network in allowed)
