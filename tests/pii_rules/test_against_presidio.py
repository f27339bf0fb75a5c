"""The engine finds what Presidio's does: same spans, types and scores on the same recognizers.

Presidio's pattern recognizers run once in its ``AnalyzerEngine`` and once, adopted unchanged, in
ours. ``ANY_SIDE`` names what may differ, and why; anything else fails. What we change about
these recognizers on purpose is in docs/decisions/0009-one-pass-over-the-text.md.
"""

import json
from collections import Counter

import pytest
from presidio_analyzer import (
    AnalyzerEngine,
    EntityRecognizer,
    RecognizerRegistry,
    RecognizerResult,
)

from pii_rules.engine import RuleEngine
from pii_rules.nlp import BlankNlpEngine
from pii_rules.recognizers.predefined import _ADOPTED
from pii_rules.recognizers.rule import adopt
from redactory.demo_corpus.generate import generate

KINDS = [adopted.kind for adopted in _ADOPTED]
SETS = ("wikigold", "btc_f", "gum_court", "sec_filings", "pii_anon_dev", "uner_zh_gsdsimp_dev")


def inside_a_word(text, found):
    """Presidio takes a context word for present when it is a part of a token: "ip" of "Sipho"."""
    recognizer = next(kind for kind in KINDS if found[2] in kind().supported_entities)()
    tokens = text[: found[0]].lower().split()[-10:]
    words = [word.lower() for word in recognizer.context]
    return any(word in token and word != token for word in words for token in tokens)


def a_phrase(text, found):
    """Presidio compares single tokens: "travel document" never equals one."""
    recognizer = next(kind for kind in KINDS if found[2] in kind().supported_entities)()
    before = text[: found[0]].lower()[-100:]
    return any(" " in word and word.lower() in before for word in recognizer.context)


def beside_another_script(text, found):
    r"""Presidio's ``\b`` knows all of Unicode: no border lies between Han and a digit.

    Of 日期1992/5/14 it finds 5/14 only.
    """
    return not text[max(found[0] - 6, 0) : found[1] + 1].isascii()


ANY_SIDE = (inside_a_word, a_phrase, beside_another_script)


@pytest.fixture(scope="module")
def presidio():
    nlp = BlankNlpEngine(["en"])
    nlp.load()
    registry = RecognizerRegistry([kind() for kind in KINDS], supported_languages=["en"])
    return AnalyzerEngine(registry=registry, nlp_engine=nlp, supported_languages=["en"])


@pytest.fixture(scope="module")
def engine():
    return RuleEngine([adopt(kind(), "en") for kind in KINDS], ["en"])


def differences(presidio, engine, texts):
    """What only one of them finds and no difference explains, and how much both find."""
    both, unexplained = Counter(), []
    for text in texts:
        theirs = {place(result) for result in presidio.analyze(text, "en")}
        raw = [
            RecognizerResult(found.entity_type, found.start, found.end, found.score)
            for found in engine.find(text, ["en"])
        ]
        ours = {place(result) for result in EntityRecognizer.remove_duplicates(raw)}
        both.update(kind for _, _, kind, _ in theirs & ours)
        for side, only in (("theirs", theirs - ours), ("ours", ours - theirs)):
            unexplained += [
                (side, found, text[found[0] : found[1]])
                for found in only
                if not any(explains(text, found) for explains in ANY_SIDE)
            ]
    return both, unexplained


def place(result):
    return (result.start, result.end, result.entity_type, round(result.score, 4))


def test_same_findings_on_dense_text(presidio, engine, tables):
    corpus = [document["text"] for document in generate(11, 600)]
    own = {kind().name for kind in KINDS}
    values = [text for name, table in tables.items() if name in own for text, _ in table]
    both, unexplained = differences(presidio, engine, [*corpus, *values])
    assert unexplained == []
    assert len(both) >= 14
    assert both.total() > 1000


@pytest.mark.parametrize("name", SETS)
def test_same_findings_on_public_text(presidio, engine, shared_data, name):
    [path] = shared_data.glob(f"*/dev/{name}.jsonl")
    with path.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines]
    _, unexplained = differences(presidio, engine, texts[::4])
    assert unexplained == []
