"""Operators: what each writes, on values as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from presidio_anonymizer.operators import Operator

from pii_rules.dates import coarsened, shifted
from pii_rules.operators import (
    RECORD,
    DateShift,
    Generalise,
    RecordFacts,
    Reversible,
    operator_for,
    read_back,
)
from pii_rules.policy_rule import Rule, Setting
from redactory.errors import KeyringError

KEY = bytes(range(32))
KEYS = dict.fromkeys(("token", "surrogate", "shift"), KEY)


def generalised(entity_type, text, **parameters):
    setting = Setting(operator="generalise", **parameters)
    return Generalise(entity_type, setting).operate(text)


def days_of(subject, **facts):
    return {RECORD: RecordFacts(subject=subject, **facts)}


@pytest.mark.parametrize("name", sorted(Setting.model_fields["operator"].annotation.__args__))
def test_every_operator_is_one_of_presidio(name):
    made = operator_for("PHONE_NUMBER", Rule(operator=name), KEYS)
    assert isinstance(made, Operator)
    assert made.operator_name() == name
    made.validate({})
    assert isinstance(made.operate("020 7946 0123"), str)


@pytest.mark.parametrize(
    ("text", "to", "left"),
    [
        ("12 March 1984", "year", "1984"),
        ("March 12, 1984", "month", "1984-03"),
        ("1984年3月12日", "year", "1984年"),
        ("1984年3月12日", "month", "1984年3月"),
        ("03/12/84", "year", "1984"),
        ("2024-11-08T10:15:00Z", "month", "2024-11"),
        ("March 12", "year", "<DATE_TIME>"),
        ("yesterday", "year", "<DATE_TIME>"),
        ("1984", "month", "1984"),
        ("99/99/9999", "month", "9999"),
    ],
)
def test_a_date_becomes_its_year_or_month(text, to, left):
    assert generalised("DATE_TIME", text, to=to) == left


def test_a_year_that_tells_of_great_age_goes_too():
    assert generalised("DATE_OF_BIRTH", "3 May 1936", earliest_year=1937) == "<DATE_OF_BIRTH>"
    assert generalised("DATE_OF_BIRTH", "3 May 1937", earliest_year=1937) == "1937"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("92 years old", "<AGE:90+>"),
        ("104", "<AGE:90+>"),
        ("89", "<AGE:80-89>"),
        ("47岁", "<AGE:40-49>"),
        ("九十二岁", "<AGE>"),
    ],
)
def test_an_age_becomes_a_band(text, left):
    assert generalised("AGE", text, to="age_band") == left


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("12 Main St, Springfield, IL 62704", "<LOCATION:IL 627**>"),
        ("62704-1234", "<LOCATION:627**>"),
        ("Montpelier, VT 05901", "<LOCATION:VT 000**>"),
        ("20301", "<LOCATION:000**>"),
        ("Tuskegee, AL 36901", "<LOCATION:AL 000**>"),  # below 20,000 since the census of 2010
        ("APO AE 09012", "<LOCATION:AE 000**>"),
        ("London", "<LOCATION>"),
        ("221B Baker Street, London NW1 6XE", "<LOCATION>"),
    ],
)
def test_a_zip_code_keeps_three_digits_unless_few_people_live_there(text, left):
    assert generalised("LOCATION", text, to="zip3") == left


@pytest.mark.parametrize(
    ("text", "days", "moved"),
    [
        ("2024-11-08", 14, "2024-11-22"),
        ("7/23/23", 14, "8/6/23"),
        ("21/08/1985", 14, "04/09/1985"),
        ("26 January 1951", 14, "9 February 1951"),
        ("3rd of June 1990", 14, "17th of June 1990"),
        ("JAN 5, 2024", -14, "DEC 22, 2023"),
        ("2025年1月7日", -14, "2024年12月24日"),
        ("3月5日", 14, "3月19日"),
        ("2025-05-07 17:14", 14, "2025-05-21 17:14"),
        ("12.05.1974", 14, "26.05.1974"),
        ("20240312", 14, "20240326"),
        ("from 2024-01-01 to 2024-01-31", 7, "from 2024-01-08 to 2024-02-07"),
        ("next week", 14, None),
        ("31/02/2024", 14, None),
        ("9999-12-31", 14, None),
    ],
)
def test_a_date_moves_in_its_own_notation(text, days, moved):
    assert shifted(text, days) == moved


@given(st.dates(), st.dates(), st.text(max_size=8))
def test_intervals_of_a_subject_stay_and_no_date_stays(one, two, subject):
    shift = DateShift("DATE_TIME", KEY, 365)
    days = shift.days(subject)
    assert 0 < abs(days) <= 365
    assert days % 7 == 0
    moved = [shift.operate(d.isoformat(), days_of(subject)) for d in (one, two)]
    if "<DATE_TIME>" not in moved:  # beyond year 9999
        first, second = (type(one).fromisoformat(text) for text in moved)
        assert second - first == two - one
        assert first != one


def test_a_date_that_cannot_be_read_becomes_its_type():
    assert DateShift("DATE_TIME", KEY, 10).operate("some day") == "<DATE_TIME>"


@given(st.text(min_size=1))
def test_a_coarsened_date_is_coarse_already(text):
    once = coarsened(text, "month")
    assert once is None or coarsened(once, "month") == once


@given(st.text(min_size=1, max_size=40), st.text(max_size=20))
def test_reversible_tokens_are_read_back_wherever_they_stand(value, around):
    token = Reversible("EMAIL_ADDRESS", KEY).operate(value)
    assert token == Reversible("EMAIL_ADDRESS", KEY).operate(value)
    text = f"{around}{token}{around}"
    if "~" not in around:
        assert read_back(text, KEY) == f"{around}{value}{around}"


def test_a_changed_or_foreign_reversible_token_is_refused_without_its_value():
    token = Reversible("PERSON", KEY).operate("Jane Roe")
    changed = token[:-3] + ("A" if token[-3] != "A" else "B") + token[-2:]
    retyped = token.replace("PERSON", "LOCATION")
    for text, key in ((changed, KEY), (retyped, KEY), (token, bytes(32))):
        with pytest.raises(KeyringError, match="another scope") as caught:
            read_back(text, key)
        assert "Jane" not in str(caught.value)


@given(st.text(min_size=1, max_size=30))
def test_generalising_twice_changes_nothing(text):
    for entity_type, to in (("DATE_TIME", "year"), ("AGE", "age_band"), ("LOCATION", "zip3")):
        once = generalised(entity_type, text, to=to)
        if not once.startswith("<"):
            assert generalised(entity_type, once, to=to) == once
