"""The cost of redaction: right on small corpora, near on large ones, however they are cut."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_rules.utility import Meter, Sketch, Utility

KEY = bytes(32)


def measured(pairs):
    meter = Meter(KEY)
    for before, after, written in pairs:
        meter.add([before], [after], written)
    return meter.total


def test_shares_are_those_of_the_text():
    cost = measured([("call Bob Roe now please", "call <PERSON> now please", 8)])
    assert (cost.characters_in, cost.characters_out, cost.characters_replaced) == (23, 24, 7)
    assert cost.trigrams_in == 3
    assert cost.trigrams_kept == 0
    same = measured([("nothing to see here", "nothing to see here", 0)])
    assert same.replaced_share == 0
    assert same.trigram_share == 1


def test_redaction_makes_records_alike():
    cost = measured([("Hi Ann", "Hi <PERSON>", 8), ("Hi Bob", "Hi <PERSON>", 8)])
    assert cost.duplicate_share(cost.texts_in) == 0
    assert cost.duplicate_share(cost.texts_out) == 0.5


def test_small_groups_are_told():
    meter = Meter(KEY)
    for values in [("a", 1)] * 3 + [("a", 2)] + [("b", 1)] * 4:
        meter.add_group(values)
    assert meter.total.groups.sizes() == [1, 3, 4]
    assert meter.total.share_below(2) == pytest.approx(1 / 8)
    assert meter.total.share_below(4) == pytest.approx(4 / 8)
    assert Utility().share_below(5) == 0


texts = st.tuples(st.text(max_size=12), st.text(max_size=12), st.just(0))


@settings(max_examples=50)
@given(st.lists(texts, max_size=12), st.integers(0, 12))
def test_counts_of_shards_add_up_in_any_order_and_survive_storage(pairs, cut):
    whole = measured(pairs)
    one, two = measured(pairs[:cut]), measured(pairs[cut:])
    stored = Utility.from_json(json.loads(json.dumps(two.as_json())))
    stored.merge(one)
    assert stored == whole


@given(st.lists(st.integers(0, 2**64 - 1), min_size=600, max_size=700), st.integers(1, 600))
@settings(max_examples=10)
def test_a_merged_sketch_is_the_sketch_of_the_whole(digests, cut):
    def sketch(values):
        made = Sketch()
        for value in values:
            made.add(value)
        return made

    merged = sketch(digests[:cut])
    merged.merge(sketch(digests[cut:]))
    assert merged.counts.keys() == sketch(digests).counts.keys()


def test_many_distinct_values_are_estimated():
    draw = random.Random(3)
    sketch = Sketch()
    for _ in range(20_000):
        sketch.add(draw.getrandbits(64))
    assert not sketch.exact
    assert sketch.distinct() == pytest.approx(20_000, rel=0.2)


def test_without_the_key_a_text_cannot_be_confirmed():
    one, other = Meter(KEY), Meter(b"k" * 32)
    for meter in (one, other):
        meter.add(["Jane Roe"], ["<PERSON>"], 8)
    assert one.total.texts_in.counts != other.total.texts_in.counts
