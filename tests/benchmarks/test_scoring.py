"""The scorer, against a slow one written from the definitions, and the public script."""

import json
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import scoring
from benchmarks.scoring import Document

TEXT = "Ana, 7 rue St-Lô. Bo\u0301b@x.fr"
LABELS = ["PERSON", "LOCATION", "URL", "TIMESTAMP"]
borders = st.integers(0, len(TEXT))
spans = st.lists(
    st.tuples(borders, borders, st.sampled_from(LABELS))
    .map(lambda s: (min(s[:2]), max(s[:2]), s[2]))
    .filter(lambda s: s[0] < s[1]),
    max_size=5,
)
corpora = st.lists(st.builds(Document, st.just(TEXT), spans, spans), min_size=1, max_size=6)


def touches(one, other):
    return bool(set(range(*one[:2])) & set(range(*other[:2])))


def places(all_spans):
    return {place for start, end, _ in all_spans for place in range(start, end)}


def share(part, whole):
    return float(Fraction(part, max(whole, 1)))


@given(corpora, st.sampled_from(LABELS))
def test_overlap_agrees_with_a_slow_scorer(corpus, label):
    hit = gold = right = found = 0
    for document in corpus:
        wanted = [s for s in document.gold if s[2] == label]
        got = [s for s in document.found if s[2] == label]
        gold, found = gold + len(wanted), found + len(got)
        hit += len([w for w in wanted if [g for g in got if touches(w, g)]])
        right += len([g for g in got if [w for w in wanted if touches(w, g)]])
    measures = scoring.matched_measures(scoring.overlap_counts(corpus, label), 0)
    assert measures["recall"].value == pytest.approx(share(hit, gold))
    assert measures["precision"].value == pytest.approx(share(right, found))


@given(corpora)
def test_stray_characters_are_what_precision_loses(corpus):
    ignored, neutral = {"TIMESTAMP"}, {"URL"}
    strays = scoring.stray_by_type(corpus, ignored=ignored, neutral=neutral)
    counts = scoring.cover_counts(corpus, ignored=ignored, neutral=neutral).sum(axis=0)
    outside = 0
    for document in corpus:
        wanted = places(s for s in document.gold if s[2] not in ignored)
        aside = places(s for s in document.gold if s[2] in ignored)
        aside |= places(
            f
            for f in document.found
            if f[2] in neutral and not any(touches(f, g) for g in document.gold)
        )
        outside += len(places(document.found) - wanted - aside)
    assert sum(strays.values()) == outside
    assert all(strays.values())
    assert outside >= counts[5] - counts[4]


@given(corpora)
def test_cover_agrees_with_a_slow_scorer(corpus):
    ignored, neutral = {"TIMESTAMP"}, {"URL"}
    covered = characters = whole = count = right = marked = 0
    for text, gold, found in corpus:
        inside = places(found)
        wanted = [s for s in gold if s[2] not in ignored]
        quiet = [f for f in found if f[2] in neutral and not any(touches(f, g) for g in gold)]
        neither = places([s for s in gold if s[2] in ignored]) | places(quiet)
        for start, end, _ in wanted:
            solid = {place for place in range(start, end) if text[place].isalnum()}
            covered, characters = covered + len(solid & inside), characters + len(solid)
            whole, count = whole + (solid <= inside), count + 1
        right += len(inside & places(wanted))
        marked += len(inside - neither)
    measures = scoring.cover_measures(
        scoring.cover_counts(corpus, ignored=ignored, neutral=neutral), 0
    )
    assert measures["chars_covered"].value == pytest.approx(share(covered, characters))
    assert measures["spans_whole"].value == pytest.approx(share(whole, count))
    assert measures["char_precision"].value == pytest.approx(share(right, marked))


@given(corpora)
def test_whole_by_label_sums_to_the_cover_counts(corpus):
    by_label = scoring.whole_by_label(corpus)
    counts = scoring.cover_counts(corpus).sum(axis=0)
    assert sum(whole for whole, _ in by_label.values()) == counts[2]
    assert sum(total for _, total in by_label.values()) == counts[3]


def one(gold, found):
    return [Document("x" * 40, gold, found)]


def test_exact_joins_touching_spans_on_both_sides():
    handle = [(0, 1, "PERSON"), (1, 6, "PERSON")]
    for found, hit in (([(0, 6, "PERSON")], 1), (handle, 1), ([(1, 6, "PERSON")], 0)):
        counts = scoring.exact_counts(one(handle, found), "PERSON")
        assert counts.tolist() == [[hit, 1, hit, 1]]
    apart = [(0, 3, "PERSON"), (4, 8, "PERSON")]
    assert scoring.exact_counts(one(apart, [(0, 8, "PERSON")]), "PERSON").tolist() == [[0, 2, 0, 1]]


def test_perfect_empty_and_wrong():
    span = [(0, 6, "PERSON")]
    perfect = scoring.matched_measures(scoring.overlap_counts(one(span, span), "PERSON"), 50)
    assert set(perfect.values()) == {scoring.Interval(1.0, 1.0, 1.0)}
    for gold, found in ((span, []), ([], span), ([], []), (span, [(10, 12, "PERSON")])):
        counts = scoring.overlap_counts(one(gold, found), "PERSON")
        assert scoring.matched_measures(counts, 50)["f1"].value == 0.0


def test_names_are_made_common():
    gold, found = [(0, 3, "GPE")], [(0, 3, "STREET_ADDRESS")]
    common = scoring.named(one(gold, found), scoring.ALIASES)
    assert scoring.overlap_counts(common, "LOCATION").tolist() == [[1, 1, 1, 1]]


def test_intervals_are_seeded_hold_the_value_and_narrow_with_more_documents():
    draw = np.random.default_rng(1)
    hits = draw.random(400) < 0.7

    def interval(count):
        rows = np.array([[h, 1, h, 1] for h in hits[:count]], dtype=np.float64)
        return scoring.matched_measures(rows, 500)["recall"]

    small, large = interval(25), interval(400)
    assert large == interval(400)
    for told in (small, large):
        assert told.low <= told.value <= told.high
    assert large.high - large.low < small.high - small.low
    # Wald: 1.96 sqrt(p q / n) on each side
    assert large.high - large.low == pytest.approx(2 * 1.96 * (0.7 * 0.3 / 400) ** 0.5, rel=0.2)


@pytest.mark.parametrize(
    ("file", "options", "names"),
    [
        ("ner/dev/wikigold.jsonl", ["--labels", "PERSON,LOCATION"], ("PERSON", "LOCATION")),
        ("pii/dev/pii_anon_dev.jsonl", ["--ignore", "TIMESTAMP,SALARY"], None),
    ],
)
def test_agrees_with_the_public_script(shared_data, tmp_path, file, options, names):
    """Findings that are gold spans moved, cut, renamed and dropped."""
    script = shared_data.parent / "tools" / "score_spans.py"
    gold_file, found_file = shared_data / file, tmp_path / "found.jsonl"
    rows = [json.loads(line) for line in gold_file.read_text("utf-8").splitlines()]
    corpus, lines = [], []
    for number, row in enumerate(rows):
        end = len(row["text"])
        found = [
            (min(s + k % 3, end - 1), min(max(e - k % 2, s + k % 3 + 1), end), kind)
            for k, (s, e, label) in enumerate(row["spans"])
            for kind in ((label, "URL", "DATE_TIME", "PERSON")[(k + number) % 4],)
            if (k + number) % 5
        ]
        found += [(0, min(4, end), "URL")] * (number % 7 == 0)
        corpus.append(Document(row["text"], [tuple(s) for s in row["spans"]], found))
        lines.append(json.dumps({"id": row["id"], "spans": found}) + "\n")
    found_file.write_text("".join(lines), "utf-8")
    told = subprocess.run(
        [sys.executable, str(script), str(gold_file), str(found_file), *options],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    if names:
        corpus = scoring.named(corpus, scoring.ALIASES)
        for name, line in zip(names, told, strict=True):
            m = scoring.matched_measures(scoring.overlap_counts(corpus, name), 0)
            values = [m[key].value for key in ("precision", "recall", "f1")]
            assert "P {:.3f} R {:.3f} F1 {:.3f}".format(*values) in line
    else:
        counts = scoring.cover_counts(corpus, ignored={"TIMESTAMP", "SALARY"})
        m = scoring.cover_measures(counts, 0)
        assert told[0].startswith(
            f"chars covered {m['chars_covered'].value:.4f}  spans wholly covered "
            f"{m['spans_whole'].value:.4f}  char precision {m['char_precision'].value:.4f}"
        )
