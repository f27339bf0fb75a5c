"""Explanations: the same spans as the detector's, each with the reasons that led to it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_rules import Detector, Limits, Refused, load_policy
from pii_rules.entities import TYPE_ORDER
from pii_rules.explain import explain
from pii_rules.families import FAMILIES, OTHER, family

PIECES = [
    *("bob@example.com", "13800138000", "4155550132", "4111 1111 1111 1111", "AB123456C"),
    *("phone ", "call ", "电话", "account ", "，", "\n", " ", "a", "7", "\u200b", "１３"),
]
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=12).map("".join)


@settings(max_examples=60, deadline=None)
@given(texts)
def test_explaining_changes_nothing_about_what_is_found(detector, text):
    record = {"text": text}
    explained = explain(detector, record)
    spans = detector.detect_record(record)
    assert [reason.span for reason in explained.spans] == spans
    assert all(reason.dismissed is None for reason in explained.spans)
    assert not {reason.span for reason in explained.dismissed} & set(spans)


@settings(max_examples=60, deadline=None)
@given(texts)
def test_context_words_and_a_raised_score_go_together(detector, text):
    explained = explain(detector, {"text": text})
    for reason in [*explained.spans, *explained.dismissed]:
        assert (reason.first_score < reason.span.score) == bool(reason.context)
        for word in reason.context:
            assert word == word.casefold()


def test_context_words_are_named_once_in_their_order(detector):
    [reason] = explain(detector, {"text": "Mobile phone, my phone: 4155550132"}).spans
    assert reason.context == ("mobile", "phone")
    assert (reason.first_score, reason.span.score) == (0.1, 0.45)
    assert reason.span.recognizer == "Phone"


def test_no_context_no_raise(detector):
    [reason] = explain(detector, {"text": "bob@example.com"}).spans
    assert (reason.context, reason.first_score, reason.span.validated) == ((), 1.0, True)


def test_chinese_context_words(detector):
    [reason] = explain(detector, {"text": "我的手机号4155550132"}, "zh").spans
    assert reason.context == ("手机",)


def test_a_propagated_span_names_the_one_it_repeats(detector):
    text = "Member ID: MX-4471-Q. " + "x. " * 40 + "As for MX-4471-Q, closed."
    first, second = explain(detector, {"text": text}).spans
    assert second.span.recognizer == "propagation"
    assert second.source == first.span
    assert second.as_json()["propagated_from"] == {
        "column": "text",
        "start": first.span.start,
        "end": first.span.end,
    }


def test_what_is_not_reported_says_why(detector):
    explained = explain(detector, {"text": "number 4155550132"})
    assert explained.spans == []
    why = {reason.span.entity_type: reason.dismissed for reason in explained.dismissed}
    assert why["PHONE_NUMBER"] == "below the threshold"
    explained = explain(detector, {"text": "born 3 March 1984"})
    assert [reason.span.entity_type for reason in explained.spans] == ["DATE_OF_BIRTH"]
    [date] = explained.dismissed
    assert date.span.entity_type == "DATE_TIME"
    assert date.as_json()["dismissed"] == "overlaps a reported span"


def test_a_policy_moves_the_threshold():
    policy = load_policy("gdpr").model_copy(update={"entities": {}})
    strict = policy.default.model_copy(update={"threshold": 0.99})
    detector = Detector(policy=policy.model_copy(update={"default": strict}))
    explained = explain(detector, {"text": "phone 4155550132"})
    assert explained.spans == []
    assert {reason.dismissed for reason in explained.dismissed} == {"below the threshold"}


def test_a_record_beyond_the_limits_is_refused():
    small = Detector(limits=Limits(characters=5))
    assert explain(small, {"text": "123456"}) == Refused("detector_limit")


def test_reasons_hold_no_text_of_the_record(detector):
    secret = "canary-4711@example.com"
    explained = explain(detector, {"text": f"e-mail {secret}, again {secret}"})
    assert len(explained.spans) == 2
    assert "canary" not in repr(explained)
    assert "canary" not in str([reason.as_json() for reason in explained.spans])


@pytest.mark.parametrize("name", TYPE_ORDER)
def test_every_built_in_type_has_a_family(name):
    assert family(name) in FAMILIES


def test_unknown_types_are_other():
    assert family("SOMETHING_NEW") == OTHER
    flat = [name for names in FAMILIES.values() for name in names]
    assert len(flat) == len(set(flat))
