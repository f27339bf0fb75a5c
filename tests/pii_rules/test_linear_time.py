"""No rule is super-linear: adversarial repetition, without the windows that would hide it."""

import time

import pytest

UNITS = [
    "1",
    "a",
    "1-",
    "a.",
    "a@",
    "A1",
    "(1",
    "1 ",
    "ab:",
    "http://",
    "患",
    "4111 ",
    "GB82",
    "1/",
]
LENGTH = 20_000
SECONDS = 1.0  # a linear rule takes a few hundredths, a quadratic one minutes


@pytest.mark.parametrize("unit", UNITS)
def test_no_rule_is_slow_on_repetition(detector, unit):
    text = (unit * LENGTH)[:LENGTH]
    for recognizer in detector._engine.get_recognizers("en"):
        start = time.process_time()
        recognizer.analyze(text, recognizer.supported_entities, None)
        assert time.process_time() - start < SECONDS, recognizer.name
