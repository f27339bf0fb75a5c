"""Names again: where a person named in full is named in part, or in other letters.

Once ``John Smith`` is found, ``SMITH``, ``Smith's`` and ``john smith`` in the same record are the
same person (design: propagation). A part alone counts only with a capital, and only when the
record nowhere writes the same word small: ``Will Grant`` must not take every ``will``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import regex  # type: ignore[import-untyped]

from pii_rules.spans import Span
from pii_rules.surfaces import RECOGNIZER

_SURE: Final = 0.85
_SHORTEST: Final = 3
_WORD: Final = regex.compile(r"\p{L}[\p{L}\p{M}'’-]*")
_HAN: Final = regex.compile(r"\p{Han}")
_PARTICLES: Final = frozenset(
    [
        "van",
        "von",
        "der",
        "den",
        "de",
        "del",
        "della",
        "di",
        "da",
        "das",
        "dos",
        "du",
        "la",
        "le",
        "el",
        "al",
        "bin",
        "ibn",
        "ben",
        "mac",
        "ter",
        "ten",
        "jr",
        "sr",
        "the",
        "and",
        "of",
    ]
)


def repeated_names(texts: Mapping[str, str], spans: Sequence[Span]) -> list[Span]:
    """Further spans of people: other mentions of those found with confidence.

    Args:
        texts: the record's text by column.
        spans: resolved spans of the record.
    """
    sources: dict[str, Span] = {}
    people = [span for span in spans if span.entity_type == "PERSON" and span.score >= _SURE]
    for span in sorted(people, key=lambda s: (-s.score, s.column, s.start)):
        for form in _forms(texts[span.column][span.start : span.end]):
            sources.setdefault(form, span)
    if not sources:
        return []
    small = {word for text in texts.values() for word in _small(text) if word in sources}
    wanted = [form for form in sources if form not in small]
    if not wanted:
        return []
    pattern = regex.compile(
        r"(?<![\p{L}\p{N}@])(?:\L<forms>)(?![\p{L}\p{N}])|\L<han>",
        regex.IGNORECASE,
        forms=[form for form in wanted if _HAN.search(form) is None] or ["\0"],
        han=[form for form in wanted if _HAN.search(form) is not None] or ["\0"],
    )
    return [
        sources[match.group().casefold()]._replace(
            column=column, start=match.start(), end=match.end(), recognizer=RECOGNIZER
        )
        for column, text in texts.items()
        for match in pattern.finditer(text)
        if match.group().casefold() in sources and not match.group()[0].islower()
    ]


def _forms(name: str) -> Iterator[str]:
    """What to look for, case folded: the whole of a Chinese name, the long words of another."""
    if _HAN.search(name) is not None:
        if len(name) >= _SHORTEST:
            yield name.casefold()
        return
    words = [match.group() for match in _WORD.finditer(name)]
    if len(words) < 2 or name.startswith("@"):
        return
    for word in words:
        if len(word) >= _SHORTEST and word.casefold() not in _PARTICLES:
            yield word.casefold()


def _small(text: str) -> Iterator[str]:
    """The words of a text that begin with a small letter."""
    for match in _WORD.finditer(text):
        if match.group()[0].islower():
            yield match.group().casefold()
