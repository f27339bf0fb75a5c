"""No input makes a character dear: a megabyte of the worst costs what its parts cost.

Time is the processor's and noisy, so the bounds are wide: quadratic work would pass them by far.
``make test`` uses a fiftieth of a megabyte and five of them, ``make test-all`` a whole one.
"""

import os
import time

import pyarrow as pa
import pytest

from pii_rules import Detector, Refused
from pii_rules.detector import Limits

FULL = bool(os.environ.get("REDACTORY_FULL"))
SHORT = 200_000 if FULL else 20_000
GROWTH = 5
DEAREST = 1e-4  # seconds a character: a fifth of what the clock allows
TEXTS = {
    "digits": "7",
    "digits in groups": "123-456-7890 ",
    "separators": "1-",
    "at signs": "@",
    "addresses without an end": "a@b.",
    "one word": "account ",
    "one letter": "a",
    "labels without values": "ssn: password: account no. ",
    "emoji": "👩‍👩‍👧‍👦",
    "zero width": "1\u200b",
    "full-width digits": "１２３４５６７",
    "combining marks": "a\u0301\u0302\u0303",
    "near cards": "4111 1111 1111 1112 ",
    "near IBANs": "GB82 WEST 1234 5698 7654 33 ",
    "brackets": "((((",
    "lines": "\n",
    "Chinese digits": "患者1101051949123100",
    "Chinese addresses": "北京市海淀区",
    "private keys begun": "-----BEGIN RSA PRIVATE KEY-----",
    "dots": "a.b.c.",
    "colons": "1:2::",
    "quotes": "\"'",
}


@pytest.fixture(scope="module")
def rules():
    return Detector(ner="none")


def seconds(detector, text):
    started = time.process_time()
    found = detector.detect_record({"text": text})
    return time.process_time() - started, found


@pytest.mark.parametrize("unit", TEXTS.values(), ids=TEXTS.keys())
def test_cost_grows_with_length_only(rules, unit):
    short = unit * (SHORT // len(unit))
    taken, found = seconds(rules, short * GROWTH)
    assert not isinstance(found, Refused) or found.reason_code == "detector_limit"
    assert taken < DEAREST * len(short) * GROWTH
    if taken > 0.2:  # below that the ratio says nothing
        again = min(seconds(rules, short * GROWTH)[0] for _ in range(2))
        assert min(taken, again) < 2.5 * GROWTH * max(seconds(rules, short)[0], 0.02)


@pytest.mark.parametrize("unit", ["7", "a ", "@", "👩‍👩‍👧‍👦", "Maria Rossi, ", "张伟，", "\n"])
def test_names_cost_what_their_length_costs(unit):
    detector = Detector()
    short = unit * (4_000 // len(unit))
    detector.detect_record({"text": short})
    taken, _ = seconds(detector, short * GROWTH)
    assert taken < 2.5 * GROWTH * max(seconds(detector, short)[0], 0.1)


def test_work_is_counted_and_the_count_decides():
    dense = "bob@example.com " * 400
    spent = Limits(findings=300)
    assert Detector(ner="none", limits=spent).detect_record({"text": dense}) == Refused(
        "detector_limit"
    )
    batch = pa.record_batch({"text": [dense, "bob@example.com", "x" * 2000]})
    found = Detector(ner="none", limits=Limits(characters=7000, findings=300)).detect(batch)
    assert [isinstance(row, Refused) for row in found] == [True, False, False]


def test_the_clock_is_the_net_below():
    late = Limits(seconds=0.0, seconds_per_character=0.0)
    text = "bob@example.com " * 2000
    assert Detector(ner="none", limits=late).detect_record({"text": text}) == Refused(
        "detector_time"
    )
    assert Limits().allowed(1_000_000) > 500
