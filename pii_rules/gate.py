"""The leak gate: a second look at redacted rows before anything is published.

Per row:

1. canaries, values that were planted to be found, must not stand anywhere in the new text;
2. the original forms of what was replaced must not stand outside of replacements: those that
   identify by themselves not even glued to other letters, others not as words of their own;
3. the detector runs over the new text. A finding that lies wholly inside a replacement, or in
   what an earlier pass wrote, is the redactor's own writing; one that straddles an edge, or
   lies outside, is a leak unless the policy keeps its type.

A name that a model only sees in the second pass was overlooked in the first: its place is told,
so that the caller can redact it too before giving the row up.

What the caller must still do: quarantine the rows that still leak.
"""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from typing import Final, NamedTuple

import pyarrow as pa

from pii_rules.detector import Detector
from pii_rules.forms import places_of, stands_alone
from pii_rules.gate_view import View, shortened
from pii_rules.ner.tags import LABELS
from pii_rules.own_writing import OwnWriting
from pii_rules.policy import Policy
from pii_rules.resolve import outside
from pii_rules.spans import CANARY, LEAK, Refused, Replacement, Span, in_column
from pii_rules.surfaces import is_telling
from redactory.errors import InputError

_SHORTEST_FORM: Final = 4
_SHORTEST_CANARY: Final = 6


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
        detector: the detector of the second pass. A keen one, which counts names from a
            lower score on, sees what the first overlooked.
        policy: types that it keeps are no leaks; None keeps none.
        canaries: planted values, of 6 letters or digits at least; how they are grouped and
            written does not matter.
        allowed: forms that a person has called no personal data.

    Raises:
        InputError: a canary is too short to be told from ordinary text.
    """

    def __init__(
        self,
        detector: Detector,
        policy: Policy | None = None,
        canaries: Collection[str] = (),
        *,
        allowed: Collection[str] = (),
    ) -> None:
        self._detector = detector
        self._policy = policy
        self._ours = OwnWriting(policy)
        self._allowed = frozenset(allowed)
        self._canaries = frozenset(map(_letters, canaries))
        if any(len(canary) < _SHORTEST_CANARY for canary in self._canaries):
            raise InputError(f"a canary has {_SHORTEST_CANARY} letters or digits at least")

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
        if batch.num_rows == 0:
            return {}
        texts = {column: batch.column(column).to_pylist() for column in columns}
        views = {
            column: [
                shortened(text or "", in_column(replaced, column))
                for text, replaced in zip(texts[column], replacements, strict=True)
            ]
            for column in columns
        }
        leaks = {}
        for row, found in enumerate(self._detector.detect(_read(batch, views), columns)):
            shown = {column: texts[column][row] or "" for column in columns}
            if self._canaries and self._holds_canary(shown):
                leaks[row] = Leak(CANARY, [])
            elif isinstance(found, Refused):
                leaks[row] = Leak(found.reason_code, [])
            elif left_over(surfaces[row], shown, replacements[row]):
                leaks[row] = Leak(LEAK, [])
            elif more := self._leaking(
                [views[span.column][row].back(span) for span in found], replacements[row], shown
            ):
                leaks[row] = Leak(LEAK, more if all(map(_is_name, more)) else [])
        return leaks

    def _leaking(
        self,
        found: Sequence[Span],
        replacements: Sequence[Replacement],
        texts: Mapping[str, str],
    ) -> list[Span]:
        """What of the findings is a leak: of a name its words outside of replacements."""
        more = []
        written = {
            column: _merged([*_ranges(replacements, column), *self._ours.places(text)])
            for column, text in texts.items()
        }
        for span in found:
            if texts[span.column][span.start : span.end] in self._allowed:
                continue
            if self._keeps(span.entity_type) or _inside(span.start, span.end, written[span.column]):
                continue
            if not _is_name(span):
                more.append(span)
                continue
            text = texts[span.column]
            near = (pair for pair in written[span.column] if pair[1] > span.start)
            parts = outside(span.start, span.end, near)
            more += [
                span._replace(start=a, end=b)
                for a, b in parts
                if any(c.isalpha() for c in text[a:b])
            ]
        return more

    def _keeps(self, entity_type: str) -> bool:
        return self._policy is not None and self._policy.rule(entity_type).operator == "keep"

    def _holds_canary(self, texts: Mapping[str, str]) -> bool:
        return any(
            canary in letters
            for letters in map(_letters, texts.values())
            for canary in self._canaries
        )


def _read(batch: pa.RecordBatch, views: Mapping[str, Sequence[View]]) -> pa.RecordBatch:
    """The rows as the detector reads them."""
    for column, texts in views.items():
        index = batch.schema.get_field_index(column)
        field = batch.schema.field(index)
        batch = batch.set_column(index, field, pa.array([view.text for view in texts], field.type))
    return batch


def left_over(
    forms: Collection[str],
    texts: Mapping[str, str | None],
    replacements: Sequence[Replacement],
) -> bool:
    """Whether an original form stands in a redacted record outside of one replacement.

    Args:
        forms: original forms. Those that identify by themselves count wherever they stand,
            others of 4 characters or more where no letter or digit is joined to them.
        texts: the redacted text by column.
        replacements: of this record.
    """
    sought = {form for form in forms if len(form) >= _SHORTEST_FORM}
    if not sought:
        return False
    for column, text in texts.items():
        written = _ranges(replacements, column)
        for start, end in places_of(sought, text or ""):
            counts = is_telling(text[start:end]) or stands_alone(text, start, end)  # type: ignore[index,arg-type]
            if counts and not _inside(start, end, written):
                return True
    return False


def _ranges(replacements: Sequence[Replacement], column: str) -> list[tuple[int, int]]:
    """Where the replacements of a column lie: disjoint and sorted."""
    return [(r.start, r.end) for r in in_column(replacements, column)]


def _merged(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Disjoint ranges, sorted: of two that overlap, the one that starts first."""
    kept: list[tuple[int, int]] = []
    for start, end in sorted(ranges, key=lambda pair: (pair[0], -pair[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _inside(start: int, end: int, ranges: Sequence[tuple[int, int]]) -> bool:
    """Whether [start, end) lies wholly in one of the ``ranges``."""
    place = bisect_right(ranges, (start, len(ranges) and ranges[-1][1] + 1)) - 1
    return place >= 0 and end <= ranges[place][1]


def _is_name(span: Span) -> bool:
    return span.entity_type in LABELS


def _letters(text: str) -> str:
    """Letters and digits alone, without the differences that writing makes."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())
