"""The scout: sentences, and what it may leave out."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

import pii_rules.ner
from pii_rules.ner.english import EnglishModel
from pii_rules.ner.scout import Scout, sentences
from pii_rules.ner.shapes import pieces

FOLDER = Path(pii_rules.ner.__file__).parent / "models"


@pytest.fixture(scope="module")
def tokenizer():
    return Tokenizer.from_file(str(FOLDER / "en.json"))


@pytest.fixture(scope="module")
def scout():
    return Scout(FOLDER)


@pytest.fixture(scope="module")
def fast():
    return EnglishModel(FOLDER, fast=True)


def parts(tokenizer, text):
    read = pieces(tokenizer, text)
    words = np.searchsorted(read.first, sentences(text, read))
    borders = [*read.starts[words].tolist(), len(text)]
    return [text[a:b].strip() for a, b in pairwise(borders)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("It rained. Nobody came!", ["It rained.", "Nobody came!"]),
        ("Ask Dr. Smith of St. Ives. He knows.", ["Ask Dr. Smith of St. Ives. He knows."]),
        (
            "We spoke with Dr. Smith today. He knows.",
            ["We spoke with Dr. Smith today.", "He knows."],
        ),
        ("one line\nanother", ["one line", "another"]),
        ("J. R. R. Tolkien wrote. Really?", ["J. R. R. Tolkien wrote.", "Really?"]),
        ("Hello", ["Hello"]),
    ],
)
def test_sentences_end_at_stops_but_not_at_abbreviations(tokenizer, text, wanted):
    assert parts(tokenizer, text) == wanted


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_runs_are_whole_sentences_in_order(tokenizer, scout, text):
    read = pieces(tokenizer, text)
    [runs] = scout.stretches([(text, read)])
    borders = {*sentences(text, read).tolist(), len(read.ids)} if len(read.ids) else set()
    flat = [place for run in runs for place in run]
    assert flat == sorted(set(flat))
    assert set(flat) <= borders


def test_what_is_passed_on_does_not_depend_on_the_batch(tokenizer, scout):
    texts = ["The meeting was long. " * n + "Maria Rossi left." for n in (1, 7, 40, 3)]
    reads = [(text, pieces(tokenizer, text)) for text in texts]
    together = scout.stretches(reads)
    assert together == [scout.stretches([pair])[0] for pair in reads]
    assert all(together)


@pytest.mark.parametrize(
    "text",
    [
        "Maria Rossi moved from Leeds to Ghent in March.",
        "MARIA ROSSI MOVED FROM LEEDS TO GHENT.",
        "yesterday maria rossi moved from leeds to ghent",
        "Thanks @mary_s for the photos of Ghent",
    ],
)
def test_names_are_passed_on_in_any_case(fast, text):
    assert fast.find([text])[0]


def test_a_text_that_names_nobody_is_not_read(fast):
    text = "the water is heated until it boils, and then it is left to cool for an hour. " * 20
    assert list(fast._windows([text])) == []
