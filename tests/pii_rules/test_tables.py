"""Every recognizer has a table of ten positives and ten near misses at least.

A positive counts for a recognizer if that recognizer itself matches the value, whatever the
others find; that the detector finds it with the right type is tested beside the table.
"""

import pytest

from pii_rules.normalise import fold

FEWEST = 10


@pytest.fixture(scope="module")
def recognizers(detector):
    return {
        rule.name: rule
        for rule in detector._engine.get_recognizers("en")
        if type(rule).__module__.startswith("pii_rules.recognizers")
    }


def matches(recognizer, text, surface):
    """Whether the recognizer's own finding covers half of the value or more."""
    folded = fold(text)
    start = text.index(surface)
    for result in recognizer.analyze(folded.text, []):
        first, last = folded.original(result.start, result.end)
        if min(last, start + len(surface)) - max(first, start) >= len(surface) / 2:
            return True
    return False


def test_every_recognizer_has_a_table(recognizers, tables):
    assert set(tables) == set(recognizers)


def test_no_table_is_thin(recognizers, tables):
    thin = {}
    for name, recognizer in recognizers.items():
        table = set(tables.get(name, []))
        positives = sum(1 for text, value in table if value and matches(recognizer, text, value))
        negatives = sum(1 for _, value in table if value is None)
        if min(positives, negatives) < FEWEST:
            thin[name] = (positives, negatives)
    assert thin == {}
