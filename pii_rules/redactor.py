"""The redactor: spans become what the policy says, rows that must not pass are refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import pyarrow as pa
from presidio_anonymizer.operators import Operator

from pii_rules.gate import LeakGate
from pii_rules.operators import check_keys, operator_for
from pii_rules.policy import Policy
from pii_rules.spans import Findings, Refused, Replacement, Span, in_column
from pii_rules.surfaces import is_telling
from redactory.errors import InputError

# How often a row is redacted before names that the gate still sees refuse it.
_LOOKS: Final = 3


@dataclass(frozen=True, slots=True)
class Report:
    """Counts over the kept rows.

    Attributes:
        entities: replacements by entity type.
        operators: replacements by operator.
    """

    entities: dict[str, int]
    operators: dict[str, int]


class Redacted(NamedTuple):
    """A batch after redaction.

    Attributes:
        batch: the kept rows, text columns redacted, other columns as they were.
        kept: row number in the input of each row of ``batch``.
        refused: row number and reason code of every other row.
        replacements: of each kept row, sorted by column and start in the new text.
        report: counts.
    """

    batch: pa.RecordBatch
    kept: list[int]
    refused: list[tuple[int, str]]
    replacements: list[list[Replacement]]
    report: Report


class Redactor:
    """Applies a policy to detected spans.

    Args:
        policy: what happens to each type.
        keys: HKDF subkeys of the scope by name; ``token`` is used by ``token``.
        gate: looks at every redacted row again; None leaves that out.

    Raises:
        KeyringError: a key that the policy needs is missing or short.
    """

    def __init__(
        self, policy: Policy, keys: Mapping[str, bytes], *, gate: LeakGate | None = None
    ) -> None:
        check_keys(policy, keys)
        self._policy = policy
        self._keys = dict(keys)
        self._gate = gate
        self._operators: dict[str, Operator] = {}

    def redact(
        self,
        batch: pa.RecordBatch,
        spans: Sequence[Findings],
        columns: Sequence[str] = ("text",),
    ) -> Redacted:
        """Redact the text columns of ``batch``.

        Args:
            batch: rows as they were given to the detector.
            spans: the detector's answer, one entry per row.
            columns: the text columns that were searched.

        Raises:
            InputError: ``spans`` does not fit ``batch``.
        """
        if len(spans) != batch.num_rows:
            raise InputError(
                f"{len(spans)} rows of spans for a batch of {batch.num_rows} rows",
                hint="pass the detector's answer for this very batch",
            )
        refused = [(n, f.reason_code) for n, f in enumerate(spans) if isinstance(f, Refused)]
        kept = [n for n, found in enumerate(spans) if not isinstance(found, Refused)]
        accepted = [found for found in spans if not isinstance(found, Refused)]
        rows = batch.take(pa.array(kept, pa.int64()))
        redacted, replacements, leaks = self._looked_over(rows, accepted, columns, _LOOKS)
        refused += [(kept[place], reason) for place, reason in leaks.items()]
        passed = [place for place in range(len(kept)) if place not in leaks]
        replacements = [replacements[place] for place in passed]
        return Redacted(
            redacted.take(pa.array(passed, pa.int64())),
            [kept[place] for place in passed],
            sorted(refused),
            replacements,
            _report(replacements),
        )

    def _looked_over(
        self, rows: pa.RecordBatch, spans: Sequence[list[Span]], columns: Sequence[str], looks: int
    ) -> tuple[pa.RecordBatch, list[list[Replacement]], dict[int, str]]:
        """Redacted rows, their replacements, and why some leak.

        Rows in which the gate sees further names are redacted once more with those, up to
        ``looks`` times in all.
        """
        redacted, replacements, surfaces = self._rewrite(rows, spans, columns)
        if self._gate is None:
            return redacted, replacements, {}
        leaks = self._gate.check(redacted, replacements, surfaces, columns)
        again = sorted(place for place, leak in leaks.items() if leak.overlooked and looks > 1)
        reasons = {place: leak.reason_code for place, leak in leaks.items() if place not in again}
        if not again:
            return redacted, replacements, reasons
        further = [
            spans[place] + _back(leaks[place].overlooked, spans[place], replacements[place])
            for place in again
        ]
        mended, new, still = self._looked_over(
            rows.take(pa.array(again, pa.int64())), further, columns, looks - 1
        )
        order = list(range(rows.num_rows))
        for index, place in enumerate(again):
            order[place] = rows.num_rows + index
            replacements[place] = new[index]
        both = pa.concat_batches([redacted, mended]).take(pa.array(order, pa.int64()))
        return both, replacements, reasons | {again[index]: why for index, why in still.items()}

    def _rewrite(
        self, rows: pa.RecordBatch, spans: Sequence[list[Span]], columns: Sequence[str]
    ) -> tuple[pa.RecordBatch, list[list[Replacement]], list[set[str]]]:
        """The rows with new text, their replacements, and what must not be seen again."""
        replacements: list[list[Replacement]] = [[] for _ in spans]
        surfaces: list[set[str]] = [set() for _ in spans]
        for column in sorted(columns):
            new_texts: list[str | None] = []
            for place, text in enumerate(rows.column(column).to_pylist()):
                if text is None:
                    new_texts.append(None)
                    continue
                own = in_column(spans[place], column)
                new_text, replaced = self._rewrite_text(text, own)
                new_texts.append(new_text)
                replacements[place] += replaced
                surfaces[place] |= {
                    text[span.start : span.end]
                    for span in own
                    if self._policy.rule(span.entity_type).operator != "keep"
                }
            index = rows.schema.get_field_index(column)
            field = rows.schema.field(index)
            rows = rows.set_column(index, field, pa.array(new_texts, field.type))
        return rows, replacements, [set(filter(is_telling, row)) for row in surfaces]

    def _rewrite_text(self, text: str, spans: Sequence[Span]) -> tuple[str, list[Replacement]]:
        pieces: list[str] = []
        replaced: list[Replacement] = []
        read = written = 0
        for span in sorted(spans, key=lambda s: s.start):
            if not read <= span.start < span.end <= len(text):
                raise InputError("spans overlap or lie outside the text", where=span.column)
            operator = self._operator(span.entity_type)
            new = operator.operate(text[span.start : span.end])
            start = written + span.start - read
            pieces += [text[read : span.start], new]
            read, written = span.end, start + len(new)
            replaced.append(
                Replacement(
                    span.column,
                    start,
                    written,
                    span.entity_type,
                    span.score,
                    span.recognizer,
                    span.validated,
                    operator.operator_name(),
                )
            )
        return "".join([*pieces, text[read:]]), replaced

    def _operator(self, entity_type: str) -> Operator:
        if entity_type not in self._operators:
            rule = self._policy.rule(entity_type)
            self._operators[entity_type] = operator_for(entity_type, rule, self._keys)
        return self._operators[entity_type]


def _back(
    found: Sequence[Span], spans: Sequence[Span], replacements: Sequence[Replacement]
) -> list[Span]:
    """Findings in the redacted text, outside of replacements, at their place in the original."""
    placed = []
    for finding in found:
        shift = 0
        before = zip(
            sorted(in_column(spans, finding.column), key=lambda s: s.start),
            in_column(replacements, finding.column),
            strict=True,
        )
        for span, replacement in before:
            if replacement.end <= finding.start:
                shift = span.end - replacement.end
        placed.append(finding._replace(start=finding.start + shift, end=finding.end + shift))
    return placed


def _report(replacements: Sequence[list[Replacement]]) -> Report:
    flat = [replacement for row in replacements for replacement in row]
    return Report(
        dict(sorted(Counter(r.entity_type for r in flat).items())),
        dict(sorted(Counter(r.operator for r in flat).items())),
    )
