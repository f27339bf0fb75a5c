"""What redaction promises for any text: (a) settled, (b) undone, (c) gone, (d) the same everywhere.

The letters are those of the redaction issue.
"""

import io
import logging
import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pii_rules import Detector, LeakGate, Policy, Redactor, Span, load_policy
from pii_rules.forms import places_of, stands_alone
from pii_rules.identity_map import Collected, restored
from pii_rules.policy import COMMON_WORDS
from pii_rules.policy_rule import REMOVING
from pii_rules.resolve import resolve

KEYS = {name: bytes([n]) * 32 for n, name in enumerate(("token", "surrogate", "shift"))}
SETTLED = ("replace", "redact", "mask", "generalise")
PIECES = [
    *("bob@example.com", "138 0013 8000", "SSN 219-09-9999", "4111111111111111", "phone ", "，"),
    *("John Smith", "MRN: 48392011", "账号 62220212", "2024-03-12", "March 12, 1984", "身份证"),
    *("11010519491231002X", "192.0.2.1", "92 years old", "Springfield, IL 62704", " and ", "\n"),
    *("<PERSON>", "password: hunter22", "DOB: 3 May 1936", "王小明", "https://example.com/x", " "),
]
texts = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=8).map(" ".join)
TYPES = ("PERSON", "PHONE_NUMBER", "DATE_TIME", "LOCATION", "AGE", "EMAIL_ADDRESS", "NATIONAL_ID")
spans = st.lists(
    st.tuples(st.integers(0, 80), st.integers(1, 20), st.sampled_from(TYPES), st.floats(0.4, 1)),
    max_size=10,
)


def policy_of(operator):
    extra = {"to": "zip3"} if operator == "generalise" else {}
    allow = operator == "reversible"
    rules = {"LOCATION": {"operator": operator, **extra}}
    if operator == "generalise":
        rules["AGE"] = {"operator": operator, "to": "age_band"}
    return Policy(
        name="p",
        version="1.0.0",
        default={"operator": operator},
        entities=rules,
        allow_worker_reversible=allow,
    )


def rows(*values):
    return pa.RecordBatch.from_pydict({"text": list(values)})


def fitted(text, drawn):
    """Any overlapping findings, resolved as the detector resolves its own."""
    found = [
        Span("text", a, min(a + n, len(text)), kind, score, "r")
        for a, n, kind, score in drawn
        if a < len(text)
    ]
    return resolve(found)


@pytest.mark.parametrize("operator", SETTLED)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts)
def test_a_second_pass_changes_nothing(detector, operator, text):
    policy = policy_of(operator)
    redactor = Redactor(policy, KEYS, gate=LeakGate(detector, policy))
    once = redactor.redact(rows(text), detector.detect(rows(text)))
    if not once.kept:
        return
    twice = redactor.redact(once.batch, detector.detect(once.batch))
    assert twice.batch.to_pylist() == once.batch.to_pylist()


@pytest.mark.parametrize("operator", [*SETTLED, "token", "surrogate", "date_shift", "reversible"])
@given(text=texts, drawn=spans)
def test_redaction_is_undone_by_the_identity_map(operator, text, drawn):
    sink = Collected()
    redactor = Redactor(policy_of(operator), KEYS)
    done = redactor.redact(rows(text), [fitted(text, drawn)], sink=sink)
    for place, row in enumerate(done.kept):
        back = restored(done.batch.slice(place, 1).to_pylist()[0], sink.rows.get(row, []))
        assert back == {"text": text}


@pytest.mark.parametrize("operator", sorted(REMOVING - {"surrogate"}))
@given(text=texts, drawn=spans)
def test_what_was_taken_out_stands_nowhere_else(operator, text, drawn):
    sink = Collected()
    logged = io.StringIO()
    handler = logging.StreamHandler(logged)
    logging.getLogger().addHandler(handler)
    try:
        found = fitted(text, drawn)
        done = Redactor(policy_of(operator), KEYS).redact(rows(text), [found], sink=sink)
    finally:
        logging.getLogger().removeHandler(handler)
    forms = {entry.original for row in sink.rows.values() for entry in row}
    forms = {f for f in forms if len(f) >= 4 and f.casefold() not in COMMON_WORDS}
    said = logged.getvalue() + str(done.report) + str(done.refused)
    assert not any(form in said for form in forms if not form.isupper())
    for new, replacements in zip(
        done.batch.column("text").to_pylist(), done.replacements, strict=True
    ):
        for start, end in places_of(forms, new):
            inside = any(r.start <= start and end <= r.end for r in replacements)
            assert inside or not stands_alone(new, start, end)


RECORDS = [
    f"{name} wrote from {mail} on {day}. Call {phone}."
    for name, mail, day, phone in zip(
        ["John Smith", "J. Smith", "Mr Smith", "王小明", "Emma Lee", "Eve Lee", "SMITH, JOHN"] * 3,
        ["a1@example.com", "b2@example.com", "c3@example.com"] * 7,
        ["2024-03-12", "12 March 2024", "2024年3月12日"] * 7,
        ["020 7946 0123", "138 0013 8000", "+1 202-555-0143"] * 7,
        strict=True,
    )
]


def redacted(numbers):
    """Redact some of the records, in a process of its own or in this one."""
    policy = load_policy("llm-corpus")
    detector = Detector(policy.languages, policy)
    return _with(detector, policy, numbers)


def _with(detector, policy, numbers):
    batch = pa.RecordBatch.from_pydict(
        {"id": [str(n) for n in numbers], "text": [RECORDS[n] for n in numbers]}
    )
    gate = LeakGate(detector, policy)
    done = Redactor(policy, KEYS, gate=gate).redact(batch, detector.detect(batch))
    return dict(zip(*done.batch.to_pydict().values(), strict=True))


@pytest.fixture(scope="module")
def with_names():
    policy = load_policy("llm-corpus")
    return Detector(policy.languages, policy), policy


@pytest.fixture(scope="module")
def expected(with_names):
    return _with(*with_names, range(len(RECORDS)))


@settings(max_examples=5)
@given(order=st.permutations(range(len(RECORDS))), size=st.integers(1, len(RECORDS)))
def test_output_does_not_depend_on_batches_or_their_order(with_names, expected, order, size):
    made = {}
    for start in range(0, len(order), size):
        made |= _with(*with_names, order[start : start + size])
    assert made == expected


def test_output_does_not_depend_on_the_number_of_workers(expected):
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        parts = pool.map(redacted, [range(n, len(RECORDS), 2) for n in range(2)])
        assert {k: v for part in parts for k, v in part.items()} == expected
