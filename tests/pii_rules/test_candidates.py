"""A screen never leaves out a pattern that matches, whatever it is made of."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from pii_rules import Detector
from pii_rules.candidates import SETTING, Anchored
from pii_rules.candidates.near import matches
from pii_rules.candidates.relaxed import relaxed
from pii_rules.candidates.width import width
from pii_rules.recognizers.rule import FLAGS

hyperscan = pytest.importorskip("hyperscan", reason="no Hyperscan on this platform")
from pii_rules.candidates.compiled import Compiled  # noqa: E402

PIECES = [
    *(
        "call",
        "account",
        "no. ",
        "ssn ",
        "born ",
        "号码",
        "患者",
        "北京市",
        "路",
        "@",
        "a.b",
        "http://",
    ),
    *("555-123-4567", "4111 1111 1111 1111", "GB82WEST12345698765432", "12/05/1984", "v. "),
    *(
        " ",
        "\n",
        ":",
        "-",
        "_",
        "é",
        "٣",
        "\u212a",
        "Smith",
        "AB",
        "1",
        "22",
        "333",
        "4444",
        "x" * 70,
    ),
]


@pytest.fixture(scope="module")
def rules(detector):
    return detector._engine._rules


def matching(rules, text):
    """The numbers of the patterns that match somewhere in ``text``."""
    patterns = [source for rule in rules for source in rule.sources]
    return {n for n, source in enumerate(patterns) if regex.search(source, text, FLAGS)}


@pytest.fixture(scope="module", params=["compiled", "anchored"])
def screen(request, rules, tmp_path_factory):
    if request.param == "anchored":
        return Anchored(rules)
    sources = [outline for rule in rules for outline in rule.outlines]
    return Compiled(sources, tmp_path_factory.mktemp("cache"))


def test_every_text_of_the_tables_keeps_its_patterns(rules, screen, tables):
    texts = {text for table in tables.values() for text, _ in table}
    assert len(texts) > 1000
    for text in texts:
        assert matching(rules, text) <= set(screen.candidates(text)), text


@settings(deadline=None)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_no_text_loses_a_pattern(rules, screen, text):
    assert matching(rules, text) <= set(screen.candidates(text))


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"label:? \K\d{6}", "label: 123456"),
        (r"(?<![A-Z0-9])ab(?![A-Z0-9])", "ab"),
        (r"(?<![A-Z0-9])ab(?![A-Z0-9])", "_ab_"),
        (r"(?:(?<![A-Z])tin|税号)\d", "税号1"),
        (r"(?:a(?!b))(?![c])", "ad"),
        (r"(?:a(?!b))(?![c])", "a"),
        (r"\d\d([ -]?)\d\d\1\d\d", "12-34-56"),
        (r"\d\d([ -]?)\d\d\1\d\d", "123456"),
        (r"(?P<s>[ab])x\1?y", "axy"),
        (r"(a)(?:(?<!z)b)+(?=c|d(?!e))", "abbd"),
        (r"(?<!a)(?<!b)c", "xc"),
        (r"x(?!y)(?=z)", "xz"),
        (r"(?=[A-Z]{2}\d)(?:GB)\d{1,20}", "GB12345"),
        (r"[]x]{2}\|[^)]", "]x|a"),
        ("[\\u4E00-\\u9FFF]{2}路", "长安路"),
        (r"(?i:\p{Lu}+) v\. \p{Lu}(?!\w)", "ROE v. W"),
        (r"^a$|(?<![^ ])b", "x\na\ny"),
        (r"(?<![^ ])b", " b"),
        (r"\bk\b", "k"),
        (r"k", "\u212a"),
    ],
)
def test_constructs_survive_relaxing(tmp_path, pattern, text):
    if regex.search(pattern, text, FLAGS):
        assert list(Compiled([pattern], tmp_path).candidates(text)) == [0], relaxed(pattern)


def test_what_the_library_does_not_know_is_always_a_candidate(tmp_path):
    patterns = ["abc", r"(?>a|b)\G", r"(?|(a)|(b))\L<names>", "xyz"]
    for _ in range(2):  # compiled, then as it was kept
        screen = Compiled(patterns, tmp_path)
        assert {1, 2} & set(screen.candidates("-")) == set(screen._always)
        assert 2 in screen._always
        assert 0 not in screen.candidates("xyz")
    assert list(screen.candidates("\ud800")) == [0, 1, 2, 3]


def test_a_damaged_or_forbidden_cache_costs_time_only(tmp_path):
    Compiled(["abc"], tmp_path)
    [kept] = tmp_path.iterdir()
    whole = kept.read_bytes()
    for damaged in (b"", b"{}", whole[:-20], whole[:60] + b"\0" * 40 + whole[100:]):
        kept.write_bytes(damaged)
        assert list(Compiled(["abc"], tmp_path).candidates("zabc")) == [0]
        assert kept.read_bytes() == whole
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert list(Compiled(["abc"], blocked / "below").candidates("abc")) == [0]


SEARCH = """
import json, sys
from pii_rules import Detector
detector = Detector(ner="none")
texts = json.load(sys.stdin)
print(json.dumps([type(detector._engine._screen).__name__,
                  [detector.detect_record({"text": text}) for text in texts]]))
"""


def test_both_screens_give_the_same_findings(tables, monkeypatch, detector):
    texts = sorted({text for table in tables.values() for text, _ in table})[::3]
    monkeypatch.setenv(SETTING, "anchored")
    done = subprocess.run(
        [sys.executable, "-c", SEARCH],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    kind, found = json.loads(done.stdout)
    assert kind == "Anchored"
    assert isinstance(detector._engine._screen, Compiled)
    here = [detector.detect_record({"text": text}) for text in texts]
    assert [[list(span) for span in spans] for spans in here] == found
    assert isinstance(detector, Detector)


def located(pattern, text, ends):
    """The spans of the matches that are looked for where the screen points."""
    compiled = regex.compile(pattern, FLAGS)
    return [m.span() for m in matches(compiled, text, ends, width(pattern), None)]


def whole(pattern, text):
    """The spans of all matches."""
    return [m.span() for m in regex.finditer(pattern, text, FLAGS) if m.start() < m.end()]


def check_places(rules, screen, text):
    """The places of the screen lead to all matches of each rule."""
    sources = [source for rule in rules for source in rule.sources]
    told = screen.candidates(text)
    for number, source in enumerate(sources):
        found = located(source, text, told[number]) if number in told else []
        assert found == whole(source, text), source


def test_the_places_of_candidates_lead_to_every_match(rules, screen, tables):
    texts = [text for table in tables.values() for text, wanted in table if wanted]
    for first in range(0, len(texts), 40):
        check_places(rules, screen, "\n".join(texts[first : first + 40]))


@settings(deadline=None, max_examples=30)
@given(st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
def test_places_in_any_text(rules, screen, text):
    check_places(rules, screen, text)


@pytest.mark.parametrize(
    ("pattern", "fewest", "least_reach"),
    [
        (r"a", 1, 1),
        (r"(?<![A-Z0-9])a{2,5}(?![A-Z0-9])", 2, 7),
        (r"(?x) a [ ] b{3} # (of note", 5, 5),
        (r"label:? \K\d{6}", 12, 13),
        (r"(a|bcd)x\1?", 2, 7),
        (r"(?:ab|c)?\b(?=12345)", 0, 8),
    ],
)
def test_widths(pattern, fewest, least_reach):
    bounds = width(pattern)
    assert bounds is not None
    assert bounds.fewest == fewest
    assert least_reach <= bounds.reach <= least_reach + 3


@pytest.mark.parametrize("pattern", ["a+", "a{3,}", r"\L<names>", "(?|(a)|(b))", "(?:ab){e<=1}"])
def test_no_width(pattern):
    assert width(pattern) is None
