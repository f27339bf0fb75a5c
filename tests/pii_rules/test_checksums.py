"""Check digits: worked examples of the standards, and every one-digit error is caught."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pii_rules.recognizers import checksums

DIGITS = "0123456789"


@given(st.text(DIGITS, min_size=11, max_size=18), st.data())
def test_luhn_catches_every_single_digit_error(body, data):
    number = next(body + check for check in DIGITS if _luhn_sum(body + check) % 10 == 0)
    place = data.draw(st.integers(0, len(number) - 1))
    wrong = data.draw(st.sampled_from(DIGITS.replace(number[place], "")))
    assert checksums.luhn(number) or len(set(number)) == 1
    assert not checksums.luhn(number[:place] + wrong + number[place + 1 :])


def _luhn_sum(number):
    return sum(
        int(d) if i % 2 == 0 else sum(map(int, str(2 * int(d))))
        for i, d in enumerate(reversed(number))
    )


@pytest.mark.parametrize("code", ["11010519491231002X", "440524188001010014"])
def test_resident_id_examples_of_the_standard(code):
    assert checksums.resident_id(code) is True
    for place in range(6, 18):
        wrong = "1" if code[place] != "1" else "2"
        assert checksums.resident_id(code[:place] + wrong + code[place + 1 :]) is not True


@pytest.mark.parametrize("code", ["GB82WEST12345698765432", "DE89 3704 0044 0532 0130 00"])
def test_iban_examples(code):
    assert checksums.iban(code) is True
    assert checksums.iban(code[:-1] + ("1" if code[-1] != "1" else "2")) is None


@pytest.mark.parametrize("code", ["91350100M000100Y43", "92371000MA3MXH0E3W"])
def test_social_credit_code_detects_changes(code):
    valid = checksums.social_credit_code(code)
    changed = checksums.social_credit_code(code[:8] + ("1" if code[8] != "1" else "2") + code[9:])
    assert not (valid and changed)


@given(st.text(max_size=40))
def test_checks_answer_on_any_text(text):
    assert checksums.luhn(text) in (True, False)
    assert checksums.email_domain(text) in (True, None)
