"""Review: a person looks at what was withheld, and decides what is personal data and what is not.

The decisions go into the dataset's overlay (:mod:`redactory.overlays`), the log says who took how
many of them and when, and the next run makes those shards again in which a decided form occurs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from audit_ledger import Draft
from pii_rules.overlay import Overlay
from pii_rules.spans import LEAK, Refused
from redactory.keys import KeyStore
from redactory.ledger_access import DatasetLog
from redactory.overlays import load_overlay, overlay_digest, store_overlay
from redactory.pseudonym import SUBKEYS
from redactory.reading import OpenedDataset, Trust, checked_head, open_verified
from sealed_shards.layout import QUARANTINE

if TYPE_CHECKING:
    from pii_rules.detector import Detector

_AROUND: Final = 60


@dataclass(frozen=True)
class Question:
    """One uncertain form, shown once.

    Attributes:
        form: the text in question.
        entity_type: what it was taken for.
        score: how surely.
        before: what stands before it,
        after: and behind it.
    """

    form: str = field(repr=False)
    entity_type: str
    score: float
    before: str = field(repr=False)
    after: str = field(repr=False)


@dataclass
class Decisions:
    """What a person decided.

    Attributes:
        deny: forms that are personal data, by type.
        allow: forms that are none.
    """

    deny: dict[str, str] = field(default_factory=dict, repr=False)
    allow: set[str] = field(default_factory=set, repr=False)

    def __len__(self) -> int:
        return len(self.deny) + len(self.allow)


class ReviewLog(DatasetLog):
    """The dataset's log, which also knows how to state decisions."""

    def decided(self, decisions: Decisions, digest: str) -> None:
        """State durably how many decisions were taken; the form of none of them.

        Raises:
            KeyringError: the log key is not here; nothing is kept.
            LedgerError: the log cannot be written; nothing is kept.
        """
        body = {
            "dataset": self.head().dataset,
            "denied": len(decisions.deny),
            "allowed": len(decisions.allow),
            "overlay": digest,
        }
        self._append([Draft(kind="decided", subject=(("overlay", digest),), body=body)])


def open_quarantine(path: str, trust: Trust, key_file: str | None = None) -> OpenedDataset:
    """The quarantine of a dataset, on record."""
    return open_verified(path, trust, area=QUARANTINE, key_file=key_file, purpose="review")


def questions(opened: OpenedDataset, detector: Detector, known: Overlay) -> Iterator[Question]:
    """What a person should look at: findings in records that leaked, each form once.

    Those that a check digit proves are not asked about.

    Args:
        opened: the quarantine.
        detector: a keen one.
        known: forms that were decided before are not asked again.
    """
    asked = {*known.deny, *known.allow}
    for row in opened.rows(columns=["reason_code", "raw"]):
        if row["reason_code"] != LEAK:
            continue
        texts = _texts(row["raw"])
        found = detector.detect_record(texts)
        for span in () if isinstance(found, Refused) else found:
            text = texts[span.column]
            form = text[span.start : span.end]
            if form in asked or span.validated:
                continue
            asked.add(form)
            yield Question(
                form,
                span.entity_type,
                span.score,
                text[max(span.start - _AROUND, 0) : span.start],
                text[span.end : span.end + _AROUND],
            )


def overlay_of(keys: KeyStore, scope: str, dataset: str) -> Overlay:
    """The decisions on a dataset so far."""
    return load_overlay(keys.folder, _subkeys(keys, scope), dataset)


def keep(path: str, trust: Trust, scope: str, decisions: Decisions) -> Overlay:
    """State decisions in the log, then keep them; the overlay in force comes back.

    Raises:
        KeyringError: the log key is not here; nothing is kept.
        LedgerError: the log cannot be written; nothing is kept.
    """
    keys = trust.keys()
    subkeys = _subkeys(keys, scope)
    checked, head = checked_head(path, trust, keys)
    before = load_overlay(keys.folder, subkeys, head.dataset)
    overlay = before.with_decisions(decisions.deny, decisions.allow)
    ReviewLog(keys, checked, head, trust.by).decided(decisions, overlay_digest(subkeys, overlay))
    store_overlay(keys.folder, subkeys, head.dataset, overlay)
    return overlay


def _subkeys(keys: KeyStore, scope: str) -> dict[str, bytes]:
    key = keys.pseudonym_key(scope)
    return {purpose: key.subkey(purpose) for purpose in SUBKEYS}


def _texts(raw: bytes) -> dict[str, str]:
    """The texts of a withheld record, by column."""
    values: dict[str, Any] = json.loads(raw)
    told = ("lang", "subject", "label")
    return {n: v for n, v in values.items() if isinstance(v, str) and n not in told}
