r"""The pattern recognizer that all rules run on, built in or read from a pack.

A Presidio ``PatternRecognizer`` with four differences:

* Patterns are compiled with ASCII classes: ``\b``, ``\d`` and ``\w`` know ASCII only, so
  that Chinese text beside a number is a border and not a part of the word.
* A pattern that runs out of time raises. Presidio logs it and goes on, which would let
  the record pass unsearched.
* A checksum may be *decisive* (a match scores 1, as in Presidio) or merely *necessary* (a
  failure drops the match, a pass leaves its score): one weak check digit passes a tenth
  of all numbers and proves nothing by itself.
* A rule names its anchors: fixed strings, one of which every match or its label contains,
  and the fewest digits it needs. A text without them is passed over at the price of a
  substring search, which keeps plain prose fast however many rules there are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final

import regex  # type: ignore[import-untyped]
from presidio_analyzer import (
    AnalysisExplanation,
    Pattern,
    PatternRecognizer,
    RecognizerResult,
)

Check = Callable[[str], bool | None]

FLAGS: Final = regex.DOTALL | regex.MULTILINE | regex.IGNORECASE | regex.ASCII
PATTERN_SECONDS: Final = 10.0


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
        seconds: time limit of one pattern on one window of text.
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
        seconds: float = PATTERN_SECONDS,
    ) -> None:
        super().__init__(
            supported_entity=entity_type,
            name=name,
            supported_language=language,
            patterns=list(patterns),
            context=list(context),
            global_regex_flags=FLAGS,
        )
        self._check = check
        self._decisive = decisive
        self._anchors = tuple(anchors)
        self._digits = digits
        self._seconds = seconds
        self._compiled = [(p, regex.compile(p.regex, FLAGS)) for p in patterns]

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
        if not self._may_match(text):
            return []
        results = []
        for pattern, compiled in self._compiled:
            for match in compiled.finditer(text, timeout=self._seconds):
                start, end = match.span()
                verdict = self._check(match.group()) if self._check else None
                if start < end and verdict is not False:
                    score = 1.0 if verdict and self._decisive else pattern.score
                    results.append(finding(self, match.span(), score, validated=verdict))
        return results

    def _may_match(self, text: str) -> bool:
        lowered, digits = _traits(text)
        return digits >= self._digits and (
            not self._anchors or any(anchor in lowered for anchor in self._anchors)
        )


@lru_cache(maxsize=1)  # every rule asks about the same text in turn
def _traits(text: str) -> tuple[str, int]:
    """The text in lower case and its number of ASCII digits."""
    return text.lower(), sum(map(text.count, "0123456789"))


def finding(
    recognizer: Any, place: tuple[int, int], score: float, *, validated: bool | None
) -> RecognizerResult:
    """A Presidio result of a recognizer's one type, with the checksum's verdict."""
    explanation = AnalysisExplanation(recognizer=recognizer.name, original_score=score)
    explanation.validation_result = validated  # type: ignore[assignment]  # None: no check
    return RecognizerResult(
        entity_type=recognizer.supported_entities[0],
        start=place[0],
        end=place[1],
        score=score,
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
) -> Rule:
    """A Presidio pattern recognizer with its patterns and checks, run as a ``Rule``.

    Args:
        recognizer: a ``PatternRecognizer`` that inherits ``PatternRecognizer.analyze``.
        language: the language to register it for.
        context: context words instead of its own.
        decisive: as in ``Rule``.
        anchors: as in ``Rule``.
        digits: as in ``Rule``.
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
    )
