"""The detector: Arrow batches in, disjoint spans out.

Stages per record (design: normalise, find, propagate, resolve):

1. fold look-alike characters, keeping the way back to the original offsets;
2. run Presidio's analyzer over windows of the text, in the record's language;
3. drop what scores below the policy's threshold, resolve conflicts;
4. propagate sure values through the record, resolve again.

Everything depends on the record alone, never on its neighbours in the batch. A record on
which a recognizer fails, or that is beyond a limit, is refused: never passed unsearched.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final

import pyarrow as pa
from presidio_analyzer import (
    AnalyzerEngine,
    EntityRecognizer,
    PatternRecognizer,
    RecognizerResult,
)

from pii_rules.context import WindowEnhancer
from pii_rules.language import pick_language
from pii_rules.nlp import PIPELINE, BlankNlpEngine
from pii_rules.normalise import fold
from pii_rules.policy import DEFAULT_THRESHOLD, Policy
from pii_rules.recognizers.iban import iban_rule
from pii_rules.recognizers.packs import Pack, load_packs
from pii_rules.recognizers.phone import PhoneRule
from pii_rules.recognizers.predefined import predefined_rules
from pii_rules.recognizers.rule import adopt
from pii_rules.registry import FixedRegistry
from pii_rules.resolve import resolve
from pii_rules.spans import DETECTOR_ERROR, DETECTOR_LIMIT, Findings, Refused, Span
from pii_rules.surfaces import propagated
from pii_rules.windows import windows
from redactory.errors import PolicyError

ENGINE: Final = "redactory-rules/2"
# Told of every raw finding: the span, Presidio's result (which holds the reasons), and
# whether the score reaches the threshold.
Observer = Callable[[Span, RecognizerResult, bool], None]
_LIBRARIES: Final = ("presidio-analyzer", "spacy", "phonenumbers", "regex", "tldextract")


@dataclass(frozen=True, slots=True)
class Limits:
    """Work limits of one record; beyond them it is refused.

    Attributes:
        characters: longest record, all columns together, in code points.
        findings: most raw findings.
    """

    characters: int = 1 << 20
    findings: int = 20_000


class _OverLimitError(Exception):
    """A record is beyond a work limit."""


class Detector:
    """Finds personal data by rules.

    Args:
        languages: rule sets to run, out of ``en`` and ``zh``. A record in another
            language is searched by the first.
        policy: gives the thresholds (and, where it names fewer, the languages); None
            reports every type at the default threshold.
        limits: work limits of one record.
        recognizers: further Presidio recognizers; their ``supported_language`` counts.

    Raises:
        PolicyError: an unknown language.
    """

    def __init__(
        self,
        languages: Sequence[str] = ("en", "zh"),
        policy: Policy | None = None,
        *,
        limits: Limits | None = None,
        recognizers: Sequence[EntityRecognizer] = (),
    ) -> None:
        self._languages = _checked(languages, policy)
        self._policy = policy
        self._limits = limits or Limits()
        self._packs = load_packs()
        _silence_presidio()
        self._engine = _engine(self._languages, self._packs, recognizers)
        self._entities = {
            language: sorted(self._engine.get_supported_entities(language))
            for language in self._languages
        }

    def detect(self, batch: pa.RecordBatch, columns: Sequence[str] = ("text",)) -> list[Findings]:
        """Spans of every row.

        Args:
            batch: rows with the text columns and, if there is one, ``lang`` (BCP 47).
            columns: the text columns to search.

        Returns:
            One entry per row: disjoint spans sorted by column and start, offsets in code
            points of the original text; or why the row is refused.
        """
        texts = [batch.column(column).to_pylist() for column in columns]
        has_language = "lang" in batch.schema.names
        tags = batch.column("lang").to_pylist() if has_language else [None] * batch.num_rows
        return [
            self.detect_record(dict(zip(columns, (text or "" for text in row), strict=True)), tag)
            for tag, *row in zip(tags, *texts, strict=True)
        ]

    def detect_record(
        self,
        texts: Mapping[str, str],
        tag: str | None = None,
        *,
        observe: Observer | None = None,
    ) -> Findings:
        """Spans of one record.

        Args:
            texts: its text by column.
            tag: its language tag, if known.
            observe: told of every finding before conflicts are resolved, also of those
                below their threshold.
        """
        try:
            if sum(map(len, texts.values())) > self._limits.characters:
                return Refused(DETECTOR_LIMIT)
            found: list[Span] = []
            for column, text in texts.items():
                budget = self._limits.findings - len(found)
                found += self._search(column, text, tag, budget, observe)
            kept = resolve(found)
            return resolve(kept + propagated(texts, kept))
        except _OverLimitError:
            return Refused(DETECTOR_LIMIT)
        except Exception:  # noqa: BLE001 - whatever a recognizer raises refuses its record only
            return Refused(DETECTOR_ERROR)

    def describe(self) -> dict[str, str]:
        """Versions and digests of all that decides what is found, for the config digest."""
        return {
            "engine": ENGINE,
            "languages": ",".join(self._languages),
            "pipeline": PIPELINE,
            **{f"library.{name}": version(name) for name in _LIBRARIES},
            **{f"pack.{pack.name}": f"sha256:{pack.sha256}" for pack in self._packs},
            "limits": f"{self._limits.characters},{self._limits.findings}",
        }

    def _search(
        self, column: str, text: str, tag: str | None, budget: int, observe: Observer | None
    ) -> list[Span]:
        """Findings at or above their threshold, in one column, not yet resolved."""
        language = pick_language(text, tag, self._languages)
        folded = fold(text)
        found: list[Span] = []
        raw = 0
        for window in windows(folded.text):
            visible = folded.text[window.start : window.stop]
            results = self._engine.analyze(
                text=visible,
                language=language,
                entities=self._entities[language],
                return_decision_process=True,
            )
            raw += len(results)
            if raw > budget:
                raise _OverLimitError
            for result in results:
                start = window.start + result.start
                counts = self._counts(result)
                if window.first <= start < window.last and (counts or observe):
                    origin = folded.original(start, window.start + result.end)
                    span = _span(column, origin, result)
                    if counts:
                        found.append(span)
                    if observe:
                        observe(span, result, counts)
        return found

    def _counts(self, result: RecognizerResult) -> bool:
        if self._policy is None:
            return bool(result.score >= DEFAULT_THRESHOLD)
        return bool(result.score >= self._policy.rule(result.entity_type).threshold)


def _span(column: str, place: tuple[int, int], result: RecognizerResult) -> Span:
    explanation = result.analysis_explanation
    return Span(
        column,
        *place,
        result.entity_type,
        round(float(result.score), 4),
        result.recognition_metadata[RecognizerResult.RECOGNIZER_NAME_KEY],
        explanation.validation_result if explanation is not None else None,
    )


def _checked(languages: Sequence[str], policy: Policy | None) -> tuple[str, ...]:
    chosen = [code for code in languages if policy is None or code in policy.languages]
    if not chosen or not set(languages) <= {"en", "zh"}:
        raise PolicyError("no rules for the languages asked for", hint="allowed: en, zh")
    return tuple(chosen)


def _engine(
    languages: Sequence[str], packs: Sequence[Pack], further: Sequence[EntityRecognizer]
) -> AnalyzerEngine:
    recognizers: list[EntityRecognizer] = []
    for language in languages:
        for pack in packs:
            recognizers += pack.rules(language)
        recognizers += [iban_rule(language), PhoneRule(language), *predefined_rules(language)]
    recognizers += [_strict(r) for r in further if r.supported_language in languages]
    nlp = BlankNlpEngine(languages)
    nlp.load()
    return AnalyzerEngine(
        registry=FixedRegistry(recognizers, languages),
        nlp_engine=nlp,
        supported_languages=list(languages),
        context_aware_enhancer=WindowEnhancer(),
        log_decision_process=False,
    )


def _strict(recognizer: EntityRecognizer) -> EntityRecognizer:
    """The recognizer itself, unless Presidio would swallow the time-outs of its patterns."""
    if isinstance(recognizer, PatternRecognizer) and (
        type(recognizer).analyze is PatternRecognizer.analyze
    ):
        return adopt(recognizer, recognizer.supported_language)
    return recognizer


def _silence_presidio() -> None:
    """Presidio's log lines can hold text of the record."""
    for name in ("presidio-analyzer", "decision_process"):
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
        logger.disabled = True
