"""From records as read to records that may be sealed for readers, and those that may not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pyarrow as pa

from pii_rules.identity_map import Collected, Entry
from pii_rules.overlay import Overlay
from pii_rules.spans import Findings
from pii_rules.utility import Meter, Utility
from redactory.config import RunConfig
from redactory.errors import InputError, PolicyError
from redactory.extras import require

if TYPE_CHECKING:
    from pii_rules.redactor import Redacted
    from pii_rules.residual import Labelled, Residual

MAX_LABEL_CLASSES = 200
MAX_LABEL_LENGTH = 64


@dataclass(frozen=True)
class Sanitised:
    """A batch after redaction.

    Attributes:
        kept: the rows that may be sealed, text columns redacted.
        refused: (row number in the input batch, reason code) of the others.
        entities: found, by type.
        operators: applied, by name.
        identity: what stood under each replacement, by row number in the input batch; empty
            unless an identity map is kept.
        collisions: people who took another surrogate than elsewhere (``pii_rules.identity``).
        utility: what redaction cost these records; None where nobody counts.
    """

    kept: pa.RecordBatch
    refused: tuple[tuple[int, str], ...]
    entities: Mapping[str, int]
    operators: Mapping[str, int]
    identity: Mapping[int, Sequence[Entry]] = field(default_factory=dict, repr=False)
    collisions: int = 0
    utility: Utility | None = None


class Sanitiser(Protocol):
    """Finds and removes personal data."""

    def sanitise(self, batch: pa.RecordBatch) -> Sanitised:
        """Redact the text columns of ``batch``."""

    def check_labels(self, labels: Sequence[str]) -> None:
        """Refuse label classes that hold personal data; they are stored in the clear."""


class PolicySanitiser:
    """Detection and redaction by a policy (``pii_rules``).

    Args:
        config: names the columns.
        keys: the subkeys that redaction operators use.
        overlay: review decisions.
    """

    def __init__(
        self, config: RunConfig, keys: Mapping[str, bytes], overlay: Overlay | None = None
    ) -> None:
        require("detect")
        # Not at the top: an auditor's installation has neither spaCy nor Presidio.
        from pii_rules import Detector, LeakGate, Redactor, load_policy  # noqa: PLC0415
        from pii_rules.ner.others import finder  # noqa: PLC0415

        policy = load_policy(config.policy)
        self._policy = policy
        self._overlay = overlay or Overlay()
        self._digest_key = keys["token"]
        self._columns = scanned_columns(config, policy.safe_columns)
        names = finder(config.ner)
        self._detector = Detector(policy.languages, policy, ner=names or "none")
        self._keep_identity = config.identity_map
        gate = None
        if config.leak_gate:
            # Only what a model finds has scores on which the second look can be keener.
            keen = Detector(policy.languages, policy.keen(), ner=names) if names else self._detector
            canaries = read_canaries(config.canaries)
            gate = LeakGate(keen, policy, canaries, allowed=self._overlay.allow)
        self._redactor = Redactor(policy, keys, gate=gate)

    def sanitise(self, batch: pa.RecordBatch) -> Sanitised:
        """Redact the text columns of ``batch``."""
        spans = self._decided(batch, self._detector.detect(batch, self._columns))
        sink = Collected() if self._keep_identity else None
        redacted = self._redactor.redact(batch, spans, self._columns, sink=sink)
        return Sanitised(
            kept=redacted.batch,
            refused=tuple(redacted.refused),
            entities=dict(redacted.report.entities),
            operators=dict(redacted.report.operators),
            identity=sink.rows if sink else {},
            collisions=redacted.report.collisions,
            utility=self._cost(batch, redacted),
        )

    def _decided(self, batch: pa.RecordBatch, found: list[Findings]) -> list[Findings]:
        """The findings, with what people decided in review."""
        if not self._overlay:
            return found
        texts = [batch.column(name).to_pylist() for name in self._columns]
        return [
            self._overlay.applied(
                {n: text or "" for n, text in zip(self._columns, row, strict=True)}, spans
            )
            for row, spans in zip(zip(*texts, strict=True), found, strict=True)
        ]

    def _cost(self, batch: pa.RecordBatch, redacted: Redacted) -> Utility:
        """What redaction cost the kept rows."""
        meter = Meter(self._digest_key)
        released = redacted.batch
        before = [batch.column(name).to_pylist() for name in self._columns]
        after = [released.column(name).to_pylist() for name in self._columns]
        for place, row in enumerate(redacted.kept):
            written = sum(r.end - r.start for r in redacted.replacements[place])
            old = [column[row] or "" for column in before]
            meter.add(old, [column[place] or "" for column in after], written)
        declared = [
            released.column(name).to_pylist()
            for name in self._policy.quasi_identifiers.columns
            if name in released.schema.names
        ]
        for values in zip(*declared, strict=True):
            meter.add_group(values)
        return meter.total

    def residuals(self, records: Sequence[Labelled]) -> list[Residual]:
        """What the policy leaves of labelled records, by type."""
        from pii_rules.residual import estimate  # noqa: PLC0415 - loads Presidio

        return estimate(records, self._detector, self._redactor, self._policy)

    def check_labels(self, labels: Sequence[str]) -> None:
        """Refuse label classes that hold personal data.

        Raises:
            PolicyError: too many classes, too long, or personal data found in one.
        """
        check_number_of_classes(len(labels))
        if any(len(label) > MAX_LABEL_LENGTH for label in labels):
            raise _free_text()
        batch = pa.RecordBatch.from_pydict({"label": pa.array(labels, pa.string())})
        if any(self._detector.detect(batch, ("label",))):
            raise PolicyError(
                "the label column holds personal data", hint="choose another label column"
            )


def read_canaries(path: str | None) -> tuple[str, ...]:
    """The planted values of a file, one a line.

    Raises:
        InputError: it cannot be read.
    """
    if path is None:
        return ()
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise InputError("the file of canaries cannot be read", where=path) from None
    return tuple(line.strip() for line in lines if line.strip())


def check_number_of_classes(number: int) -> None:
    """Refuse more label classes than a dataset may have, over all of its shards.

    Raises:
        PolicyError: too many.
    """
    if number > MAX_LABEL_CLASSES:
        raise _free_text()


def _free_text() -> PolicyError:
    return PolicyError(
        "the label column holds free text, not classes",
        hint=f"at most {MAX_LABEL_CLASSES} classes of {MAX_LABEL_LENGTH} characters; "
        "choose another label column",
    )


def scanned_columns(config: RunConfig, safe_columns: Sequence[str]) -> tuple[str, ...]:
    """Text columns, and every pass-through column that the policy does not call safe."""
    unsafe = [name for name in config.pass_through if name not in safe_columns]
    return (*config.text_columns, *(name for name in unsafe if name not in config.text_columns))
