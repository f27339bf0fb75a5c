"""The leak gate: a second look at redacted rows before anything is published.

Per row:

1. the detector runs over the new text. A finding that lies wholly inside a replacement is
   the redactor's own writing; one that straddles an edge, or lies outside, is a leak
   unless the policy keeps its type;
2. the original surface forms of what was replaced must not occur outside replacements,
   not even glued to other letters.

What the caller must still do: quarantine the rows named here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pyarrow as pa

from pii_rules.detector import Detector
from pii_rules.policy import Policy
from pii_rules.spans import LEAK, Refused, Replacement, Span, in_column
from pii_rules.surfaces import occurrences


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
    ) -> dict[int, str]:
        """Which rows must not pass.

        Args:
            batch: redacted rows.
            replacements: of each row, offsets into its redacted text.
            surfaces: of each row, original forms that must not be seen again.
            columns: the redacted text columns.

        Returns:
            Reason code by row of ``batch``; rows that pass are not named.
        """
        texts = {column: batch.column(column).to_pylist() for column in columns}
        reasons = {}
        for row, found in enumerate(self._detector.detect(batch, columns)):
            if isinstance(found, Refused):
                reasons[row] = found.reason_code
                continue
            shown = {column: texts[column][row] or "" for column in columns}
            if self._finds_more(found, replacements[row]) or any(
                _escapes(start, end, in_column(replacements[row], column))
                for column, text in shown.items()
                for start, end in occurrences(surfaces[row], text, bordered=False)
            ):
                reasons[row] = LEAK
        return reasons

    def _finds_more(self, found: Sequence[Span], replacements: Sequence[Replacement]) -> bool:
        return any(
            _escapes(span.start, span.end, in_column(replacements, span.column))
            for span in found
            if not self._keeps(span.entity_type)
        )

    def _keeps(self, entity_type: str) -> bool:
        return self._policy is not None and self._policy.rule(entity_type).operator == "keep"


def _escapes(start: int, end: int, replacements: Sequence[Replacement]) -> bool:
    """Whether a range is not wholly inside one replacement."""
    return not any(r.start <= start and end <= r.end for r in replacements)
