"""Names again within a record: parts, capitals, and what must not be taken for them."""

import pytest

from pii_rules.name_parts import repeated_names
from pii_rules.resolve import outside, resolve_covering
from pii_rules.spans import Span


def person(text, surface, score=0.95):
    start = text.index(surface)
    return Span("text", start, start + len(surface), "PERSON", score, "names-en")


def again(text, surface, score=0.95):
    spans = repeated_names({"text": text}, [person(text, surface, score)])
    return [text[s.start : s.end] for s in spans]


@pytest.mark.parametrize(
    ("text", "surface", "expected"),
    [
        (
            "John Smith came. Smith left. SMITH slept.",
            "John Smith",
            ["John", "Smith", "Smith", "SMITH"],
        ),
        ("Smith, John. Later John's dog.", "Smith, John", ["Smith", "John", "John"]),
        ("Will Grant said the bank will grant a loan.", "Will Grant", []),
        ("Will Grant spoke. Grant left.", "Will Grant", ["Will", "Grant", "Grant"]),
        ("Li Na and Linda", "Li Na", []),
        (
            "Ludwig van Beethoven. Beethoven, van Gogh",
            "Ludwig van Beethoven",
            ["Ludwig", "Beethoven", "Beethoven"],
        ),
        ("Smithson met John Smith.", "John Smith", ["John", "Smith"]),
        ("@John_Smith wrote. John", "@John_Smith", []),
        ("Smith. Smith.", "Smith", []),
        ("欧阳修来了。后来欧阳修走了。", "欧阳修", ["欧阳修", "欧阳修"]),
        ("王丽来了。王丽走了。", "王丽", []),
    ],
)
def test_other_mentions(text, surface, expected):
    assert again(text, surface) == expected


def test_a_doubtful_name_is_not_spread():
    assert again("John Smith came. Smith left.", "John Smith", score=0.6) == []


def test_columns_share_their_names():
    texts = {"a": "John Smith", "b": "smith and Smith"}
    spans = [Span("a", 0, 10, "PERSON", 0.9, "names-en")]
    assert repeated_names(texts, spans) == [
        Span("a", 0, 4, "PERSON", 0.9, "propagation"),
    ]


def test_what_a_longer_finding_leaves_over_is_found_too():
    text = "12 Baker Street, London SW1 4AB"
    street = Span("text", 0, 23, "LOCATION", 0.6, "address")
    town = Span("text", 17, 31, "LOCATION", 0.9, "names-en")
    spans = resolve_covering({"text": text}, [street, town])
    assert [text[s.start : s.end] for s in spans] == ["12 Baker Street, London", " SW1 4AB"]


@pytest.mark.parametrize(
    ("taken", "expected"),
    [
        ([], [(2, 8)]),
        ([(0, 9)], []),
        ([(3, 4), (6, 7)], [(2, 3), (4, 6), (7, 8)]),
        ([(0, 3), (7, 12)], [(3, 7)]),
        ([(9, 12)], [(2, 8)]),
    ],
)
def test_the_parts_outside(taken, expected):
    assert outside(2, 8, taken) == expected
