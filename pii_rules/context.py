"""Context words before a finding raise its score, in both scripts.

Presidio's enhancer compares single tokens, so that Chinese words of several characters
never match, and scans all tokens for every finding. Here the window before a finding is
found by bisection and searched as text. Amounts are Presidio's defaults: +0.35, at
least 0.4.

A window is some tokens long and stays within the finding's line, unless the finding
opens its line. Placeholders such as ``<PHONE_NUMBER>`` in text that was redacted before
are no context.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, Final

import regex  # type: ignore[import-untyped]
from presidio_analyzer import EntityRecognizer, RecognizerResult
from presidio_analyzer.context_aware_enhancers import ContextAwareEnhancer
from presidio_analyzer.nlp_engine import NlpArtifacts

_TOKENS: Final = {"en": 10, "zh": 20}  # a Chinese token is one character
_WHOLE_WORD: Final = 4  # shorter context words must stand alone: "ip" is not in "ship"
_PLACEHOLDER: Final = regex.compile(r"<[A-Z][A-Z0-9_]*(?::[0-9a-f]{16})?>")


class WindowEnhancer(ContextAwareEnhancer):
    """Presidio's context step, by a text window per finding."""

    def __init__(self) -> None:
        super().__init__(
            context_similarity_factor=0.35,
            min_score_with_context_similarity=0.4,
            context_prefix_count=max(_TOKENS.values()),
            context_suffix_count=0,
        )
        self._words: dict[str, regex.Pattern[str]] = {}

    def enhance_using_context(
        self,
        text: str,
        raw_results: list[RecognizerResult],
        nlp_artifacts: NlpArtifacts,
        recognizers: Sequence[EntityRecognizer],
        context: Sequence[str] | None = None,  # noqa: ARG002
    ) -> list[RecognizerResult]:
        """Raise, in place, the score of each finding that a context word precedes."""
        by_id = {recognizer.id: recognizer for recognizer in recognizers}
        for result in raw_results:
            identifier = result.recognition_metadata[RecognizerResult.RECOGNIZER_IDENTIFIER_KEY]
            recognizer = by_id[identifier]
            words = self._context_words(recognizer)
            if words is None or result.score >= self.MAX_SCORE:
                continue
            tokens = _TOKENS[recognizer.supported_language]
            before = _before(text, result.start, nlp_artifacts.tokens_indices, tokens)
            if words.search(before):
                result.score = min(
                    max(
                        result.score + self.context_similarity_factor,
                        self.min_score_with_context_similarity,
                    ),
                    self.MAX_SCORE,
                )
                if result.analysis_explanation is not None:
                    _explain(result, words.findall(before))
        return raw_results

    def _context_words(self, recognizer: Any) -> regex.Pattern[str] | None:
        if not recognizer.context:
            return None
        if recognizer.id not in self._words:
            words = "|".join(_word(word.strip()) for word in recognizer.context)
            self._words[recognizer.id] = regex.compile(rf"(?<![A-Z])(?:{words})", regex.I)
        return self._words[recognizer.id]


def _explain(result: RecognizerResult, words: Sequence[str]) -> None:
    """Note the score and each context word once, the nearest last."""
    explanation = result.analysis_explanation
    explanation.set_improved_score(result.score)
    explanation.set_supportive_context_word(", ".join(dict.fromkeys(map(str.casefold, words))))


def _word(word: str) -> str:
    alone = word.isascii() and len(word) < _WHOLE_WORD
    return str(regex.escape(word)) + ("(?![A-Z])" if alone else "")


def _before(text: str, start: int, token_starts: Sequence[int], tokens: int) -> str:
    """The window of ``tokens`` tokens before ``start``."""
    place = bisect_left(token_starts, start)
    window = text[token_starts[max(place - tokens, 0)] : start] if place else ""
    line = window.rpartition("\n")[2]
    return str(_PLACEHOLDER.sub(" ", line if line.strip() else window))
