"""Conflict resolution: disjoint, idempotent, order-independent, nothing lost unseen."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pii_rules.resolve import resolve
from pii_rules.spans import Span

spans = st.builds(
    lambda column, start, length, kind, score, name, ok: Span(
        column, start, start + length, kind, score, name, ok
    ),
    st.sampled_from(["text", "notes"]),
    st.integers(0, 40),
    st.integers(0, 12),
    st.sampled_from(["EMAIL_ADDRESS", "PHONE_NUMBER", "US_BANK_NUMBER", "NEW_TYPE"]),
    st.sampled_from([0.4, 0.5, 1.0]),
    st.sampled_from(["a", "b"]),
    st.sampled_from([None, True, False]),
)


def overlap(a, b):
    return a.column == b.column and a.start < b.end and b.start < a.end


@given(st.lists(spans, max_size=25))
def test_disjoint_and_sorted(findings):
    kept = resolve(findings)
    for left, right in itertools.pairwise(kept):
        assert (left.column, left.end) <= (right.column, right.start) or (
            left.column < right.column
        )
    assert not any(overlap(a, b) for i, a in enumerate(kept) for b in kept[i + 1 :])


@given(st.lists(spans, max_size=25))
def test_idempotent(findings):
    assert resolve(resolve(findings)) == resolve(findings)


@given(st.lists(spans, max_size=25).flatmap(lambda f: st.tuples(st.just(f), st.permutations(f))))
def test_independent_of_order(pair):
    findings, shuffled = pair
    assert resolve(findings) == resolve(shuffled)


@given(st.lists(spans, max_size=25))
def test_what_is_left_out_overlaps_a_kept_one_that_is_at_least_as_long(findings):
    kept = resolve(findings)
    for lost in set(findings) - set(kept):
        length = lost.end - lost.start
        assert length == 0 or any(overlap(lost, k) and k.end - k.start >= length for k in kept)


def test_order_of_preference():
    longer = Span("text", 0, 9, "PHONE_NUMBER", 0.4, "a")
    surer = Span("text", 2, 9, "PHONE_NUMBER", 1.0, "a")
    assert resolve([surer, longer]) == [longer]
    card = Span("text", 0, 9, "CREDIT_CARD", 0.4, "a")
    assert resolve([longer, card]) == [card]
    assert resolve([longer, card, longer._replace(score=0.5)])[0].score == 0.5
