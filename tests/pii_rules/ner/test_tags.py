"""Tags to entities: the shortcut agrees with the slow rule."""

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pii_rules.ner.tags import TAGS, entities, likeliest


def allowed(tags):
    previous = 0
    for tag in tags:
        if tag and tag % 2 == 0 and previous not in (tag - 1, tag):
            return False
        previous = tag
    return True


@given(st.lists(st.lists(st.integers(1, 1000), min_size=7, max_size=7), min_size=1, max_size=4))
def test_the_likeliest_tags_are_those_of_an_exhaustive_search(weights):
    probabilities = np.array(weights, dtype=np.float64)
    probabilities /= probabilities.sum(axis=1, keepdims=True)

    def score(tags):
        return sum(np.log(probabilities[place, tag]) for place, tag in enumerate(tags))

    ways = filter(allowed, itertools.product(range(len(TAGS)), repeat=len(weights)))
    found = likeliest(probabilities)
    assert allowed(found)
    assert np.isclose(score(found), max(map(score, ways)))


def test_entities_of_a_sequence():
    tags = [1, 2, 0, 1, 1, 3, 4, 4, 0, 5]
    probabilities = np.full((len(tags), 7), 0.01)
    probabilities[np.arange(len(tags)), tags] = 0.94
    assert [(a, b, label) for a, b, label, _ in entities(probabilities)] == [
        (0, 2, "PERSON"),
        (3, 4, "PERSON"),
        (4, 5, "PERSON"),
        (5, 8, "LOCATION"),
        (9, 10, "ORGANIZATION"),
    ]


def test_no_words_no_entities():
    assert list(entities(np.zeros((0, 7)))) == []
