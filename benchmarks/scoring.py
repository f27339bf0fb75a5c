"""Scores of detected spans against gold ones, with bootstrap intervals over documents.

Three measures, each a sum over documents, so that one matrix of counts serves the score and
its resamples:

* *overlap*: a gold span is found if any found span of its label overlaps it (recall); a
  found span is right if it overlaps any gold span of its label (precision);
* *exact*: same, but start and end must be equal. Touching spans of one label are joined
  first on both sides, since corpora differ in how they cut "@handle" or a full name;
* *cover*: personal data against the rest, whatever the labels: share of gold characters
  (letters and digits) inside any found span, share of gold spans of which none is left
  over, and share of found characters that lie in a gold span. Characters of gold spans of an
  ignored label count neither way, nor do found spans of a neutral type that touch no gold
  span (a date or a URL is rightly found where the gold labels do not look for it).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Span = tuple[int, int, str]

ALIASES: Final[Mapping[str, str]] = {
    **dict.fromkeys(("PER", "PERSON_NAME"), "PERSON"),
    **dict.fromkeys(("LOC", "GPE", "FAC", "STREET_ADDRESS", "ADDRESS", "CITY"), "LOCATION"),
    "ORG": "ORGANIZATION",
}
NEUTRAL: Final = frozenset({"DATE_TIME", "DATE", "ORGANIZATION", "AGE", "NRP", "TITLE", "URL"})
SEED: Final = 20240501
_TINY: Final = 1e-9


class Document(NamedTuple):
    """One record of a set with what a system found in it.

    Attributes:
        text: the text.
        gold: spans that should be found, as (start, end, label).
        found: spans that were found.
    """

    text: str
    gold: Sequence[Span]
    found: Sequence[Span]


class Interval(NamedTuple):
    """A score with the 2.5 % and 97.5 % points of its bootstrap distribution."""

    value: float
    low: float
    high: float


Counts = NDArray[np.float64]
Measures = Mapping[str, Interval]


def named(documents: Iterable[Document], aliases: Mapping[str, str]) -> list[Document]:
    """The documents with labels and types under common names; unknown names stay."""

    def rename(spans: Sequence[Span]) -> list[Span]:
        return [(start, end, aliases.get(label, label)) for start, end, label in spans]

    return [Document(text, rename(gold), rename(found)) for text, gold, found in documents]


def overlap_counts(documents: Sequence[Document], label: str) -> Counts:
    """Per document: gold spans found, gold spans, found spans right, found spans."""
    return _matched(documents, label, exact=False)


def exact_counts(documents: Sequence[Document], label: str) -> Counts:
    """As ``overlap_counts``, for equal borders after touching spans are joined."""
    return _matched(documents, label, exact=True)


def cover_counts(
    documents: Sequence[Document],
    *,
    ignored: Collection[str] = (),
    neutral: Collection[str] = NEUTRAL,
) -> Counts:
    """Per document: characters covered, gold characters, spans whole, spans, right, found."""
    return _matrix([_cover(document, ignored, neutral) for document in documents], 6)


def whole_by_label(documents: Sequence[Document]) -> dict[str, tuple[int, int]]:
    """For each gold label: spans wholly covered by any finding, and all its spans."""
    told: dict[str, tuple[int, int]] = {}
    for document in documents:
        found = _mask(document.text, document.found)
        for span in document.gold:
            covered, characters = _covered(document.text, span, found)
            whole, total = told.get(span[2], (0, 0))
            told[span[2]] = (whole + (covered == characters), total + 1)
    return told


def stray_by_type(
    documents: Sequence[Document],
    *,
    ignored: Collection[str] = (),
    neutral: Collection[str] = NEUTRAL,
) -> dict[str, int]:
    """Characters that cost character precision, by the type of the first finding they lie in."""
    told: dict[str, int] = {}
    for document in documents:
        wanted = [span for span in document.gold if span[2] not in ignored]
        counted = ~(_mask(document.text, wanted) | _aside(document, ignored, neutral))
        for start, end, label in document.found:
            stray = int(np.count_nonzero(counted[start:end]))
            counted[start:end] = False
            if stray:
                told[label] = told.get(label, 0) + stray
    return told


def matched_measures(counts: Counts, resamples: int) -> dict[str, Interval]:
    """Precision, recall and F1 out of ``overlap_counts`` or ``exact_counts``."""

    def measures(sums: Counts) -> dict[str, NDArray[np.float64]]:
        hit, gold, right, found = sums
        recall, precision = _ratio(hit, gold), _ratio(right, found)
        f1 = 2 * precision * recall / np.maximum(precision + recall, _TINY)
        return {"precision": precision, "recall": recall, "f1": f1}

    return bootstrap(counts, measures, resamples)


def cover_measures(counts: Counts, resamples: int) -> dict[str, Interval]:
    """The three cover measures out of ``cover_counts``."""

    def measures(sums: Counts) -> dict[str, NDArray[np.float64]]:
        covered, characters, whole, spans, right, found = sums
        return {
            "chars_covered": _ratio(covered, characters),
            "spans_whole": _ratio(whole, spans),
            "char_precision": _ratio(right, found),
        }

    return bootstrap(counts, measures, resamples)


def bootstrap(
    counts: Counts, measures: Callable[[Counts], dict[str, NDArray[np.float64]]], resamples: int
) -> dict[str, Interval]:
    """Measures of the summed counts with percentile intervals (Efron 1979), seeded.

    Args:
        counts: documents × counts; whole documents are drawn with replacement.
        measures: from counts × samples to samples, each by name.
        resamples: how often to draw; 0 gives intervals of no width.
    """
    value = measures(counts.sum(axis=0, keepdims=True).T)
    if not resamples or not len(counts):
        return {name: Interval(float(v[0]), float(v[0]), float(v[0])) for name, v in value.items()}
    draw = np.random.default_rng(SEED)
    weights = draw.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), size=resamples)
    drawn = measures((weights @ counts).T)
    told = {}
    for name, samples in drawn.items():
        low, high = np.quantile(samples, [0.025, 0.975])
        told[name] = Interval(float(value[name][0]), float(low), float(high))
    return told


def _matched(documents: Sequence[Document], label: str, *, exact: bool) -> Counts:
    rows = []
    for document in documents:
        gold = [(s, e) for s, e, name in document.gold if name == label]
        found = [(s, e) for s, e, name in document.found if name == label]
        if exact:
            gold, found = _joined(gold), _joined(found)
            common = len(set(gold) & set(found))
            rows.append((common, len(gold), common, len(found)))
        else:
            hit = sum(any(_overlap(g, f) for f in found) for g in gold)
            right = sum(any(_overlap(f, g) for g in gold) for f in found)
            rows.append((hit, len(gold), right, len(found)))
    return _matrix(rows, 4)


def _joined(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _cover(
    document: Document, ignored: Collection[str], neutral: Collection[str]
) -> tuple[int, ...]:
    text, gold, found = document
    wanted = [span for span in gold if span[2] not in ignored]
    inside, inside_gold = _mask(text, found), _mask(text, wanted)
    neither = _aside(document, ignored, neutral)
    counted = inside & ~neither
    covered = characters = whole = 0
    for span in wanted:
        part, size = _covered(text, span, inside)
        covered, characters, whole = covered + part, characters + size, whole + (part == size)
    right = int(np.count_nonzero(inside & inside_gold))
    return covered, characters, whole, len(wanted), right, int(np.count_nonzero(counted))


def _aside(
    document: Document, ignored: Collection[str], neutral: Collection[str]
) -> NDArray[np.bool_]:
    """Characters that count neither way."""
    text, gold, found = document
    aside = [span for span in gold if span[2] in ignored]
    aside += [f for f in found if f[2] in neutral and not any(_overlap(f, g) for g in gold)]
    return _mask(text, aside)


def _covered(text: str, span: Span, inside: NDArray[np.bool_]) -> tuple[int, int]:
    """Letters and digits of a span that lie inside found ones, and all of them."""
    places = [place for place in range(span[0], span[1]) if text[place].isalnum()]
    return int(np.count_nonzero(inside[places])) if places else 0, len(places)


def _mask(text: str, spans: Iterable[Span]) -> NDArray[np.bool_]:
    mask = np.zeros(len(text), dtype=np.bool_)
    for start, end, _ in spans:
        mask[start:end] = True
    return mask


def _overlap(one: tuple[int, ...] | Span, other: tuple[int, ...] | Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _matrix(rows: Sequence[Sequence[int]], width: int) -> Counts:
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)


def _ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    return part / np.maximum(whole, 1.0)
