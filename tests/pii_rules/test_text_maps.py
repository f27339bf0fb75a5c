"""Folding, windows and surface forms: maps over text that must be exact for any text."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pii_rules.many_strings import at_marks, at_once, marked_strings
from pii_rules.normalise import fold
from pii_rules.spans import Span
from pii_rules.surfaces import _joined, _one_by_one, is_telling, occurrences, propagated
from pii_rules.windows import windows

LOOKALIKES = (
    "aZ09０９ＡｚＺ＠．－\u00a0\u3000\u2013\u200b\u200d\ufeff\u00ad王，。"
    "\u0301\u0308\u20e3\ufe0f\u2009\u2019\u201c\u2033é①²٣𝟗𝐀ﬁ½\u2028"
)
lookalike_text = st.text(st.sampled_from(LOOKALIKES), max_size=40) | st.text(max_size=40)


@given(lookalike_text, st.data())
def test_every_folded_range_comes_from_its_original_range(text, data):
    folded = fold(text)
    if not folded.text:
        return
    start = data.draw(st.integers(0, len(folded.text) - 1))
    end = data.draw(st.integers(start + 1, len(folded.text)))
    first, last = folded.original(start, end)
    assert 0 <= first < last <= len(text)
    assert fold(text[first:last]).text == folded.text[start:end]


@given(lookalike_text)
def test_every_original_character_is_accounted_for(text):
    folded = fold(text)
    position = 0
    for place in range(len(folded.text)):
        first, last = folded.original(place, place + 1)
        assert position <= first < last
        assert fold(text[position:first]).text == ""
        position = last
    assert fold(text[position:]).text == ""


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("1\u00ad3\u00ad8", "138"),
        ("1\ufe0f\u20e32\ufe0f\u20e3", "12"),
        ("b\u0301ob@x.com", "bob@x.com"),
        ("①③⑧²𝟗٣９", "1382939"),
        ("𝐛𝕠𝖇＠ｘ．com", "bob@x.com"),
        ("1\u00a02\u20093\u202f4\u30005", "1 2 3 4 5"),
        ("\u2018a\u2019 \u201cb\u201d 3\u20324\u2033", "'a' \"b\" 3'4\""),
        ("1\u20132\u20143\u22124", "1-2-3-4"),
        ("é ﬁ ½ 王，。：", "é ﬁ ½ 王，。："),
    ],
)
def test_what_folds_to_what(text, folded):
    assert fold(text).text == folded


def test_a_mark_belongs_to_its_letter():
    assert fold("e\u0301x").original(0, 1) == (0, 2)
    assert fold("e\u200bx").original(0, 1) == (0, 1)


@given(lookalike_text)
def test_folding_is_idempotent(text):
    once = fold(text).text
    assert fold(once).text == once


@given(st.text(st.characters(max_codepoint=0x7F)))
def test_ascii_is_left_alone(text):
    assert fold(text).text == text


@given(st.integers(0, 20_000), st.sampled_from([7, 61, 1000, 10**6]), st.sampled_from("\n 。x"))
def test_windows_tile_the_text_and_see_around(length, every, border):
    text = "".join(border if i % every == every - 1 else "y" for i in range(length))
    position = 0
    for window in windows(text):
        assert window.first == position < window.last
        assert window.start <= window.first < window.last <= window.stop
        assert window.stop == len(text) or window.stop - window.last >= 512
        assert window.stop - window.start <= 6144
        position = window.last
    assert position == len(text)


@given(
    st.lists(st.text("ab1 ", min_size=1, max_size=4), max_size=4), st.text("ab1 王", max_size=30)
)
def test_occurrences_are_all_there_are(forms, text):
    got = set(occurrences(forms, text, bordered=False))
    assert got == {
        (i, i + len(f)) for f in forms for i in range(len(text)) if text.startswith(f, i)
    }
    assert set(occurrences(forms, text, bordered=True)) <= got


def test_borders_are_ascii_only():
    text = "AB-1234 xAB-1234 王AB-1234王 AB-12345"
    assert [a for a, _ in occurrences(["AB-1234"], text, bordered=True)] == [0, 18]


def test_telling_forms():
    assert is_telling("abc123")
    assert is_telling("a@b.co")
    assert not is_telling("a1234")
    assert not is_telling("London")


def test_propagation_reaches_other_columns_and_needs_a_sure_source():
    texts = {"text": "id AB-1234", "notes": "see AB-1234, AB-1234"}
    sure = Span("text", 3, 10, "ACCOUNT_ID", 0.6, "x")
    assert [(s.column, s.start, s.recognizer) for s in propagated(texts, [sure])] == [
        ("notes", 4, "propagation"),
        ("notes", 13, "propagation"),
    ]
    assert propagated(texts, [sure._replace(score=0.35)]) == []
    assert len(propagated(texts, [sure._replace(score=0.35, validated=True)])) == 2


@given(
    st.lists(st.text("ab1- é👩", min_size=1, max_size=5), max_size=12, unique=True),
    st.text("ab1- é👩", max_size=60),
)
def test_many_strings_at_once_are_found_like_one_by_one(strings, text):
    assert sorted(at_once(strings, text)) == sorted(_one_by_one(strings, text))


@given(
    st.lists(st.text("ab12- é@", min_size=1, max_size=12), max_size=12, unique=True),
    st.lists(st.text("ab12- é@", max_size=12), max_size=6),
    st.integers(1, 3),
)
def test_marked_strings_are_found_like_one_by_one(strings, rest, most):
    text = "".join([*strings[::2], *rest, *strings[1::3]])
    marked, others = marked_strings(strings, most)
    assert sorted([s for own in marked.values() for _, s in own] + others) == sorted(strings)
    wanted = [string for string in strings if string not in others]
    found, known = (
        sorted(place for place in places if not any(_joined(text, border) for border in place))
        for places in (at_marks(marked, text), _one_by_one(wanted, text))
    )
    assert found == known


def test_long_strings_with_one_beginning_are_told_apart():
    strings = ["x" * 70 + tail for tail in ("a", "b", "ab", "")]
    text = " ".join([strings[0], strings[2], strings[1], "x" * 69])
    assert sorted(at_once(strings, text)) == sorted(_one_by_one(strings, text))


def test_values_of_a_long_record_are_spread_in_linear_time():
    text = " ".join(f"card {n:016d} seen." for n in range(8000))
    forms = [f"{n:016d}" for n in range(8000)]
    started = time.process_time()
    assert len(list(occurrences(forms, text, bordered=True))) == 8000
    assert time.process_time() - started < 2
