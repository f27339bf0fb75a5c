"""The leak gate: a second look at redacted rows before anything is published.

Per row:

1. the detector runs over the new text. A finding that lies wholly inside a replacement is
   the redactor's own writing; one that straddles an edge, or lies outside, is a leak
   unless the policy keeps its type;
2. the original surface forms of what was replaced must not occur outside replacements,
   not even glued to other letters.

A name that a model only sees in the second pass was overlooked in the first: its place is told,
so that the caller can redact it too before giving the row up.

What the caller must still do: quarantine the rows that still leak.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import pyarrow as pa

from pii_rules.detector import Detector
from pii_rules.ner.tags import LABELS
from pii_rules.policy import Policy
from pii_rules.resolve import outside
from pii_rules.spans import LEAK, Refused, Replacement, Span, in_column
from pii_rules.surfaces import occurrences


class Leak(NamedTuple):
    """Why a row must not pass.

    Attributes:
        reason_code: a key of ``REASON_CODES``.
        overlooked: if names are all that leaks, those names, offsets in the redacted text;
            redacting them too may let the row pass.
    """

    reason_code: str
    overlooked: list[Span]


class LeakGate:
    """Checks redacted rows.

    Args:
        detector: the detector of the second pass.
        policy: types that it keeps are no leaks; None keeps none.
    """

    def __init__(self, detector: Detector, policy: Policy | None = None) -> None:
        self._detector = detector
        self._policy = policy

    def check(
        self,
        batch: pa.RecordBatch,
        replacements: Sequence[Sequence[Replacement]],
        surfaces: Sequence[Collection[str]],
        columns: Sequence[str] = ("text",),
    ) -> dict[int, Leak]:
        """Which rows must not pass.

        Args:
            batch: redacted rows.
            replacements: of each row, offsets into its redacted text.
            surfaces: of each row, original forms that must not be seen again.
            columns: the redacted text columns.

        Returns:
            What leaks, by row of ``batch``; rows that pass are not named.
        """
        texts = {column: batch.column(column).to_pylist() for column in columns}
        leaks = {}
        for row, found in enumerate(self._detector.detect(batch, columns)):
            if isinstance(found, Refused):
                leaks[row] = Leak(found.reason_code, [])
                continue
            shown = {column: texts[column][row] or "" for column in columns}
            more = [
                part
                for span in found
                if not self._keeps(span.entity_type)
                for part in _leaking(span, in_column(replacements[row], span.column), shown)
            ]
            if any(
                _escapes(start, end, in_column(replacements[row], column))
                for column, text in shown.items()
                for start, end in occurrences(surfaces[row], text, bordered=False)
            ):
                leaks[row] = Leak(LEAK, [])
            elif more:
                leaks[row] = Leak(LEAK, more if all(map(_is_name, more)) else [])
        return leaks

    def _keeps(self, entity_type: str) -> bool:
        return self._policy is not None and self._policy.rule(entity_type).operator == "keep"


def _leaking(
    span: Span, replacements: Sequence[Replacement], texts: Mapping[str, str]
) -> list[Span]:
    """What of a finding is a leak: of a name its words outside of replacements, else all of it."""
    if not _escapes(span.start, span.end, replacements):
        return []
    if not _is_name(span):
        return [span]
    parts = outside(span.start, span.end, ((r.start, r.end) for r in replacements))
    return [
        span._replace(start=a, end=b)
        for a, b in parts
        if any(c.isalpha() for c in texts[span.column][a:b])
    ]


def _is_name(span: Span) -> bool:
    return span.entity_type in LABELS


def _escapes(start: int, end: int, replacements: Sequence[Replacement]) -> bool:
    """Whether a range is not wholly inside one replacement."""
    return not any(r.start <= start and end <= r.end for r in replacements)
