r"""The pattern recognizer that all rules run on, built in or read from a pack.

A Presidio ``PatternRecognizer`` with four differences:

* Patterns are compiled with ASCII classes: ``\b``, ``\d`` and ``\w`` know ASCII only, so
  that Chinese text beside a number is a border and not a part of the word.
* A pattern that runs out of time raises. Presidio logs it and goes on, which would let
  the record pass unsearched.
* A checksum may be *decisive* (a match scores 1, as in Presidio) or merely *necessary* (a
  failure drops the match, a pass leaves its score): one weak check digit passes a tenth
  of all numbers and proves nothing by itself.
* A rule names its anchors: fixed strings, one of which every text with a match contains, and
  the fewest digits it needs, for the screen that passes over texts without them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, NamedTuple

import regex  # type: ignore[import-untyped]
from presidio_analyzer import (
    AnalysisExplanation,
    Pattern,
    PatternRecognizer,
    RecognizerResult,
)

from pii_rules.candidates.near import matches
from pii_rules.candidates.width import width

Check = Callable[[str], bool | None]

FLAGS: Final = regex.DOTALL | regex.MULTILINE | regex.IGNORECASE | regex.ASCII
PATTERN_SECONDS: Final = 10.0


class Hit(NamedTuple):
    """A match that no check refutes.

    Attributes:
        start: first character.
        end: one past the last.
        score: before context.
        validated: outcome of the check; None where there is none.
        pattern: name of the pattern, where it has one.
    """

    start: int
    end: int
    score: float
    validated: bool | None
    pattern: str | None


class Rule(PatternRecognizer):
    """One entity type by patterns, context words and an optional checksum.

    Args:
        entity_type: what a match is.
        name: the recognizer's name in spans.
        patterns: Presidio patterns.
        language: ``en`` or ``zh``.
        context: words before a match that raise its score.
        check: True valid, False not, None cannot tell; sees the matched text.
        decisive: whether a valid match scores 1.
        anchors: lower-case strings; a text with none of them is not searched.
        digits: a text with fewer ASCII digits is not searched.
        outlines: for the screen in place of the patterns, where these are too rich: one for each
            pattern that matches wherever it does, and ends there too.
        seconds: time limit of one pattern on one stretch of text; None where its patterns are
            known to be linear (tests/pii_rules/test_linear_time.py), since a clock costs time.
    """

    def __init__(
        self,
        entity_type: str,
        name: str,
        patterns: Sequence[Pattern],
        *,
        language: str,
        context: Sequence[str] = (),
        check: Check | None = None,
        decisive: bool = True,
        anchors: Sequence[str] = (),
        digits: int = 0,
        outlines: Sequence[str] = (),
        seconds: float | None = None,
    ) -> None:
        super().__init__(
            supported_entity=entity_type,
            name=name,
            supported_language=language,
            patterns=list(patterns),
            context=list(context),
            global_regex_flags=FLAGS,
        )
        self.check = check
        self.decisive = decisive
        self.anchors = tuple(anchors)
        self.digits = digits
        self.sources = tuple(pattern.regex for pattern in patterns)
        self.outlines = tuple(outlines) or self.sources
        self.seconds = seconds
        self._patterns = list(patterns)
        self._compiled = [regex.compile(source, FLAGS) for source in self.sources]
        self._widths = [width(source) for source in self.sources]

    def analyze(
        self,
        text: str,
        entities: Sequence[str],  # noqa: ARG002
        nlp_artifacts: Any = None,  # noqa: ARG002
        regex_flags: int | None = None,  # noqa: ARG002
    ) -> list[RecognizerResult]:
        """Every match of every pattern that its checksum does not refute.

        Raises:
            TimeoutError: a pattern ran out of time.
        """
        return [finding(self, hit) for n in range(len(self.sources)) for hit in self.hits(text, n)]

    def hits(self, text: str, number: int, ends: Sequence[int] | None = None) -> Iterator[Hit]:
        """The matches of one pattern, without those that the check refutes.

        Args:
            text: any length.
            number: place of the pattern in ``sources``.
            ends: where matches may end, as the screen tells; None: anywhere.

        Raises:
            TimeoutError: the pattern ran out of time.
        """
        pattern, check = self._patterns[number], self.check
        compiled, bounds = self._compiled[number], self._widths[number]
        for match in matches(compiled, text, ends, bounds, self.seconds):
            start, end = match.span()
            verdict = check(match.group()) if check else None
            if start < end and verdict is not False:
                score = 1.0 if verdict and self.decisive else pattern.score
                yield Hit(start, end, score, verdict, pattern.name)


def finding(recognizer: Any, hit: Hit) -> RecognizerResult:
    """A Presidio result of a recognizer's one type, with the checksum's verdict."""
    explanation = AnalysisExplanation(recognizer=recognizer.name, original_score=hit.score)
    explanation.pattern_name = hit.pattern  # type: ignore[assignment]  # None: it has no name
    explanation.validation_result = hit.validated  # type: ignore[assignment]  # None: no check
    return RecognizerResult(
        entity_type=recognizer.supported_entities[0],
        start=hit.start,
        end=hit.end,
        score=hit.score,
        analysis_explanation=explanation,
        recognition_metadata={
            RecognizerResult.RECOGNIZER_NAME_KEY: recognizer.name,
            RecognizerResult.RECOGNIZER_IDENTIFIER_KEY: recognizer.id,
        },
    )


def adopt(
    recognizer: Any,
    language: str,
    *,
    context: Sequence[str] | None = None,
    decisive: bool = True,
    anchors: Sequence[str] = (),
    digits: int = 0,
    seconds: float | None = PATTERN_SECONDS,
) -> Rule:
    """A Presidio pattern recognizer with its patterns and checks, run as a ``Rule``.

    Args:
        recognizer: a ``PatternRecognizer`` that inherits ``PatternRecognizer.analyze``.
        language: the language to register it for.
        context: context words instead of its own.
        decisive: as in ``Rule``.
        anchors: as in ``Rule``.
        digits: as in ``Rule``.
        seconds: as in ``Rule``.
    """

    def check(text: str) -> bool | None:
        if recognizer.invalidate_result(text):
            return False
        verdict = recognizer.validate_result(text)
        return None if verdict is None else bool(verdict)

    return Rule(
        recognizer.supported_entities[0],
        recognizer.name,
        recognizer.patterns,
        language=language,
        context=recognizer.context or () if context is None else context,
        check=check,
        decisive=decisive,
        anchors=anchors,
        digits=digits,
        seconds=seconds,
    )
