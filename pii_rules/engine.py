"""The inner loop: all rules over one stretch of text.

Presidio's ``AnalyzerEngine`` runs every recognizer over the whole text, one after the other,
tokenises it for context words, and compares all findings with each other. Here a screen names
the patterns that may match at all (``pii_rules.candidates``), only those run, a rule that serves
two languages runs once, and context is read where a finding stands. A test compares the findings
with Presidio's on the recognizers that both have.

Recognizers that are not rules of ours (Presidio's ``EntityRecognizer``) run as they are; the
tokens that their interface hands over are made when the first of them asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from presidio_analyzer import EntityRecognizer, RecognizerResult

from pii_rules.candidates import screen
from pii_rules.context import Context, ContextWords
from pii_rules.nlp import BlankNlpEngine
from pii_rules.recognizers.phone import PhoneRule
from pii_rules.recognizers.rule import Hit, Rule


class Finding(NamedTuple):
    """One raw finding, offsets in the text that was searched.

    Attributes:
        start: first character.
        end: one past the last.
        entity_type: what it is.
        score: after context.
        recognizer: what found it.
        validated: outcome of the check; None where there is none.
        first_score: before context.
        pattern: name of the pattern, where it has one.
        context: context words that raised the score; empty unless reasons are asked for.
    """

    start: int
    end: int
    entity_type: str
    score: float
    recognizer: str
    validated: bool | None
    first_score: float
    pattern: str | None = None
    context: tuple[str, ...] = ()


PatternRule = Rule | PhoneRule
"""A recognizer whose patterns the screen can read."""


@dataclass(slots=True)
class _Shared:
    """A rule and its counterparts for other languages, which have the same patterns.

    Attributes:
        rule: the first of them, which runs.
        words: context words by language.
        entity_type: what a match is.
        name: the recognizer's.
    """

    rule: PatternRule
    words: dict[str, ContextWords | None] = field(default_factory=dict)
    entity_type: str = field(init=False)
    name: str = field(init=False)

    def __post_init__(self) -> None:
        self.entity_type = self.rule.supported_entities[0]
        self.name = _name(self.rule)

    @property
    def sources(self) -> Sequence[str]:
        """As in ``Searcher``."""
        return self.rule.sources

    @property
    def outlines(self) -> Sequence[str]:
        """As in ``Searcher``."""
        return self.rule.outlines

    @property
    def anchors(self) -> Sequence[str]:
        """As in ``Searcher``."""
        return self.rule.anchors

    @property
    def digits(self) -> int:
        """As in ``Searcher``."""
        return self.rule.digits


class RuleEngine:
    """Runs recognizers.

    Args:
        recognizers: each for its own ``supported_language``.
        languages: spaCy language codes.
    """

    def __init__(self, recognizers: Sequence[EntityRecognizer], languages: Sequence[str]) -> None:
        self.recognizers = list(recognizers)
        self._languages = languages
        self._foreign = [r for r in recognizers if not isinstance(r, PatternRule)]
        self._rules = _shared([r for r in recognizers if isinstance(r, PatternRule)])
        self._screen = screen(self._rules)
        self._place = [(rule, n) for rule in self._rules for n in range(len(rule.sources))]
        self._words = {id(r): ContextWords(r.context) for r in self._foreign if r.context}
        self._tokens: BlankNlpEngine | None = None

    def get_recognizers(self, language: str) -> list[EntityRecognizer]:
        """The recognizers of one language."""
        return [r for r in self.recognizers if r.supported_language == language]

    def find(
        self, text: str, languages: Sequence[str], *, reasons: bool = False
    ) -> Iterator[Finding]:
        """Everything that the recognizers find, overlaps and all.

        Args:
            text: one stretch, folded.
            languages: whose rules to run.
            reasons: tell the context words too.

        Raises:
            TimeoutError: a pattern ran out of time.
        """
        context = Context(text)
        for number, ends in self._screen.candidates(text).items():
            shared, place = self._place[number]
            spoken = [code for code in languages if code in shared.words]
            if spoken:
                hits = shared.rule.hits(text, place, ends)
                yield from _scored(shared, hits, spoken, context, reasons=reasons)
        for recognizer in self._foreign:
            if recognizer.supported_language in languages:
                yield from self._asked(recognizer, text, context)

    def _asked(
        self, recognizer: EntityRecognizer, text: str, context: Context
    ) -> Iterator[Finding]:
        """What another recognizer finds."""
        language = recognizer.supported_language
        if self._tokens is None:
            self._tokens = BlankNlpEngine(self._languages)
            self._tokens.load()
        artifacts = self._tokens.process_text(text, language)
        words = self._words.get(id(recognizer))
        for result in recognizer.analyze(text, recognizer.supported_entities, artifacts):
            before = context.before(result.start, language) if words else ""
            score = words.raised(result.score, before) if words else result.score
            raised = words is not None and score != result.score
            yield _told(recognizer, result, score, words.among(before) if raised and words else ())


def _name(recognizer: Any) -> str:
    return str(recognizer.name)


def _shared(rules: Sequence[PatternRule]) -> list[_Shared]:
    """Rules of the same name and patterns together, in the order of the first."""
    by_content: dict[tuple[Any, ...], _Shared] = {}
    words: dict[tuple[str, ...], ContextWords] = {}
    for rule in rules:
        key = (type(rule), _name(rule), tuple(rule.supported_entities), rule.sources)
        own = tuple(rule.context or ())
        shared = by_content.setdefault(key, _Shared(rule))
        shared.words[rule.supported_language] = (
            words.setdefault(own, ContextWords(own)) if own else None
        )
    return list(by_content.values())


def _scored(
    shared: _Shared,
    hits: Iterable[Hit],
    spoken: Sequence[str],
    context: Context,
    *,
    reasons: bool,
) -> Iterator[Finding]:
    """Hits as the languages score them; each once where they agree."""
    kind, name = shared.entity_type, shared.name
    for start, end, first, validated, pattern in hits:
        told = None
        for language in spoken:
            words = shared.words[language]
            score, before = first, ""
            if words is not None and score < 1:
                before = context.before(start, language)
                score = words.raised(score, before)
            if score != told:
                told = score
                among = words.among(before) if reasons and words and score != first else ()
                yield Finding(start, end, kind, score, name, validated, first, pattern, among)


def _told(
    recognizer: EntityRecognizer, result: RecognizerResult, score: float, among: tuple[str, ...]
) -> Finding:
    """A Presidio result as a finding."""
    why = result.analysis_explanation
    return Finding(
        result.start,
        result.end,
        result.entity_type,
        score,
        _name(recognizer),
        why.validation_result if why is not None else None,
        why.original_score if why is not None else result.score,
        why.pattern_name if why is not None else None,
        among,
    )
