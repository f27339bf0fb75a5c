"""The detector: determinism, refusal instead of silence, limits, long texts, languages."""

import logging

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from presidio_analyzer import EntityRecognizer, Pattern, PatternRecognizer

from pii_rules import Detector, Limits, Refused
from pii_rules.language import languages_of
from pii_rules.ner.names import Name
from pii_rules.recognizers import rule

SECRET = "canary-4711@example.com"

VALUES = ["bob@example.com", "13800138000", "+44 20 7946 0958", "4111 1111 1111 1111", "2024-03-12"]
BETWEEN = [
    "患者",
    "张三",
    "，",
    "phone ",
    "account ",
    "\n",
    " ",
    "\u200b",
    "１３８",
    "-",
    "😀",
    "a",
    "7",
]
pieces = st.sampled_from([*VALUES, *BETWEEN, "<URL>"])
texts = st.lists(pieces | st.text(max_size=3), max_size=14).map("".join)


def batch(values, tags=None):
    columns = {"text": pa.array(values, pa.string())}
    if tags is not None:
        columns["lang"] = pa.array(tags, pa.string())
    return pa.RecordBatch.from_pydict(columns)


@settings(max_examples=40, deadline=None)
@given(st.lists(texts, min_size=1, max_size=4), st.randoms())
def test_a_row_alone_and_in_any_batch_gives_the_same_spans(detector, values, random):
    alone = {value: detector.detect(batch([value]))[0] for value in values}
    random.shuffle(values)
    assert detector.detect(batch(values)) == [alone[value] for value in values]


@settings(max_examples=60, deadline=None)
@given(texts)
def test_spans_are_disjoint_ranges_of_the_original(detector, text):
    end = 0
    for span in detector.detect_record({"text": text}):
        assert end <= span.start < span.end <= len(text)
        assert 0.4 <= span.score <= 1.0
        end = span.end


HIDDEN = ["\u200b", "\u00ad", "\u0301", "\ufe0f", "\u20e3", "\u2060"]


@settings(max_examples=60, deadline=None)
@given(
    st.text(max_size=5),
    st.lists(st.sampled_from(["", *HIDDEN]), min_size=11, max_size=11),
    st.data(),
)
def test_hidden_characters_do_not_hide_and_spans_cover_them(detector, before, hidden, data):
    value = "13800138000"
    written = "".join(map("".join, zip(value, hidden, strict=True)))
    after = data.draw(st.sampled_from(["", "。", " x", "\n"]))
    text = f"{before}\n手机 {written}{after}"
    start = len(before) + 4
    spans = detector.detect_record({"text": text}, "zh")
    [span] = [s for s in spans if s.start >= start]
    assert (span.entity_type, span.start) == ("PHONE_NUMBER", start)
    assert start + len(written) - len(hidden[-1]) <= span.end <= start + len(written)


def test_null_and_empty_texts_have_no_spans(detector):
    assert detector.detect(batch([None, "", "plain"])) == [[], [], []]
    assert detector.detect(batch([])) == []


def test_several_columns_are_searched_and_named(detector):
    rows = pa.RecordBatch.from_pydict({"a": ["bob@example.com"], "b": ["see bob@example.com"]})
    [spans] = detector.detect(rows, ["a", "b"])
    assert [(s.column, s.start) for s in spans] == [("a", 0), ("b", 4)]
    assert spans[0].as_json()["column"] == "a"
    assert "column" not in spans[0]._replace(column="text").as_json()


def test_long_texts_find_everything_once_at_its_place(detector):
    filler = "The weather was calm and nobody called. " * 40
    parts, expected = [], []
    for number in range(40):
        address = f"user{number}@example.com"
        parts += [filler[: 37 * number % len(filler)], " ", address, " "]
        start = sum(map(len, parts)) - len(address) - 1
        expected.append((start, start + len(address)))
    spans = detector.detect_record({"text": "".join(parts)})
    assert [(s.start, s.end) for s in spans] == expected


class _Greedy:
    """Takes a whole text for a place."""

    def find(self, texts):
        return [[Name(0, len(text), "LOCATION", 0.9, "greedy")] for text in texts]

    def describe(self):
        return {"finder": "greedy"}


@pytest.mark.parametrize("number", ["GB82WEST12345698765432", "GB56262876421990118734"])
def test_a_name_does_not_swallow_a_number(number):
    text = f"IBAN {number} at Springfield"
    spans = Detector(ner=_Greedy()).detect_record({"text": text})
    assert [(s.entity_type, text[s.start : s.end]) for s in spans] == [
        ("IBAN_CODE", number),
        ("LOCATION", " at Springfield"),
    ]


@pytest.mark.large
def test_a_record_of_more_than_a_megabyte_is_searched_to_its_end():
    line = "The committee met on the first floor and talked about the budget of the year.\n"
    text = line * 14_000 + "Ask John Smith, john@example.com."
    assert len(text) > 1 << 20
    spans = Detector().detect_record({"text": text})
    assert [text[s.start : s.end] for s in spans][-2:] == ["John Smith", "john@example.com"]


def test_beyond_a_limit_a_record_is_refused():
    small = Detector(ner="none", limits=Limits(characters=30, findings=3))
    assert small.detect_record({"text": "x" * 31}) == Refused("detector_limit")
    assert small.detect_record({"a": "x" * 16, "b": "x" * 15}) == Refused("detector_limit")
    crowded = "a@b.co c@d.co e@f.co g@h.co i@"
    assert small.detect_record({"text": crowded}) == Refused("detector_limit")


class _Failing(EntityRecognizer):
    def __init__(self):
        super().__init__(["BROKEN"], supported_language="en")

    def load(self):
        pass

    def analyze(self, text, entities, nlp_artifacts=None):
        if "canary" in text:
            raise ValueError(f"cannot handle {text}")
        return []


def test_a_failing_recognizer_refuses_its_row_and_tells_nobody_the_text(caplog, capfd):
    caplog.set_level(logging.DEBUG)
    detector = Detector(ner="none", recognizers=[_Failing()])
    found = detector.detect(batch([f"mail {SECRET}", "mail bob@example.com"]))
    assert found[0] == Refused("detector_error")
    assert [s.entity_type for s in found[1]] == ["EMAIL_ADDRESS"]
    out, err = capfd.readouterr()
    assert "canary" not in caplog.text + out + err + repr(found)


def test_a_pattern_out_of_time_refuses_the_row(monkeypatch):
    slow = PatternRecognizer(
        "SLOW", patterns=[Pattern("slow", r"(a|a)*$", 0.5)], supported_language="en"
    )
    adopted = rule.adopt(slow, "en")
    adopted.seconds = 0.05
    detector = Detector(ner="none", recognizers=[adopted])
    assert detector.detect_record({"text": "a" * 40 + "b"}) == Refused("detector_time")
    assert detector.detect_record({"text": "bob"}) == []


def test_presidio_pattern_recognizers_plug_in_and_lose_their_silent_timeout():
    extra = PatternRecognizer(
        "TICKET", patterns=[Pattern("ticket", r"\bT-\d{4}\b", 0.6)], supported_language="en"
    )
    detector = Detector(ner="none", recognizers=[extra])
    [span] = detector.detect_record({"text": "工单T-1234已关闭"}, "en")
    assert (span.entity_type, span.start, span.end) == ("TICKET", 2, 8)
    assert not any(r is extra for r in detector._engine.recognizers)


@pytest.mark.parametrize(
    ("text", "tag", "languages"),
    [
        ("", None, ["en"]),
        ("患者今天好多了", None, ["zh"]),
        ("The patient 王小明 felt better after a long walk", None, ["en", "zh"]),
        ("The patient", "zh-CN", ["zh"]),
        ("The patient is well", "zh-CN", ["en", "zh"]),
        ("患者用 WeChat 联系", None, ["zh"]),
        ("患者", "en_GB", ["en", "zh"]),
        ("患者", "de", ["zh"]),
        ("12345", None, ["en"]),
        ("Bonjour tout le monde", "fr", ["en"]),
    ],
)
def test_rule_sets_of_a_text(text, tag, languages):
    assert languages_of(text, tag, ("en", "zh")) == languages
    assert languages_of(text, tag, ("en",)) == ["en"]


def test_a_record_in_two_languages_is_searched_by_both_rule_sets(found):
    mixed = "患者身份证号11010519491231002X。 Please call me: my SSN is 536-90-4399, thank you."
    assert {kind for kind, _ in found(mixed)} >= {"CN_RESIDENT_ID", "US_SSN"}


def test_a_placeholder_is_no_context(found):
    assert found("<PHONE_NUMBER> 4839201") == []
    assert found("phone 4839201") == [("PHONE_NUMBER", "4839201")]


def test_context_stays_in_its_line(found):
    assert found("phone unknown\nroom 4839201") == []
    assert found("phone\n4839201") == [("PHONE_NUMBER", "4839201")]


def test_thresholds_come_from_the_policy(policy):
    strict = policy.model_copy(
        update={"default": policy.default.model_copy(update={"threshold": 1})}
    )
    detector = Detector(ner="none", policy=strict)
    assert detector.detect_record({"text": "https://example.com"}) == []
