"""No pattern is super-linear: adversarial repetition, past the anchors and the windows.

Each pattern is screened on 4 kB of every unit, repeated: the units of the list below, and
pieces of the texts that its own rule's table holds, which lead it far before they fail. On the
unit that costs it most it then sees a text and one four times as long. A linear pattern takes
four times as long for it, a quadratic one sixteen times. `make test` goes up to 80 kB,
`make test-all` up to a megabyte. Time is the processor's, the best of three.
"""

import time

import pytest
import regex

from pii_rules.recognizers.packs import load_packs
from pii_rules.recognizers.phone import _CANDIDATE
from pii_rules.recognizers.predefined import predefined_rules
from pii_rules.recognizers.rule import FLAGS

UNITS = """1 a 1- a. a@ A1 (1 ab: http:// 患 GB82 1/ 路 市 区1 省 号 1年 1月
Aa| 1 Aa|Main St |1 1|-|is |number |of |Aa, |Aa, CA 1|born 1|12 Main |May |Jan 1 |aged |lat
-----BEGIN PRIVATE KEY-----|eyJa.|key=a|key_|a_key |password|password: |sk-|sk-1|://a:|a://
1.1234,|1°|case no |case no. 1-|P.O. Box |account |account no. 1|bank account |A1B2|DL
passport no. A|group id |user: |username is a.|P<A|<
QQ|微信|路1号|海淀区|海淀区1|海淀区科技园路|建国小区
小区1栋|(2023)京|一月|二零|123 456 |1.1.1.|Aa 12, "
"""
SCREEN = 4_000  # bytes
NOISE = 0.02  # seconds: below that a ratio says nothing
GROWTH = 4
ALLOWED = 10  # times; a quadratic pattern needs sixteen
SLOWEST = 10.0  # seconds for a megabyte
NAMES = [entry["name"] for pack in load_packs() for entry in pack.recognizers]
NAMES += ["Iban", "Phone", *(rule.name for rule in predefined_rules("en"))]


@pytest.fixture(scope="module")
def patterns(detector):
    """The compiled patterns of every rule, by its name."""
    rules = detector._engine.get_recognizers("en")
    compiled = {
        rule.name: [(p.name, regex.compile(p.regex, FLAGS)) for p in getattr(rule, "patterns", [])]
        for rule in rules
    }
    return {**compiled, "Phone": [("candidate", _CANDIDATE)]}


@pytest.fixture(scope="module")
def units(tables):
    """What to repeat, by rule."""
    short, *long = UNITS.splitlines()
    common = {*short.split(), *(unit for line in long for unit in line.split("|"))}
    own = {
        name: {piece for text, wanted in table if wanted for piece in pieces(text)}
        for name, table in tables.items()
    }
    return lambda name: sorted(common | own.get(name, set()))


def pieces(text):
    """A text that a rule finds, whole and cut: the cut ones fail at their end."""
    return {text, text[: len(text) // 2], text[: -2 or None], text[2:]} - {""}


def repeated(unit, size):
    """About ``size`` bytes of ``unit``."""
    return unit * max(size // len(unit.encode()), 1)


def seconds(pattern, text):
    start = time.process_time()
    for _ in pattern.finditer(text):
        pass
    return time.process_time() - start


def worst(pattern, candidates, count):
    """The units on which the pattern takes longest."""
    return sorted(candidates, key=lambda unit: -seconds(pattern, repeated(unit, SCREEN)))[:count]


def check(pattern, name, unit, size):
    """Fail if the pattern is super-linear; the seconds it took."""
    short, long = repeated(unit, size // GROWTH), repeated(unit, size)
    taken = seconds(pattern, long)
    if taken > NOISE and taken > ALLOWED * seconds(pattern, short):
        ratio = min(
            seconds(pattern, long) / max(seconds(pattern, short), NOISE / GROWTH) for _ in range(3)
        )
        assert ratio < ALLOWED, f"{name} on {unit!r}: {ratio:.0f} times for {GROWTH} times the text"
    return taken


@pytest.mark.parametrize("name", NAMES)
def test_time_grows_linearly(patterns, units, name):
    for part, pattern in patterns[name]:
        for unit in worst(pattern, units(name), 1):
            check(pattern, f"{name}: {part}", unit, 80_000)


@pytest.mark.large
@pytest.mark.parametrize("name", NAMES)
def test_time_grows_linearly_up_to_a_megabyte(patterns, units, name, record_property):
    for part, pattern in patterns[name]:
        for unit in worst(pattern, units(name), 1):
            taken = check(pattern, f"{name}: {part}", unit, 1_000_000)
            record_property("seconds", f"{taken:.2f} {name}: {part} on {unit!r}")
            assert taken < SLOWEST, f"{name}: {part} on {unit!r}: {taken:.1f} s"


def test_the_check_sees_a_quadratic_pattern():
    with pytest.raises(AssertionError, match="slow"):
        check(regex.compile("a+b"), "slow", "a", 20_000)
