"""Surface forms: the exact strings under spans, and where else they occur.

Used twice: propagation finds a value everywhere in its record once one rule has found it
somewhere, and the leak gate looks for values that redaction left behind.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import Final

from pii_rules.many_strings import at_marks, at_once, marked_strings
from pii_rules.policy import DEFAULT_THRESHOLD
from pii_rules.spans import Span

RECOGNIZER: Final = "propagation"
# Looking for many strings at once costs, for each of their lengths, what so many searches cost.
_STRINGS_A_LENGTH: Final = 25
_CHEAP: Final = 1 << 24  # characters read by all searches together: some milliseconds
_SHORTEST: Final = 6
# A form below this was kept by a policy that asks for weak findings; spreading it through
# the record would spread the doubt.
_SURE: Final = DEFAULT_THRESHOLD


def is_telling(surface: str) -> bool:
    """Whether a form identifies by itself: 6 characters or more with a digit or an @."""
    return len(surface) >= _SHORTEST and any(c.isdigit() or c == "@" for c in surface)


def occurrences(
    forms: Iterable[str],
    text: str,
    *,
    bordered: bool,
    known: Container[tuple[int, int]] = (),
) -> Iterator[tuple[int, int]]:
    """Where ``forms`` stand in ``text``, as (start, end); matches may overlap.

    Args:
        forms: non-empty strings, matched exactly.
        text: where to look.
        bordered: only where no ASCII letter or digit is joined to another (Chinese text
            is written without spaces, so a Han neighbour is a border).
        known: places to leave out.
    """
    for start, end in _everywhere(sorted(set(forms)), text, bordered=bordered):
        if (start, end) in known:
            continue
        if not bordered or not (_joined(text, start) or _joined(text, end)):
            yield start, end


def _everywhere(wanted: Sequence[str], text: str, *, bordered: bool) -> Iterator[tuple[int, int]]:
    """Where the strings stand; where only bordered places count, others may be left out."""
    if len(wanted) * len(text) > _CHEAP:
        if bordered:
            marked, wanted = marked_strings(wanted, _STRINGS_A_LENGTH)
            yield from at_marks(marked, text)
        if len(wanted) > _STRINGS_A_LENGTH * len(set(map(len, wanted))):
            yield from at_once(wanted, text)
            return
    yield from _one_by_one(wanted, text)


def _one_by_one(forms: Sequence[str], text: str) -> Iterator[tuple[int, int]]:
    for form in forms:
        start = text.find(form)
        while start >= 0:
            yield start, start + len(form)
            start = text.find(form, start + 1)


def _joined(text: str, border: int) -> bool:
    """Whether ASCII letters or digits stand on both sides of ``border``."""
    sides = text[max(border - 1, 0) : border + 1]
    return len(sides) > 1 and sides.isascii() and sides.isalnum()


def propagated(texts: Mapping[str, str], spans: Sequence[Span]) -> list[Span]:
    """Further spans: every place where a surely found telling form occurs again.

    Args:
        texts: the record's text by column.
        spans: resolved spans of that record; validated ones and those that reach the
            default threshold count as sure.

    Returns:
        New spans only, by the recognizer ``propagation`` with the type and score of the
        best span of that form.
    """
    sources: dict[str, Span] = {}
    for span in sorted(spans, key=lambda s: (-s.score, s.entity_type, s.column, s.start)):
        surface = texts[span.column][span.start : span.end]
        if (span.validated or span.score >= _SURE) and is_telling(surface):
            sources.setdefault(surface, span)
    found = []
    for column, text in texts.items():
        known = {(span.start, span.end) for span in spans if span.column == column}
        for start, end in occurrences(sources, text, bordered=True, known=known):
            source = sources[text[start:end]]
            found.append(
                source._replace(column=column, start=start, end=end, recognizer=RECOGNIZER)
            )
    return found
