"""Surrogates: the same shape and type, right check digits, ranges that nobody owns."""

import ipaddress

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_rules.entities import TYPE_ORDER, canonical_form
from pii_rules.recognizers import checksums, checksums_eu
from pii_rules.surrogates.fakes import MAKERS, RESERVED, fake
from pii_rules.surrogates.lists import digest
from pii_rules.surrogates.prf import Draws
from pii_rules.surrogates.shapes import same_shape

KEY = bytes(range(32))
LISTS = "10bdf7a5238b2bd2"


def made(entity_type, surface, **options):
    return fake(KEY, entity_type, surface, **options)


@pytest.mark.parametrize("entity_type", sorted({*TYPE_ORDER, *MAKERS} - {"PERSON"}))
@settings(max_examples=12)
@given(surface=st.text(min_size=1, max_size=30) | st.from_regex("[A-Z]{0,3}[0-9]{4,18}"))
def test_any_value_has_a_fake_that_is_not_it_and_is_always_the_same(entity_type, surface):
    one = made(entity_type, surface)
    assert one == made(entity_type, surface)
    assert canonical_form(entity_type, one) != canonical_form(entity_type, surface) or not any(
        map(str.isalnum, surface)
    )


@given(st.text())
def test_the_shape_stays(surface):
    one = same_shape(Draws(KEY, "x"), surface)
    assert [c.isdecimal() for c in one[: len(surface)]] == [c.isdecimal() for c in surface]
    assert [c for c in one if not c.isalnum()] == [c for c in surface if not c.isalnum()]


@pytest.mark.parametrize(
    ("entity_type", "surface", "check"),
    [
        ("CREDIT_CARD", "4111 1111 1111 1111", checksums.luhn),
        ("CREDIT_CARD", "3782-822463-10005", checksums.luhn),
        ("IBAN_CODE", "GB82 WEST 1234 5698 7654 32", checksums.iban),
        ("CN_RESIDENT_ID", "11010519491231002X", checksums.resident_id),
        ("CN_SOCIAL_CREDIT_CODE", "91350100M000100Y43", checksums.social_credit_code),
        ("VIN", "1M8GDM9AXKP042788", checksums.vin),
        ("IMEI", "490154203237518", checksums.luhn),
        ("CRYPTO", "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2", checksums.base58check),
        ("NATIONAL_ID", "44051401359", checksums_eu.polish_pesel),
        ("NATIONAL_ID", "RSSMRA85T10A562S", checksums_eu.italian_codice_fiscale),
        ("NATIONAL_ID", "A123456(3)", checksums.hong_kong_id),
        ("TAX_ID", "12-3456789", checksums.ein),
    ],
)
def test_a_fake_passes_the_check_that_the_value_passes(entity_type, surface, check):
    assert check(surface)
    one = made(entity_type, surface)
    assert check(one)
    assert len(one) == len(surface) or entity_type == "CRYPTO"


@settings(max_examples=30)
@given(st.integers(0, 999_999))
def test_ranges_for_tests_and_examples_are_used(number):
    assert made("EMAIL_ADDRESS", f"u{number}@acme.com").partition("@")[2] in (
        "example.com",
        "example.org",
        "example.net",
    )
    assert ipaddress.ip_address(made("IP_ADDRESS", f"8.8.{number % 256}.1")) in (
        ipaddress.ip_network("198.18.0.0/15")
    )
    assert ipaddress.ip_address(made("IP_ADDRESS", f"2a00::{number % 9999}")) in (
        ipaddress.ip_network("2001:db8::/32")
    )
    assert made("UK_NHS", f"943 {number % 1000:03} 5919").startswith("999 ")
    assert made("US_SSN", f"{number % 899:03}-12-3456").startswith("9")
    assert made("IMEI", f"49015420{number:07}").startswith("00")
    assert made("MAC_ADDRESS", f"00:1B:44:11:3A:{number % 256:02X}").startswith("02:")
    assert "555" in made("PHONE_NUMBER", f"(312) 478-{number % 10000:04}")
    assert made("PHONE_NUMBER", f"+44 7911 {number:06}").startswith("+44 7700 900")


@pytest.mark.parametrize(
    "number",
    [
        "138 0013 8000",
        "+86 10 6552 9988",
        "+49 30 901820",
        "020 7946 0123",
        "+1 312-478-7658",
        "(312) 478-7658 ext 12",
        "0033 1 42 68 53 00",
        "+81 3-3224-5000",
    ],
)
def test_a_fake_phone_is_valid_where_the_number_is_and_keeps_its_format(number):
    one = made("PHONE_NUMBER", number)
    assert one != number
    assert [c for c in one if not c.isdecimal()] == [c for c in number if not c.isdecimal()]
    for region in (None, "US", "GB", "CN"):
        try:
            if phonenumbers.is_valid_number(phonenumbers.parse(number, region)):
                assert phonenumbers.is_valid_number(phonenumbers.parse(one, region))
                return
        except phonenumbers.NumberParseException:
            continue


def test_the_sex_and_the_country_stay():
    assert int(made("CN_RESIDENT_ID", "11010519491231002X")[16]) % 2 == 0
    assert made("IBAN_CODE", "DE89370400440532013000")[:2] == "DE"
    assert made("SWIFT_CODE", "DEUTDEFF")[4:6] == "DE"
    assert made("ACCOUNT_ID", "EMP-40579").startswith("EMP-")
    assert made("UUID", "123e4567-e89b-42d3-a456-426614174000")[14] == "4"


@pytest.mark.parametrize(
    ("entity_type", "surface", "kept", "gone"),
    [
        ("ORGANIZATION", "Vandelay Industries Ltd", ["Industries", "Ltd"], ["Vandelay"]),
        ("ORGANIZATION", "Aperture", [], ["Aperture"]),
        ("ORGANIZATION", "启明机械厂", ["厂"], ["启明"]),
        ("LOCATION", "221B Baker Street, London NW1 6XE", ["Street"], ["Baker", "London", "NW1"]),
        ("LOCATION", "Springfield, IL 62704", ["IL"], ["Springfield", "62704"]),
        (
            "LOCATION",
            "南京市鼓楼区望溪东路190号20幢203室",
            ["市", "区", "路", "号"],
            ["南京", "望溪"],
        ),
        ("URL", "https://intranet.acme.com/a/b.html", ["https://", "example."], ["acme"]),
        ("API_KEY", "sk_live_4eC39HqLyjWDarjtT1zdp7dc", ["sk_live_"], ["4eC39"]),
        ("CONNECTION_STRING", "postgres://bob:s3cret@db.acme.com/x", ["postgres://"], ["s3cret"]),
    ],
)
def test_what_says_the_kind_stays_and_what_identifies_goes(entity_type, surface, kept, gone):
    one = made(entity_type, surface)
    assert all(part in one for part in kept), one
    assert not any(part in one for part in gone), one


@given(st.integers(1000, 9999), st.data())
def test_where_no_range_is_reserved_a_fake_is_no_value_of_the_record(number, data):
    first = made("ACCOUNT_ID", f"{number}")
    assert made("ACCOUNT_ID", f"{number}", taken={first}) != first
    assert "ACCOUNT_ID" not in RESERVED


def test_a_value_all_of_whose_fakes_are_taken_becomes_its_type():
    digits = {str(d) for d in range(10)}
    assert made("CARD_SECURITY_CODE", "7", taken=digits) == "<CARD_SECURITY_CODE>"


def test_grouping_does_not_change_the_fake():
    one, two = made("CREDIT_CARD", "4111 1111 1111 1111"), made("CREDIT_CARD", "4111111111111111")
    assert one.replace(" ", "") == two


def test_another_key_gives_another_fake():
    assert made("PHONE_NUMBER", "138 0013 8000") != fake(bytes(32), "PHONE_NUMBER", "138 0013 8000")


def test_the_lists_are_frozen():
    """A change of a word changes every surrogate of the scope: raise ``OPERATORS`` with it."""
    assert digest().startswith(LISTS)
