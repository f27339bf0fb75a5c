"""Records taken apart for ``redactory explain``: pieces of text and their numbered findings.

Explaining shows the text of its input by nature. It stays in these objects and in what the
command prints or writes; no log, ledger or error message sees it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from pii_rules.families import family
from pii_rules.policy import Policy
from pii_rules.spans import REASON_CODES, Refused

if TYPE_CHECKING:
    from pii_rules.explain import Explained, Explanation

# A control character in a text would act on the terminal that shows it, and a bidirectional
# one would reorder the line; both are shown as signs instead.
_SIGNS: Final = {
    **{code: 0x2400 + code for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: 0x2421,
    **dict.fromkeys(
        [*range(0x80, 0xA0), 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A)],
        0xFFFD,
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One row of the table.

    Attributes:
        number: its mark in the text, from 1; None for a finding that is not reported.
        column: where it stands.
        start: first code point.
        end: one past the last code point.
        entity_type: what it is.
        family: the family of that type.
        shown: the text under it, safe to show.
        score: ``0.45``, or ``0.10 → 0.45`` when context raised it.
        found_by: rule or model, with the pattern where it has a name.
        reasons: context words, check, propagation, why it is not reported.
        operator: what the policy does with it; None without a policy.
    """

    number: int | None
    column: str
    start: int
    end: int
    entity_type: str
    family: str
    shown: str = field(repr=False)
    score: str
    found_by: str
    reasons: str
    operator: str | None


@dataclass(frozen=True, slots=True)
class ExplainedRecord:
    """A record with what was found in it.

    Attributes:
        record_id: the record's id; None for a text that was given as such.
        texts: its text by column.
        outcome: the findings, or why there are none.
        policy: the policy it was searched under.
    """

    record_id: str | None
    texts: Mapping[str, str] = field(repr=False)
    outcome: Explained | Refused
    policy: Policy | None

    @property
    def refusal(self) -> str | None:
        """Why the record was not searched."""
        if isinstance(self.outcome, Refused):
            code = self.outcome.reason_code
            return f"{code}: {REASON_CODES[code]}" if code in REASON_CODES else code
        return None

    def findings(self) -> list[Finding]:
        """What is reported, numbered in the order of the text."""
        if isinstance(self.outcome, Refused):
            return []
        numbers = {reason.span: n for n, reason in enumerate(self.outcome.spans, start=1)}
        return [self._row(reason, numbers) for reason in self.outcome.spans]

    def dismissed(self) -> list[Finding]:
        """What was found and is not reported."""
        if isinstance(self.outcome, Refused):
            return []
        return [self._row(reason, {}) for reason in self.outcome.dismissed]

    def pieces(self, column: str) -> Iterator[tuple[str, Finding | None]]:
        """A column's text in its order, cut at the borders of the reported findings."""
        text, done = self.texts[column], 0
        for finding in self.findings():
            if finding.column == column:
                if done < finding.start:
                    yield printable(text[done : finding.start]), None
                yield finding.shown, finding
                done = finding.end
        if done < len(text):
            yield printable(text[done:]), None

    def as_json(self, *, with_dismissed: bool) -> dict[str, Any]:
        """For programs; ``text`` is the text under a span as it stands in the record."""
        told: dict[str, Any] = {"id": self.record_id}
        if isinstance(self.outcome, Refused):
            return {**told, "spans": [], "error": self.outcome.reason_code}
        told["spans"] = [self._json(reason) for reason in self.outcome.spans]
        if with_dismissed:
            told["dismissed"] = [self._json(reason) for reason in self.outcome.dismissed]
        return told

    def _json(self, reason: Explanation) -> dict[str, Any]:
        told = reason.as_json() | {"text": self._surface(reason)}
        if self.policy is not None:
            told["operator"] = self.policy.rule(reason.span.entity_type).operator
        return told

    def _surface(self, reason: Explanation) -> str:
        span = reason.span
        return self.texts[span.column][span.start : span.end]

    def _row(self, reason: Explanation, numbers: Mapping[Any, int]) -> Finding:
        span = reason.span
        raised = reason.first_score != span.score
        return Finding(
            number=numbers.get(span),
            column=span.column,
            start=span.start,
            end=span.end,
            entity_type=span.entity_type,
            family=family(span.entity_type),
            shown=printable(self._surface(reason)),
            score=(f"{reason.first_score:.2f} → " if raised else "") + f"{span.score:.2f}",
            found_by=span.recognizer + (f" ({reason.pattern})" if reason.pattern else ""),
            reasons="; ".join(_reasons(reason, numbers)),
            operator=self.policy.rule(span.entity_type).operator if self.policy else None,
        )


def printable(text: str) -> str:
    """The text without characters that act instead of standing for something."""
    return text.replace("\r\n", "\n").translate(_SIGNS)


def _reasons(reason: Explanation, numbers: Mapping[Any, int]) -> Iterator[str]:
    if reason.dismissed is not None:
        yield reason.dismissed
    if reason.context:
        yield "context: " + ", ".join(map(printable, reason.context))
    if reason.span.validated is not None:
        yield "check passed" if reason.span.validated else "check failed"
    if reason.source is not None:
        yield f"by propagation from {numbers[reason.source]}"
    elif reason.span.recognizer == "propagation":
        yield "by propagation"
