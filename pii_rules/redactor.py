"""The redactor: spans become what the policy says, rows that must not pass are refused."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

import pyarrow as pa

from pii_rules.gate import Leak, LeakGate, left_over
from pii_rules.operators import check_keys
from pii_rules.policy import Policy
from pii_rules.rewriting import Rewriter, Rewritten
from pii_rules.spans import LEAK, Findings, Refused, Replacement, Span, in_column
from redactory.errors import InputError

# How often a row is redacted before names that the gate still sees refuse it.
_LOOKS: Final = 3
# What tells whose dates move together, the first of these columns that there is.
_SUBJECTS: Final = ("subject", "record_id", "id")


@dataclass(frozen=True, slots=True)
class Report:
    """Counts over the kept rows.

    Attributes:
        entities: replacements by entity type.
        operators: replacements by operator.
        collisions: people who took another surrogate than elsewhere, so that two people of
            one record stay apart.
    """

    entities: dict[str, int]
    operators: dict[str, int]
    collisions: int = 0


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


class IdentitySink(Protocol):
    """Takes what stood under each replacement of the kept rows: the positional identity map.

    What it is given are raw values. Whoever implements it seals them apart from the data.
    """

    def keep(self, row: int, replacement: Replacement, original: str) -> None:
        """One replacement of the row with this number in the input, and what stood there."""


class Redactor:
    """Applies a policy to detected spans.

    Args:
        policy: what happens to each type.
        keys: HKDF subkeys of the scope by name: ``token``, ``surrogate``, ``shift``, those
            that the policy's operators need.
        gate: looks at every redacted row again; None leaves that out.

    Raises:
        KeyringError: a key that the policy needs is missing or short.
    """

    def __init__(
        self, policy: Policy, keys: Mapping[str, bytes], *, gate: LeakGate | None = None
    ) -> None:
        check_keys(policy, keys)
        self._rewriter = Rewriter(policy, keys)
        self._gate = gate

    def redact(
        self,
        batch: pa.RecordBatch,
        spans: Sequence[Findings],
        columns: Sequence[str] = ("text",),
        *,
        sink: IdentitySink | None = None,
    ) -> Redacted:
        """Redact the text columns of ``batch``.

        Args:
            batch: rows as they were given to the detector. Dates of rows that share
                ``subject`` (else ``record_id``, else ``id``) are shifted alike.
            spans: the detector's answer, one entry per row.
            columns: the text columns that were searched.
            sink: is told what stood under the replacements of the kept rows.

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
        rows = _Rows.of(batch.take(pa.array(kept, pa.int64())), columns)
        done, leaks = self._looked_over(rows, accepted, _LOOKS)
        refused += [(kept[place], reason) for place, reason in leaks.items()]
        passed = [place for place in range(len(kept)) if place not in leaks]
        for place in passed if sink else ():
            for pair in zip(done[place].replacements, done[place].originals, strict=True):
                sink.keep(kept[place], *pair)  # type: ignore[union-attr]
        out = [done[place] for place in passed]
        return Redacted(
            rows.taken(passed).written(out),
            [kept[place] for place in passed],
            sorted(refused),
            [record.replacements for record in out],
            _report(out),
        )

    def _looked_over(
        self, rows: _Rows, spans: Sequence[list[Span]], looks: int
    ) -> tuple[list[Rewritten], dict[int, str]]:
        """Rewritten rows, and why some leak.

        Rows in which the gate sees further names are rewritten once more with those, up to
        ``looks`` times in all.
        """
        done = [
            self._rewriter.rewrite(texts, found, subject)
            for texts, found, subject in zip(rows.texts, spans, rows.subjects, strict=True)
        ]
        leaks = self._leaks(rows, done)
        again = sorted(place for place, leak in leaks.items() if leak.overlooked and looks > 1)
        reasons = {place: leak.reason_code for place, leak in leaks.items() if place not in again}
        if not again:
            return done, reasons
        further = [
            done[place].spans + _back(leaks[place].overlooked, done[place]) for place in again
        ]
        mended, still = self._looked_over(rows.taken(again), further, looks - 1)
        for place, record in zip(again, mended, strict=True):
            done[place] = record
        return done, reasons | {again[index]: why for index, why in still.items()}

    def _leaks(self, rows: _Rows, done: Sequence[Rewritten]) -> dict[int, Leak]:
        replacements = [record.replacements for record in done]
        forms = [record.forms for record in done]
        if self._gate is not None:
            return self._gate.check(rows.written(done), replacements, forms, rows.columns)
        return {
            place: Leak(LEAK, [])
            for place, record in enumerate(done)
            if left_over(record.forms, record.texts, record.replacements)
        }


class _Rows(NamedTuple):
    """Rows of a batch beside their texts as Python strings."""

    batch: pa.RecordBatch
    columns: tuple[str, ...]
    texts: list[dict[str, str | None]]
    subjects: list[str]

    @classmethod
    def of(cls, batch: pa.RecordBatch, columns: Sequence[str]) -> _Rows:
        values = [batch.column(column).to_pylist() for column in columns]
        texts = [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]
        named = [name for name in _SUBJECTS if name in batch.schema.names]
        told = batch.column(named[0]).to_pylist() if named else [None] * batch.num_rows
        subjects = [
            str(value) if value is not None else _digest(row)
            for value, row in zip(told, texts, strict=True)
        ]
        return cls(batch, tuple(columns), texts, subjects)

    def taken(self, places: Sequence[int]) -> _Rows:
        """Only these rows."""
        return _Rows(
            self.batch.take(pa.array(places, pa.int64())),
            self.columns,
            [self.texts[place] for place in places],
            [self.subjects[place] for place in places],
        )

    def written(self, done: Sequence[Rewritten]) -> pa.RecordBatch:
        """The rows with their new text."""
        batch = self.batch
        for column in self.columns:
            index = batch.schema.get_field_index(column)
            field = batch.schema.field(index)
            new = pa.array([record.texts[column] for record in done], field.type)
            batch = batch.set_column(index, field, new)
        return batch


def _digest(texts: Mapping[str, str | None]) -> str:
    """Stands for the subject of a row that names none: its own text, which the key hides."""
    whole = "\0".join(text or "" for text in texts.values())
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def _back(found: Sequence[Span], record: Rewritten) -> list[Span]:
    """Findings in the redacted text, outside of replacements, at their place in the original."""
    placed = []
    for finding in found:
        shift = 0
        before = zip(
            in_column(record.spans, finding.column),
            in_column(record.replacements, finding.column),
            strict=True,
        )
        for span, replacement in before:
            if replacement.end <= finding.start:
                shift = span.end - replacement.end
        # What the gate sees counts, though its score is below what the policy asks of a first look.
        placed.append(
            finding._replace(start=finding.start + shift, end=finding.end + shift, score=1.0)
        )
    return placed


def _report(done: Sequence[Rewritten]) -> Report:
    flat = [replacement for record in done for replacement in record.replacements]
    return Report(
        dict(sorted(Counter(r.entity_type for r in flat).items())),
        dict(sorted(Counter(r.operator for r in flat).items())),
        sum(record.collisions for record in done),
    )
