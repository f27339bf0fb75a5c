"""Why a span was found, and why another finding was not reported.

The reasons are those that a raw finding carries, kept
apart from ``Span`` because spans are stored and sent between processes and reasons are for
a person at a screen. An explanation holds context words, which are words of a rule, and no
other text of the record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pii_rules.detector import Detector
from pii_rules.engine import Finding
from pii_rules.spans import Refused, Span
from pii_rules.surfaces import RECOGNIZER as PROPAGATION

Dismissal = Literal["below the threshold", "overlaps a reported span"]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One finding and how it came about.

    Attributes:
        span: the finding, with its final score.
        first_score: the score before context words raised it.
        context: the context words that raised it, in lower case.
        pattern: name of the rule's pattern that matched, where a rule names it.
        source: for a span found by propagation, the reported span whose text occurs again.
        dismissed: why the finding is not reported; None for those that are.
    """

    span: Span
    first_score: float
    context: tuple[str, ...] = ()
    pattern: str | None = None
    source: Span | None = None
    dismissed: Dismissal | None = None

    def as_json(self) -> dict[str, Any]:
        """The span's own keys, then the reasons."""
        told: dict[str, Any] = {
            **self.span.as_json(),
            "first_score": self.first_score,
            "context": list(self.context),
            "pattern": self.pattern,
        }
        if self.source is not None:
            told["propagated_from"] = {
                "column": self.source.column,
                "start": self.source.start,
                "end": self.source.end,
            }
        if self.dismissed is not None:
            told["dismissed"] = self.dismissed
        return told


@dataclass(frozen=True, slots=True)
class Explained:
    """The findings of one record.

    Attributes:
        spans: what the detector reports, as ``Detector.detect_record`` does.
        dismissed: what a rule or model found and the detector does not report.
    """

    spans: list[Explanation]
    dismissed: list[Explanation]


def explain(
    detector: Detector, texts: Mapping[str, str], tag: str | None = None
) -> Explained | Refused:
    """Search one record and say why each finding was reported or not.

    Args:
        detector: searches exactly as it does without an explanation.
        texts: the record's text by column.
        tag: its language tag, if known.
    """
    seen: dict[Span, Explanation] = {}

    def observe(span: Span, result: Finding, counts: bool) -> None:  # noqa: FBT001
        dismissed: Dismissal | None = None if counts else "below the threshold"
        seen.setdefault(span, replace(_reasons(span, result), dismissed=dismissed))

    spans = detector.detect_record(texts, tag, observe=observe)
    if isinstance(spans, Refused):
        return spans
    reported = set(spans)
    lost = _without_echoes([reason for span, reason in seen.items() if span not in reported])
    return Explained(
        spans=[seen.get(span) or _derived(span, spans, texts, seen) for span in spans],
        dismissed=[
            replace(reason, dismissed=reason.dismissed or "overlaps a reported span")
            for reason in sorted(lost, key=_place)
        ],
    )


def _reasons(span: Span, finding: Finding) -> Explanation:
    """What the finding says of itself."""
    first = round(float(finding.first_score), 4)
    return Explanation(span, first, finding.context, finding.pattern)


def _derived(
    span: Span,
    spans: Sequence[Span],
    texts: Mapping[str, str],
    seen: Mapping[Span, Explanation],
) -> Explanation:
    """A span that no rule found as it stands.

    It repeats a reported one, or a part of it, elsewhere; or it is what a longer finding left
    of a shorter one, and has that one's reasons.
    """
    if span.recognizer != PROPAGATION:
        whole = [reason for other, reason in seen.items() if _is_part(span, other)]
        return replace(whole[0], span=span, dismissed=None) if whole else _bare(span)
    form = texts[span.column][span.start : span.end].casefold()
    named = [
        other
        for other in spans
        if other.recognizer != PROPAGATION
        and other.entity_type == span.entity_type
        and form in texts[other.column][other.start : other.end].casefold()
    ]
    return replace(_bare(span), source=max(named, key=lambda other: other.score, default=None))


def _without_echoes(reasons: Sequence[Explanation]) -> list[Explanation]:
    """The findings that are not within another of their type that is as sure or surer."""

    def echoes(span: Span, other: Span) -> bool:
        inside = other.start <= span.start and span.end <= other.end
        return (
            inside
            and (other.column, other.entity_type) == (span.column, span.entity_type)
            and (other.score, other.end - other.start) > (span.score, span.end - span.start)
        )

    spans = [reason.span for reason in reasons]
    return [reason for reason in reasons if not any(echoes(reason.span, s) for s in spans)]


def _is_part(span: Span, other: Span) -> bool:
    return (
        (other.column, other.entity_type, other.recognizer, other.score)
        == (span.column, span.entity_type, span.recognizer, span.score)
        and other.start <= span.start
        and span.end <= other.end
    )


def _bare(span: Span) -> Explanation:
    return Explanation(span, span.score)


def _place(reason: Explanation) -> tuple[str, int, int, str, str]:
    span = reason.span
    return span.column, span.start, span.end, span.entity_type, span.recognizer
