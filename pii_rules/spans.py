"""What detection and redaction say about a record: spans, replacements, refusals.

The record schema of ``Span`` is Presidio's ``RecognizerResult`` plus the column and the
outcome of the checksum. None of these types holds text of the record, so that any of
them may be logged or sent between processes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple, TypeVar

DETECTOR_ERROR: Final = "detector_error"
DETECTOR_LIMIT: Final = "detector_limit"
DETECTOR_TIME: Final = "detector_time"
LEAK: Final = "leak"
CANARY: Final = "canary"

REASON_CODES: Final = {
    DETECTOR_ERROR: "a recognizer failed on this record",
    DETECTOR_LIMIT: "the record is beyond a work limit of the detector",
    DETECTOR_TIME: "the detector ran out of time on this record",
    LEAK: "the second pass still found personal data in the redacted record",
    CANARY: "the redacted record still showed a planted value",
}


class Span(NamedTuple):
    """One piece of personal data in a record.

    Attributes:
        column: the text column it lies in.
        start: first code point of the original text.
        end: one past the last code point.
        entity_type: Presidio's name of the type where it has one (docs/entity-types.md).
        score: confidence in 0..1.
        recognizer: name of the rule or model that found it.
        validated: outcome of the checksum or number plan; None where there is none.
    """

    column: str
    start: int
    end: int
    entity_type: str
    score: float
    recognizer: str
    validated: bool | None = None

    def as_json(self) -> dict[str, Any]:
        """The span as a JSON object; ``column`` is left out when it is ``text``."""
        return _as_json(self._asdict())


class Replacement(NamedTuple):
    """A span after redaction: the offsets are those of the new text."""

    column: str
    start: int
    end: int
    entity_type: str
    score: float
    recognizer: str
    validated: bool | None
    operator: str

    def as_json(self) -> dict[str, Any]:
        """The replacement as a JSON object; ``column`` is left out when it is ``text``."""
        return _as_json(self._asdict())


class Refused(NamedTuple):
    """In place of a row's spans: the row must be quarantined.

    Attributes:
        reason_code: a key of ``REASON_CODES``.
    """

    reason_code: str


Findings = list[Span] | Refused
S = TypeVar("S", Span, Replacement)


def in_column(spans: Iterable[S], column: str) -> list[S]:
    """The spans of one column, in their order."""
    return [span for span in spans if span.column == column]


def _as_json(fields: dict[str, Any]) -> dict[str, Any]:
    if fields["column"] == "text":
        del fields["column"]
    return fields
