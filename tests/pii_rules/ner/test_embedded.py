"""The shipped name models: what they find, and that a text's names depend on it alone."""

import socket
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_rules.ner import embedded

ENGLISH = [
    "Dr. Eleanor Whitfield examined John Smith at St Mary's Hospital in Leeds on Monday.",
    "JOHN SMITH AND MARIA GONZALEZ SIGNED THE LEASE IN CHICAGO.",
    "hey sarah are you coming to london with mohammed",
    "The quick brown fox jumps over the lazy dog.",
    "Kwame Mensah, Nguyen Thi Lan and Aoife O'Sullivan met Fatima Al-Hassan in Nairobi.",
]
CHINESE = [
    "患者张伟，男，45岁，由其妻子王丽陪同就诊。",
    "诸葛亮和司马懿都没有来北京。",
    "我昨天在上海见到了约翰·史密斯。",
    "今天天气很好，我们非常高兴。",
]
TEXTS = ENGLISH + CHINESE + ["", " ", "12345", "患者Randy Quaid今天出院。"]


@pytest.fixture(scope="module")
def finder():
    return embedded.EmbeddedNames()


def surfaces(text, names):
    return {(name.entity_type, text[name.start : name.end]) for name in names}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (ENGLISH[0], {("PERSON", "Eleanor Whitfield"), ("PERSON", "John Smith")}),
        (ENGLISH[1], {("PERSON", "JOHN SMITH"), ("PERSON", "MARIA GONZALEZ")}),
        (ENGLISH[2], {("PERSON", "sarah"), ("PERSON", "mohammed")}),
        (CHINESE[0], {("PERSON", "张伟"), ("PERSON", "王丽")}),
        (CHINESE[1], {("PERSON", "诸葛亮"), ("PERSON", "司马懿"), ("LOCATION", "北京")}),
        (CHINESE[2], {("PERSON", "约翰·史密斯"), ("LOCATION", "上海")}),
        ("患者Randy Quaid今天出院。", {("PERSON", "Randy Quaid")}),
        ("@mary_s are you there?", {("PERSON", "@mary_s")}),
    ],
)
def test_plain_names_are_found(finder, text, expected):
    assert surfaces(text, finder.find([text])[0]) >= expected


@pytest.mark.parametrize("text", [ENGLISH[3], CHINESE[3], "", " \n", "12345 67890", "!!! ???"])
def test_text_without_names_has_none(finder, text):
    assert finder.find([text]) == [[]]


def test_no_texts(finder):
    assert finder.find([]) == []


def test_alone_and_in_any_batch_a_text_has_the_same_names(finder):
    alone = [finder.find([text])[0] for text in TEXTS]
    assert finder.find(TEXTS) == alone
    assert finder.find(TEXTS[::-1]) == alone[::-1]
    many = TEXTS * 9
    assert finder.find(many) == alone * 9


@given(st.lists(st.sampled_from(TEXTS) | st.text(max_size=60), max_size=6))
@settings(deadline=None)
def test_a_batch_is_its_texts_one_by_one(texts):
    finder = _FINDER
    assert finder.find(texts) == [finder.find([text])[0] for text in texts]


@given(st.text(max_size=200))
@settings(deadline=None)
def test_names_lie_in_order_within_any_text(text):
    names = _FINDER.find([text])[0]
    assert names == sorted(names)
    for name in names:
        assert 0 <= name.start < name.end <= len(text)
        assert 0 < name.score <= 1
        assert name.entity_type in {"PERSON", "LOCATION", "ORGANIZATION"}
        assert any(c.isalpha() for c in text[name.start : name.end])


def test_a_long_text_is_read_to_its_end(finder):
    filler = "The weather was fine and the road was dry for the whole of that week. " * 1500
    text = f"{filler}Then John Smith called. {filler}"
    assert ("PERSON", "John Smith") in surfaces(text, finder.find([text])[0])


def test_a_word_longer_than_a_window_is_read(finder):
    text = "x" * 3000 + " John Smith called."
    assert ("PERSON", "John Smith") in surfaces(text, finder.find([text])[0])


def test_the_files_are_small_and_load_fast_without_a_network(monkeypatch):
    def refuse(*_):
        raise AssertionError("network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    folder = embedded._FOLDER
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 40 * 10**6
    begun = time.process_time()
    assert embedded.EmbeddedNames().find(["John"])
    assert time.process_time() - begun < 10  # a benchmark states the real figure


def test_the_description_names_every_file(finder):
    told = finder.describe()
    assert {"model.en.onnx", "model.en.json", "model.zh.onnx", "model.zh.json"} <= told.keys()
    assert all(value.startswith("sha256:") for key, value in told.items() if "model." in key)


_FINDER = embedded.EmbeddedNames()
