"""The residual estimate: what can still be read, with an interval, against the policy's limits."""

import json

import pytest

from pii_rules import LeakGate, Policy, Redactor
from pii_rules.identity_map import Entry
from pii_rules.residual import (
    Labelled,
    check,
    estimate,
    original_places,
    read_labelled,
    wilson,
)
from redactory.errors import InputError, LeakError

POLICY = Policy(
    name="p",
    version="1.0.0",
    entities={"URL": {"operator": "keep"}},
    residual_limits={"default": 0.4, "entities": {"PHONE_NUMBER": 0.0}},
)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_wilsons(successes, trials, low, high):
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_of_nothing_nothing_is_known():
    assert wilson(0, 0) == (0.0, 1.0)
    assert wilson(5, 5)[1] == 1.0


def labelled(*pairs):
    return [
        Labelled(text, ((text.index(v), text.index(v) + len(v), kind),)) for text, v, kind in pairs
    ]


def test_what_can_be_read_is_counted_by_type(detector):
    records = labelled(
        ("write to bob@example.com", "bob@example.com", "EMAIL_ADDRESS"),
        ("the code is QZ-99 today", "QZ-99", "PHONE_NUMBER"),
        ("call 020 7946 0123 now", "020 7946 0123", "PHONE_NUMBER"),
        ("see https://example.com/a", "https://example.com/a", "URL"),
        ("see Fenwick there", "Fenwick", "PERSON"),
    )
    found = estimate(records, detector, Redactor(POLICY, {}), POLICY)
    told = {r.entity_type: (r.total, r.survived) for r in found}
    assert told == {"EMAIL_ADDRESS": (1, 0), "PERSON": (1, 1), "PHONE_NUMBER": (2, 1)}
    with pytest.raises(LeakError, match=r"PERSON 100.0% of at most 40.0%") as caught:
        check(found)
    assert "Fenwick" not in str(caught.value)


def test_a_quarantined_record_lets_nothing_out(detector):
    class Closed(LeakGate):
        def check(self, batch, replacements, surfaces, columns=("text",)):
            from pii_rules.gate import Leak

            return {row: Leak("leak", []) for row in range(batch.num_rows)}

    records = labelled(("see Fenwick there", "Fenwick", "PERSON"))
    redactor = Redactor(POLICY, {}, gate=Closed(detector))
    check(estimate(records, detector, redactor, POLICY))


def test_places_are_those_of_the_original():
    entries = [Entry("text", 0, 3, "A", "mask", "12345"), Entry("text", 5, 5, "A", "redact", "xy")]
    assert original_places(entries) == [(0, 5), (7, 9)]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '{"text": 1, "spans": []}',
        '{"text": "secret", "spans": [[0, 99, "A"]]}',
        '{"text": "secret"}',
        '{"text": "secret", "spans": [[0, 1]]}',
    ],
)
def test_a_sample_that_is_none_is_refused_by_its_line(tmp_path, line):
    path = tmp_path / "sample.jsonl"
    path.write_text(json.dumps({"text": "a", "spans": []}) + "\n" + line + "\n")
    with pytest.raises(InputError, match="line 2") as caught:
        read_labelled(str(path))
    assert "secret" not in str(caught.value)


def test_an_empty_or_absent_sample_is_refused(tmp_path):
    (tmp_path / "empty.jsonl").write_text("\n")
    for name in ("empty.jsonl", "absent.jsonl"):
        with pytest.raises(InputError, match="sample"):
            read_labelled(str(tmp_path / name))
