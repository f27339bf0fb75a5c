"""European check digits: published examples, dates out of the calendar, single-digit errors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pii_rules.recognizers import checksums_births as births
from pii_rules.recognizers.checksums_vat import european_vat

# Check, a valid number, the same with a date that no calendar has. Examples of the offices,
# or made by the rule and compared with python-stdnum, which is no dependency.
DATED = [
    (births.bulgarian_egn, "7523169263", "7513329263"),
    (births.bulgarian_egn, "8032056031", "8032996031"),
    (births.czech_birth_number, "710319/2745", "710399/2745"),
    (births.danish_cpr, "211062-5629", "311162-5629"),
    (births.baltic_code, "36805280109", "36802300109"),
    (births.baltic_code, "38703181745", "38713181745"),
    (births.greek_amka, "01013099997", "31023099997"),
    (births.hungarian_personal, "18501011231", "18513011231"),
    (births.latvian_code, "161175-19997", "161375-19997"),
    (births.luxembourg_id, "1893120105732", "1893133105732"),
    (births.romanian_cnp, "1630615123457", "1631315123457"),
    (births.slovenian_emso, "0101006500006", "3102006500006"),
]
# Modulo 11 with one digit, Luhn and Verhoeff see every changed digit; remainders of 10 that
# become another digit, and dates, leave the rest to the calendar.
STRICT = [
    (births.hungarian_tax, "8071592153"),
    (births.hungarian_insurance, "037687210"),
    (births.luxembourg_id, "1893120105732"),
    (births.slovenian_emso, "0101006500006"),
]
VAT = [
    *("ATU13585627", "BE0428759497", "BG175074752", "CHE107787577", "CY10259033P", "CZ25123891"),
    *("DE136695976", "DK13585628", "EE100931558", "EL094259216", "ESB58378431", "ES54362315K"),
    *("ESX2482300W", "FI20774740", "FR40303265045", "GB980780684", "HR33392005961"),
    *("HU12892312", "IE6433435F", "IT00743110157", "LT119511515", "LT100001919017"),
    *("LU15027442", "LV40003521600", "LV16117519997", "MT11679112", "NL004495445B01"),
    *("PL8567346215", "PT501964843", "RO18547290", "SE556188840401", "SI50223054"),
    *("SK2022749619", "CZ7103192745"),
]


@pytest.mark.parametrize(("check", "valid", "undated"), DATED)
def test_numbers_with_a_date(check, valid, undated):
    assert check(valid) is True
    assert check(undated) is False


@pytest.mark.parametrize(("check", "valid"), STRICT)
@given(data=st.data())
def test_every_single_digit_error_is_seen(check, valid, data):
    place = data.draw(st.integers(0, len(valid) - 1))
    wrong = data.draw(st.sampled_from("0123456789".replace(valid[place], "")))
    assert check(valid) is True
    assert check(valid[:place] + wrong + valid[place + 1 :]) is False


def test_births_without_a_check_digit_cannot_tell():
    assert births.czech_birth_number("430707484") is None
    assert births.czech_birth_number("550707484") is False  # ten digits since 1954
    assert births.danish_cpr("010170-1234") is None


@pytest.mark.parametrize("number", VAT)
def test_vat_number(number):
    assert european_vat(number) is True
    spoilt = [
        number[:place] + str((int(number[place]) + 1) % 10) + number[place + 1 :]
        for place in range(3, 10)
        if place < len(number) and number[place].isdecimal()
    ]
    assert [text for text in spoilt if european_vat(text)] == []


@given(st.text("0123456789", min_size=9, max_size=9))
def test_a_tenth_of_greek_numbers_is_valid(body):
    assert sum(european_vat(f"EL{body[:8]}{last}") is True for last in "0123456789") == 1


def test_vat_numbers_that_cannot_tell():
    assert european_vat("BG7523169263") is None
    assert european_vat("FRK7399859412") is None
    assert european_vat("CZ640903926") is None
