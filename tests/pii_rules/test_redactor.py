"""The redactor: exact offsets, stable pseudonyms, nothing lost between kept and refused."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_rules import Policy, Redactor, Refused, Span
from pii_rules.entities import canonical_form
from pii_rules.operators import Mask, Token
from redactory.errors import InputError, KeyringError

RULES = {
    "REPLACED": {"operator": "replace", "with": "[gone]"},
    "REDACTED": {"operator": "redact"},
    "MASKED": {"operator": "mask", "character": "#", "keep_last": 2},
    "TOKENED": {"operator": "token"},
    "KEPT": {"operator": "keep"},
}
POLICY = Policy(name="p", version="1.0.0", entities=RULES)
KEYS = {"token": b"k" * 32}


@st.composite
def rows(draw):
    """A text of any Unicode and disjoint spans of it, too short to be sought elsewhere.

    Without ``<``, which could begin what an earlier pass wrote.
    """
    text = draw(st.text(st.characters(codec="utf-8", exclude_characters="<"), max_size=60))
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    pairs = [(a, min(b, a + 3)) for a, b in zip(cuts[::2], cuts[1::2], strict=False)]
    kinds = draw(st.lists(st.sampled_from(sorted(RULES)), min_size=4, max_size=4))
    return text, [Span("text", a, b, k, 0.9, "r") for (a, b), k in zip(pairs, kinds, strict=False)]


def redact(text, spans, policy=POLICY):
    batch = pa.RecordBatch.from_pydict({"text": [text], "id": ["7"]})
    return Redactor(policy, KEYS).redact(batch, [spans])


@settings(deadline=None)
@given(rows())
def test_text_outside_replacements_is_unchanged_and_in_order(row):
    text, spans = row
    done = redact(text, spans)
    new = done.batch.column("text")[0].as_py()
    [replacements] = done.replacements
    assert len(replacements) == len(spans)
    outside_old, outside_new, old, at = [], [], 0, 0
    for span, new_span in zip(spans, replacements, strict=True):
        outside_old.append(text[old : span.start])
        outside_new.append(new[at : new_span.start])
        surface, written = text[span.start : span.end], new[new_span.start : new_span.end]
        match new_span.operator:
            case "replace":
                assert written == "[gone]"
            case "redact":
                assert written == ""
            case "mask":
                assert len(written) == len(surface)
            case "token":
                assert written.startswith("<TOKENED:")
            case "keep":
                assert written == surface
        old, at = span.end, new_span.end
    assert outside_old == outside_new
    assert text[old:] == new[at:]


@given(rows(), rows())
def test_report_counts_and_order_of_kept_rows(one, two):
    batch = pa.RecordBatch.from_pydict({"text": [one[0], "secret", two[0]], "id": ["a", "b", "c"]})
    done = Redactor(POLICY, KEYS).redact(batch, [one[1], Refused("detector_error"), two[1]])
    assert done.kept == [0, 2]
    assert done.refused == [(1, "detector_error")]
    assert done.batch.column("id").to_pylist() == ["a", "c"]
    assert sum(done.report.entities.values()) == len(one[1]) + len(two[1])
    assert sum(done.report.operators.values()) == len(one[1]) + len(two[1])


def test_two_columns_nulls_and_types_are_kept():
    schema = pa.schema([("a", pa.string()), ("n", pa.int64()), ("b", pa.large_string())])
    batch = pa.RecordBatch.from_pylist([{"a": None, "n": 1, "b": "x 12 y"}], schema=schema)
    spans = [Span("b", 2, 4, "REPLACED", 1.0, "r")]
    done = Redactor(POLICY, KEYS).redact(batch, [spans], ["a", "b"])
    assert done.batch.schema == schema
    assert done.batch.to_pylist() == [{"a": None, "n": 1, "b": "x [gone] y"}]


def test_empty_batch():
    batch = pa.RecordBatch.from_pydict({"text": pa.array([], pa.string())})
    assert Redactor(POLICY, KEYS).redact(batch, []).kept == []


@pytest.mark.parametrize(
    "spans",
    [
        [Span("text", 0, 3, "KEPT", 1.0, "r"), Span("text", 2, 5, "KEPT", 1.0, "r")],
        [Span("text", 4, 99, "KEPT", 1.0, "r")],
        [Span("text", 3, 3, "KEPT", 1.0, "r")],
    ],
)
def test_spans_that_do_not_fit_are_refused_without_the_text(spans):
    with pytest.raises(InputError) as caught:
        redact("canary text", spans)
    assert "canary" not in str(caught.value)


def test_rows_and_spans_must_match():
    with pytest.raises(InputError, match="2 rows of spans"):
        Redactor(POLICY, KEYS).redact(pa.RecordBatch.from_pydict({"text": ["a"]}), [[], []])


@pytest.mark.parametrize("keys", [{}, {"token": b"short"}, {"id": b"k" * 32}])
def test_a_missing_or_short_key_is_refused_at_the_start(keys, policy):
    with pytest.raises(KeyringError, match="token key"):
        Redactor(policy, keys)


def test_no_key_is_needed_without_tokens():
    assert Redactor(Policy(name="p", version="1.0.0"), {})


def test_token_vector():
    # HMAC-SHA256(key, "EMAIL_ADDRESS" 00 "bob@example.com"), first 64 bits, by openssl
    token = Token("EMAIL_ADDRESS", bytes(range(32)))
    assert token.operate("Bob@Example.com") == "<EMAIL_ADDRESS:da2d6a37130b5527>"


@pytest.mark.parametrize(
    ("kind", "one", "other", "equal"),
    [
        ("PHONE_NUMBER", "138 0013 8000", "13800138000", True),
        ("PHONE_NUMBER", "１３８００１３８０００", "138-0013-8000", True),
        ("CREDIT_CARD", "4111-1111-1111-1111", "4111111111111111", True),
        ("EMAIL_ADDRESS", "Bob@Example.com", "bob@example.com", True),
        ("EMAIL_ADDRESS", "b.ob@example.com", "bob@example.com", False),
        ("PASSWORD", "Hunter22", "hunter22", False),
        ("DATE_TIME", "12  March 2024", "12 march 2024", True),
        ("IP_ADDRESS", "1.11.1.1", "11.1.1.1", False),
    ],
)
def test_canonical_forms(kind, one, other, equal):
    assert (canonical_form(kind, one) == canonical_form(kind, other)) is equal


def test_token_separates_types_and_keys():
    made = {Token(t, k).operate("x1")[-17:] for t in "AB" for k in (b"1" * 32, b"2" * 32)}
    assert len(made) == 4


@given(st.text(min_size=1), st.integers(0, 8))
def test_a_mask_shows_at_most_half(text, keep):
    masked = Mask("*", keep).operate(text)
    shown = min(keep, len(text) // 2)
    assert masked == "*" * (len(text) - shown) + text[len(text) - shown :]


def test_a_value_goes_wherever_it_stands_alone():
    done = redact(
        "Roe and Carter; CARTER, Cartership, Carter.", [Span("text", 8, 14, "REPLACED", 1.0, "r")]
    )
    assert done.batch.column("text").to_pylist() == ["Roe and [gone]; CARTER, Cartership, [gone]."]


def test_a_common_word_stays_elsewhere():
    policy = Policy(name="p", version="1.0.0", common_words=["Reading"])
    done = redact("Reading on. Reading, UK", [Span("text", 12, 19, "LOCATION", 1.0, "r")], policy)
    assert done.batch.column("text").to_pylist() == ["Reading on. <LOCATION>, UK"]


def test_a_value_that_removal_would_put_together_refuses_the_row():
    spans = [Span("text", 0, 5, "REDACTED", 1.0, "r"), Span("text", 9, 10, "REDACTED", 1.0, "r")]
    done = redact("Jones ,Jo|nes,", spans)
    assert done.refused == [(0, "leak")]


def test_a_finding_below_the_threshold_of_its_language_is_left():
    rules = {"PERSON": {"operator": "replace", "zh": {"threshold": 0.9}}}
    policy = Policy(name="p", version="1.0.0", entities=rules)
    spans = [Span("text", 0, 3, "PERSON", 0.5, "r")]
    assert redact("王小明 here", spans, policy).batch.column("text").to_pylist() == ["王小明 here"]
    assert redact("Bob here", spans, policy).batch.column("text").to_pylist() == ["<PERSON> here"]


def test_the_sink_is_told_of_kept_rows_only():
    class Sink:
        def __init__(self):
            self.told = []

        def keep(self, row, replacement, original):
            self.told.append((row, replacement.start, original))

    sink = Sink()
    batch = pa.RecordBatch.from_pydict({"text": ["ab", "cd"]})
    spans = [Refused("detector_error"), [Span("text", 1, 2, "REPLACED", 1.0, "r")]]
    Redactor(POLICY, KEYS).redact(batch, spans, sink=sink)
    assert sink.told == [(1, 1, "d")]
