"""One record rewritten: spans become what the policy says, wherever their form stands again.

1. A finding below the threshold of its language is dropped, and so is what lies within our own
   writing of an earlier pass: ``<PERSON>`` is no person.
2. Every other place where a value's form stands alone in the record is a place of that value:
   what is taken out in one line must not stand in the next.
3. The operator of its rule rewrites each.

What the caller must still do: refuse the record if a form is left (:mod:`pii_rules.gate`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import regex  # type: ignore[import-untyped]
from presidio_anonymizer.operators import Operator

from pii_rules.entities import canonical_form
from pii_rules.forms import places_of, stands_alone
from pii_rules.operators import RECORD, RecordFacts, operator_for
from pii_rules.own_writing import OwnWriting
from pii_rules.policy import Policy
from pii_rules.policy_rule import Language, Setting
from pii_rules.resolve import outside, resolve
from pii_rules.spans import Replacement, Span, in_column
from redactory.errors import InputError

REPEATED: Final = "repeated"
SHORTEST_FORM: Final = 4
_AROUND: Final = 20  # characters that say which language a value stands in
_HAN: Final = regex.compile(r"\p{Han}")


@dataclass(frozen=True)
class Rewritten:
    """A record after redaction.

    Attributes:
        texts: the new text by column; None stays None.
        spans: what was rewritten, sorted by column and start.
        replacements: the same in the new text, one for one.
        originals: what stood there, one for one.
        forms: what must not be seen again in the record.
        collisions: people who took another fake than elsewhere, to stay apart.
    """

    texts: Mapping[str, str | None]
    spans: list[Span]
    replacements: list[Replacement]
    originals: list[str]
    forms: frozenset[str]
    collisions: int


class Rewriter:
    """Applies a policy to records.

    Args:
        policy: what happens to each type.
        keys: subkeys that its operators draw from.
    """

    def __init__(self, policy: Policy, keys: Mapping[str, bytes]) -> None:
        self._policy = policy
        self._keys = dict(keys)
        self._operators: dict[tuple[str, str], Operator] = {}
        self._ours = OwnWriting(policy)

    def rewrite(
        self, texts: Mapping[str, str | None], found: Sequence[Span], subject: str
    ) -> Rewritten:
        """Rewrite one record.

        Args:
            texts: its text by column.
            found: disjoint spans of it.
            subject: who it is about.

        Raises:
            InputError: spans overlap, or lie outside the text.
        """
        _check(texts, found)
        spans = self._settled(texts, found)
        surfaces = [_surface(texts, span) for span in spans]
        facts = _facts(spans, surfaces, subject)
        new: dict[str, str | None] = dict(texts)
        replacements: list[Replacement] = []
        for column in sorted(texts):
            text = texts[column]
            if text is not None:
                new[column], replaced = self._column(text, in_column(spans, column), facts)
                replacements += replaced
        gone = zip(spans, surfaces, strict=True)
        forms = frozenset(s for span, s in gone if self._must_go(texts, span, s))
        return Rewritten(new, spans, replacements, surfaces, forms, facts.collisions)

    def _settled(self, texts: Mapping[str, str | None], found: Sequence[Span]) -> list[Span]:
        """What will be rewritten: the findings that count, and the other places of their forms."""
        ours = {column: self._ours.places(text or "") for column, text in texts.items()}
        counted = [
            part
            for span in found
            if span.score >= self._setting(texts, span).threshold
            for part in _not_ours(texts[span.column] or "", span, ours[span.column])
        ]
        sources: dict[str, Span] = {}
        for span in sorted(counted, key=lambda s: (-s.score, s.entity_type, s.column, s.start)):
            surface = _surface(texts, span)
            if len(surface) >= SHORTEST_FORM and self._must_go(texts, span, surface):
                sources.setdefault(surface, span)
        further = list(self._elsewhere(texts, sources, counted)) if sources else []
        return resolve([*counted, *further])

    def _elsewhere(
        self, texts: Mapping[str, str | None], sources: Mapping[str, Span], counted: Sequence[Span]
    ) -> Iterator[Span]:
        for column, text in texts.items():
            taken = sorted((s.start, s.end) for s in counted if s.column == column)
            for start, end in places_of(sources, text or ""):
                if stands_alone(text or "", start, end) and not _near(start, end, taken):
                    source = sources[(text or "")[start:end]]
                    yield source._replace(column=column, start=start, end=end, recognizer=REPEATED)

    def _must_go(self, texts: Mapping[str, str | None], span: Span, surface: str) -> bool:
        kept = self._setting(texts, span).operator == "keep"
        return not kept and not self._policy.is_common(surface)

    def _column(
        self, text: str, spans: Sequence[Span], facts: RecordFacts
    ) -> tuple[str, list[Replacement]]:
        pieces: list[str] = []
        replaced: list[Replacement] = []
        read = written = 0
        for span in spans:
            operator = self._operator(span.entity_type, _language(text, span.start, span.end))
            new = operator.operate(text[span.start : span.end], {RECORD: facts})
            start = written + span.start - read
            pieces += [text[read : span.start], new]
            read, written = span.end, start + len(new)
            replaced.append(
                Replacement(*span._replace(start=start, end=written), operator.operator_name())
            )
        return "".join([*pieces, text[read:]]), replaced

    def _setting(self, texts: Mapping[str, str | None], span: Span) -> Setting:
        rule = self._policy.rule(span.entity_type)
        if rule.en is None and rule.zh is None:
            return rule
        return rule.in_language(_language(texts[span.column] or "", span.start, span.end))

    def _operator(self, entity_type: str, language: Language) -> Operator:
        if (entity_type, language) not in self._operators:
            setting = self._policy.rule(entity_type).in_language(language)
            made = operator_for(entity_type, setting, self._keys)
            self._operators[entity_type, language] = made
        return self._operators[entity_type, language]


def _check(texts: Mapping[str, str | None], found: Sequence[Span]) -> None:
    ends: dict[str, int] = {}
    for span in sorted(found, key=lambda s: (s.column, s.start)):
        length = len(texts.get(span.column) or "")
        if not ends.get(span.column, 0) <= span.start < span.end <= length:
            raise InputError("spans overlap or lie outside the text", where=span.column)
        ends[span.column] = span.end


def _facts(spans: Sequence[Span], surfaces: Sequence[str], subject: str) -> RecordFacts:
    taken: dict[str, set[str]] = {}
    names = []
    for span, surface in zip(spans, surfaces, strict=True):
        taken.setdefault(span.entity_type, set()).add(canonical_form(span.entity_type, surface))
        if span.entity_type == "PERSON":
            names.append(surface)
    return RecordFacts(subject, names, taken)


def _surface(texts: Mapping[str, str | None], span: Span) -> str:
    return (texts[span.column] or "")[span.start : span.end]


def _language(text: str, start: int, end: int) -> Language:
    around = text[max(start - _AROUND, 0) : end + _AROUND]
    return "zh" if not around.isascii() and _HAN.search(around) else "en"


def _not_ours(text: str, span: Span, ours: Sequence[tuple[int, int]]) -> list[Span]:
    """A finding, without what an earlier pass of ours has written."""
    near = _near(span.start, span.end, ours)
    if not near:
        return [span]
    kept = (span._replace(start=a, end=b) for a, b in outside(span.start, span.end, near))
    return [part for part in kept if any(map(str.isalnum, text[part.start : part.end]))]


def _near(start: int, end: int, ranges: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    """Those of the ``ranges`` (disjoint and sorted) that overlap [start, end)."""
    first = bisect_right(ranges, start, key=lambda pair: pair[1])
    last = bisect_left(ranges, end, key=lambda pair: pair[0])
    return ranges[first:last]
