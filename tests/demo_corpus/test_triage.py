"""The label can be learnt from the words together, and from no single word."""

import re
from collections import Counter, defaultdict
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactory.demo_corpus.triage import Features

grades = st.integers(0, 2)


@given(st.builds(Features, grades, grades, grades, grades), st.integers(0, 3))
def test_a_higher_grade_never_lowers_the_class(features, position):
    order = ["information", "routine", "urgent"]
    raised = list(features)
    raised[position] = min(2, raised[position] + 1)
    assert order.index(Features(*raised).label) >= order.index(features.label)


@given(grades, st.integers(0, 3))
def test_no_single_grade_decides(grade, position):
    labels = set()
    for others in range(3):
        levels = [others] * 4
        levels[position] = grade
        labels.add(Features(*levels).label)
    assert len(labels) >= 2


def words_of(document):
    """Words (English) or pairs of characters (Chinese) outside the personal data."""
    pieces, at = [], 0
    for start, end, _ in document["spans"]:
        pieces.append(document["text"][at:start])
        at = end
    text = " ".join([*pieces, document["text"][at:]]).lower()
    if document["lang"] == "en":
        return set(re.findall(r"[a-z]{2,}", text))
    runs = re.findall(r"[\u4e00-\u9fff]+", text)
    return {run[i : i + 2] for run in runs for i in range(len(run) - 1)}


@pytest.fixture(params=["en", "zh"])
def examples(request, documents):
    chosen = [each for each in documents if each["lang"] == request.param]
    return [(words_of(each), each["label"]) for each in chosen]


def naive_bayes_accuracy(training, held_out):
    classes = Counter(label for _, label in training)
    counts = {label: Counter() for label in classes}
    for words, label in training:
        counts[label].update(words)
    vocabulary = set().union(*counts.values())

    def guess(words):
        def score(label):
            known = words & vocabulary
            smoothed = (log((counts[label][word] + 1) / (classes[label] + 2)) for word in known)
            return log(classes[label]) + sum(smoothed)

        return max(classes, key=score)

    return sum(guess(words) == label for words, label in held_out) / len(held_out)


def test_classes_are_balanced(examples):
    shares = [count / len(examples) for count in Counter(label for _, label in examples).values()]
    assert len(shares) == 3
    assert max(shares) <= 0.50
    assert min(shares) >= 0.25


def test_words_together_reach_80_percent_on_a_held_out_third(examples):
    accuracies = []
    for fold in range(3):
        training = [each for i, each in enumerate(examples) if i % 3 != fold]
        accuracies.append(naive_bayes_accuracy(training, examples[fold::3]))
    assert sum(accuracies) / 3 >= 0.80


def test_no_single_word_exceeds_62_percent(examples):
    everything = Counter(label for _, label in examples)
    with_word = defaultdict(Counter)
    for words, label in examples:
        for word in words:
            with_word[word][label] += 1
    best = max(
        max(present.values()) + max((everything - present).values())
        for present in with_word.values()
    )
    assert best / len(examples) <= 0.62
