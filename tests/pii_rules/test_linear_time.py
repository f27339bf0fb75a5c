"""No pattern is super-linear: adversarial repetition, past the anchors and the windows.

Each pattern sees a text that repeats one unit, and one four times as long. A linear
pattern takes four times as long for it; a quadratic one sixteen times.
"""

import time

import pytest
import regex

from pii_rules.recognizers.phone import _CANDIDATE
from pii_rules.recognizers.rule import FLAGS

UNITS = """1 a 1- a. a@ A1 (1 ab: http:// 患 GB82 1/ 路 市 区1 省 号 1年 1月
Aa| 1 Aa|Main St |1 1|-|is |number |of |Aa, |Aa, CA 1|born 1|12 Main |May |Jan 1 |aged |lat
-----BEGIN PRIVATE KEY-----|eyJa.|key=a|key_|a_key |password|password: |sk-|sk-1|://a:|a://
1.1234,|1°|case no |case no. 1-|P.O. Box |account |account no. 1|bank account |A1B2|DL
passport no. A|group id |user: |username is a.|P<A|<
QQ|微信|路1号|海淀区|小区1栋|(2023)京|一月|二零|123 456 |1.1.1.|Aa 12, "
"""
NOISE = 0.02  # seconds: below that a ratio says nothing
GROWTH = 4
ALLOWED = 10  # times; a quadratic pattern needs sixteen


def units():
    short, *long = UNITS.splitlines()
    return sorted({*short.split(), *(unit for line in long for unit in line.split("|"))})


def patterns(detector):
    rules = detector._engine.get_recognizers("en")
    found = {
        f"{rule.name}: {pattern.name}": regex.compile(pattern.regex, FLAGS)
        for rule in rules
        for pattern in getattr(rule, "patterns", [])
    }
    return {**found, "Phone: candidate": _CANDIDATE}


def seconds(pattern, text):
    start = time.process_time()
    for _ in pattern.finditer(text):
        pass
    return time.process_time() - start


def check(pattern, name, unit, length):
    short, long = ((unit * size)[:size] for size in (length // GROWTH, length))
    if seconds(pattern, long) <= NOISE:
        return
    ratios = []
    for _ in range(3):  # the best of three: another process may take the core for a while
        ratios.append(seconds(pattern, long) / max(seconds(pattern, short), NOISE / GROWTH))
        if ratios[-1] < ALLOWED:
            return
    pytest.fail(f"{name} on {unit!r}: {min(ratios):.0f} times for {GROWTH} times the text")


@pytest.mark.parametrize("unit", units())
def test_time_grows_linearly(detector, unit):
    for name, pattern in patterns(detector).items():
        check(pattern, name, unit, 20_000)


@pytest.mark.large
@pytest.mark.parametrize("unit", units())
def test_time_grows_linearly_up_to_a_megabyte(detector, unit):
    for name, pattern in patterns(detector).items():
        check(pattern, name, unit, 1_000_000)


def test_the_check_sees_a_quadratic_pattern():
    with pytest.raises(pytest.fail.Exception, match="slow"):
        check(regex.compile("a+b"), "slow", "a", 20_000)
