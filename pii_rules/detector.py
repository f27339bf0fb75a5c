"""The detector: Arrow batches in, disjoint spans out.

Stages per record (design: normalise, find, propagate, resolve):

1. fold look-alike characters, keeping the way back to the original offsets;
2. find names (the one stage that takes many records at once);
3. run the rules over windows of the text, by the rule sets of each window's script;
4. drop what scores below the policy's threshold, resolve conflicts;
5. propagate sure values and names through the record, resolve again.

Everything depends on the record alone, never on its neighbours in the batch. A record on
which a recognizer fails, or that is beyond a limit, is refused: never passed unsearched.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, NamedTuple

import pyarrow as pa
from presidio_analyzer import EntityRecognizer, PatternRecognizer

from pii_rules.engine import Finding, RuleEngine
from pii_rules.language import languages_of
from pii_rules.name_parts import repeated_names
from pii_rules.ner.names import Name, NameFinder, may_be_name
from pii_rules.ner.others import finder
from pii_rules.ner.tags import LABELS
from pii_rules.normalise import Folded, fold
from pii_rules.policy import DEFAULT_THRESHOLD, Policy
from pii_rules.recognizers.iban import iban_rule
from pii_rules.recognizers.packs import Pack, load_packs
from pii_rules.recognizers.phone import PhoneRule
from pii_rules.recognizers.predefined import predefined_rules
from pii_rules.recognizers.rule import adopt
from pii_rules.resolve import outside, ranges_from, resolve, resolve_covering
from pii_rules.spans import DETECTOR_ERROR, DETECTOR_LIMIT, DETECTOR_TIME, Findings, Refused, Span
from pii_rules.surfaces import propagated
from pii_rules.windows import stretches
from redactory.errors import PolicyError

ENGINE: Final = "redactory-rules/7"
_NUMBER: Final = 6
# Told of every raw finding: the span, the finding (which holds the reasons), and whether the
# score reaches the threshold.
Observer = Callable[[Span, Finding, bool], None]
_LIBRARIES: Final = ("presidio-analyzer", "spacy", "phonenumbers", "regex", "tldextract")


@dataclass(frozen=True, slots=True)
class Limits:
    """Work limits of one record; beyond them it is refused.

    The first two are counts, so the same record is refused everywhere. Time is the net below
    them: five times what the dearest texts of tests/pii_rules/test_adversarial.py may take.

    Attributes:
        characters: longest record, all columns together, in code points.
        findings: most raw findings.
        seconds: by the clock, whatever the length.
        seconds_per_character: by the clock, on top.
    """

    characters: int = 1 << 24
    findings: int = 500_000
    seconds: float = 10.0
    seconds_per_character: float = 5e-4

    def allowed(self, characters: int) -> float:
        """Seconds that the rules may take for a record."""
        return self.seconds + characters * self.seconds_per_character


_Columns = dict[str, Folded]


class _OverLimitError(Exception):
    """A record is beyond a work limit."""


class _Budget(NamedTuple):
    """What is left to a record.

    Attributes:
        findings: raw findings.
        until: on the monotonic clock.
    """

    findings: int
    until: float

    def check(self, findings: int) -> None:
        """Stop beyond it.

        Raises:
            _OverLimitError: too many findings.
            TimeoutError: too late.
        """
        if findings > self.findings:
            raise _OverLimitError
        if time.monotonic() > self.until:
            raise TimeoutError


class Detector:
    """Finds personal data by rules and by a model of names.

    Args:
        languages: rule sets to run, out of ``en`` and ``zh``. Text in another
            language is searched by the first.
        policy: gives the thresholds (and, where it names fewer, the languages); None
            reports every type at the default threshold.
        limits: work limits of one record.
        recognizers: further Presidio recognizers; their ``supported_language`` counts.
        ner: what finds names: ``embedded``, ``none``, ``spacy:PIPELINE``,
            ``presidio:MODULE:FACTORY`` (see ``pii_rules.ner.others``), or a finder.

    Raises:
        PolicyError: an unknown language, a name finder that cannot be had.
    """

    def __init__(
        self,
        languages: Sequence[str] = ("en", "zh"),
        policy: Policy | None = None,
        *,
        limits: Limits | None = None,
        recognizers: Sequence[EntityRecognizer] = (),
        ner: str | NameFinder = "embedded",
    ) -> None:
        self._languages = _checked(languages, policy)
        self._policy = policy
        self._limits = limits or Limits()
        self._names = finder(ner) if isinstance(ner, str) else ner
        self._packs = load_packs()
        self._thresholds: dict[str, float] = {}
        _silence_presidio()
        self._engine = _engine(self._languages, self._packs, recognizers)

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
        rows = [
            dict(zip(columns, (text or "" for text in row), strict=True))
            for row in zip(*texts, strict=True)
        ]
        folded = [self._folded(row) for row in rows]
        return [
            self._finish(row, parts, names, tag)
            for row, parts, names, tag in zip(rows, folded, self._find(folded), tags, strict=True)
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
        folded = self._folded(texts)
        return self._finish(texts, folded, self._find([folded])[0], tag, observe)

    def describe(self) -> dict[str, str]:
        """Versions and digests of all that decides what is found, for the config digest."""
        return {
            "engine": ENGINE,
            "languages": ",".join(self._languages),
            **{f"library.{name}": version(name) for name in _LIBRARIES},
            **{f"pack.{pack.name}": f"sha256:{pack.sha256}" for pack in self._packs},
            **{f"ner.{key}": value for key, value in self._described_names().items()},
            "limits": f"{self._limits.characters},{self._limits.findings}",
        }

    def _described_names(self) -> dict[str, str]:
        return {"finder": "none"} if self._names is None else self._names.describe()

    def _folded(self, texts: Mapping[str, str]) -> _Columns | None:
        """The columns folded; None when the record is too long."""
        if sum(map(len, texts.values())) > self._limits.characters:
            return None
        return {column: fold(text) for column, text in texts.items()}

    def _find(self, records: Sequence[_Columns | None]) -> list[list[list[Name]] | None]:
        """Names by record and column; None where the finder failed on the record."""
        texts = [[f.text for f in (record or {}).values()] for record in records]
        if self._names is None:
            return [[[] for _ in row] for row in texts]
        try:
            found = iter(self._names.find([text for row in texts for text in row]))
            return [[next(found) for _ in row] for row in texts]
        except Exception:  # noqa: BLE001 - a finder that fails refuses one record, not its batch
            return [self._find([record])[0] for record in records] if len(records) > 1 else [None]

    def _finish(
        self,
        texts: Mapping[str, str],
        folded: _Columns | None,
        names: list[list[Name]] | None,
        tag: str | None,
        observe: Observer | None = None,
    ) -> Findings:
        """Everything after the names."""
        if folded is None:
            return Refused(DETECTOR_LIMIT)
        if names is None:
            return Refused(DETECTOR_ERROR)
        until = time.monotonic() + self._limits.allowed(sum(map(len, texts.values())))
        try:
            found: list[Span] = []
            for (column, text), own in zip(folded.items(), names, strict=True):
                found += self._named(column, text, own, observe)
                budget = self._limits.findings - len(found)
                found += self._search(column, text, tag, _Budget(budget, until), observe)
            kept = resolve_covering(texts, _apart(texts, found))
            again = propagated(texts, kept) + repeated_names(texts, kept)
            return resolve(kept + again) if again else kept
        except _OverLimitError:
            return Refused(DETECTOR_LIMIT)
        except TimeoutError:
            return Refused(DETECTOR_TIME)
        except Exception:  # noqa: BLE001 - whatever a recognizer raises refuses its record only
            return Refused(DETECTOR_ERROR)

    def _named(
        self, column: str, folded: Folded, names: Sequence[Name], observe: Observer | None
    ) -> list[Span]:
        """The names at or above their threshold."""
        found = []
        for name in names:
            score = round(name.score, 4)
            result = Finding(
                name.start, name.end, name.entity_type, score, name.finder, None, score
            )
            span = _span(column, folded.original(name.start, name.end), result)
            counts = self._counts(result)
            if counts:
                found.append(span)
            if observe:
                observe(span, result, counts)
        return found

    def _search(
        self,
        column: str,
        folded: Folded,
        tag: str | None,
        budget: _Budget,
        observe: Observer | None,
    ) -> list[Span]:
        """What the rules find at or above their threshold in one column, not yet resolved."""
        found: list[Span] = []
        raw = 0
        for stretch, languages in stretches(
            folded.text, lambda seen: languages_of(seen, tag, self._languages)
        ):
            visible = folded.text[stretch.start : stretch.stop]
            first, last = stretch.first - stretch.start, stretch.last - stretch.start
            for result in self._engine.find(visible, languages, reasons=observe is not None):
                if not first <= result.start < last:
                    continue
                raw += 1
                counts = self._counts(result)
                if counts or observe:
                    start, end = stretch.start + result.start, stretch.start + result.end
                    span = _span(column, folded.original(start, end), result)
                    if counts:
                        found.append(span)
                    if observe:
                        observe(span, result, counts)
            budget.check(raw)
        return found

    def _counts(self, finding: Finding) -> bool:
        threshold = self._thresholds.get(finding.entity_type)
        if threshold is None:
            rule = self._policy.rule(finding.entity_type) if self._policy is not None else None
            threshold = DEFAULT_THRESHOLD if rule is None else rule.threshold
            self._thresholds[finding.entity_type] = threshold
        return finding.score >= threshold


def _apart(texts: Mapping[str, str], found: Sequence[Span]) -> Sequence[Span]:
    """The findings, names without the numbers in them."""
    if all(span.entity_type not in LABELS for span in found):
        return found
    numbers: dict[str, list[Span]] = {column: [] for column in texts}
    for span in resolve(span for span in found if _is_number(span, texts)):
        numbers[span.column].append(span)
    return [part for span in found for part in _beside(span, numbers, texts)]


def _is_number(span: Span, texts: Mapping[str, str]) -> bool:
    """Whether a check has proven a finding, or it is made of more digits than names have."""
    digits = sum(map(str.isdigit, texts[span.column][span.start : span.end]))
    return bool(span.validated) or (span.entity_type not in LABELS and digits >= _NUMBER)


def _beside(span: Span, numbers: Mapping[str, list[Span]], texts: Mapping[str, str]) -> list[Span]:
    """A finding; of a name only what lies outside of numbers."""
    if span.entity_type not in LABELS or span.validated:
        return [span]
    parts = outside(span.start, span.end, ranges_from(numbers[span.column], span.start))
    if parts == [(span.start, span.end)]:
        return [span]
    text = texts[span.column]
    return [span._replace(start=a, end=b) for a, b in parts if may_be_name(text[a:b])]


def _span(column: str, place: tuple[int, int], result: Finding) -> Span:
    return Span(
        column,
        *place,
        result.entity_type,
        round(float(result.score), 4),
        result.recognizer,
        result.validated,
    )


def _checked(languages: Sequence[str], policy: Policy | None) -> tuple[str, ...]:
    chosen = [code for code in languages if policy is None or code in policy.languages]
    if not chosen or not set(languages) <= {"en", "zh"}:
        raise PolicyError("no rules for the languages asked for", hint="allowed: en, zh")
    return tuple(chosen)


def _engine(
    languages: Sequence[str], packs: Sequence[Pack], further: Sequence[EntityRecognizer]
) -> RuleEngine:
    recognizers: list[EntityRecognizer] = []
    for language in languages:
        for pack in packs:
            recognizers += pack.rules(language)
        recognizers += [iban_rule(language), PhoneRule(language), *predefined_rules(language)]
    recognizers += [_strict(r) for r in further if r.supported_language in languages]
    return RuleEngine(recognizers, languages)


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
