"""The sets of the detection benchmark, and the common names of types on both sides.

Every system's types arrive under Presidio's names (the adapters in ``benchmarks/peers``
translate). What else is mapped, is mapped for every system alike:

* ``scoring.ALIASES``: PER, GPE, STREET_ADDRESS and their like;
* in ``btc_f`` a user name counts as a PERSON, because that corpus labels handles so;
* in ``pii_anon_dev`` types are compared in groups (``GROUPS``), since one system's national
  number is another's tax id, and the gold labels tell dates of birth from time stamps.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from benchmarks.scoring import ALIASES, Document, Span

NAMES: Final = ("PERSON", "LOCATION", "ORGANIZATION")

_NUMBERS: Final = (
    *("SOCIAL_SECURITY_NUMBER", "NATIONAL_ID_NUMBER", "TAX_ID", "EMPLOYEE_ID"),
    *("MEDICAL_RECORD_NUMBER", "INSURANCE_POLICY_NUMBER", "INVOICE_NUMBER"),
    *("BANK_ACCOUNT_NUMBER", "SWIFT_BIC_CODE"),
    *("US_SSN", "US_ITIN", "US_BANK_NUMBER", "US_PASSPORT", "US_DRIVER_LICENSE", "US_MBI"),
    *("US_NPI", "UK_NHS", "UK_NINO", "UK_PASSPORT", "UK_DRIVING_LICENCE", "UK_SORT_CODE"),
    *("NATIONAL_ID", "PASSPORT", "ACCOUNT_ID", "BANK_ACCOUNT", "ABA_ROUTING_NUMBER"),
    *("SWIFT_CODE", "INSURANCE_NUMBER", "MEDICAL_LICENSE", "CASE_NUMBER", "BAR_NUMBER"),
    *("CN_RESIDENT_ID", "CN_PASSPORT", "CN_TRAVEL_PERMIT", "CN_SOCIAL_CREDIT_CODE"),
)
GROUPS: Final[Mapping[str, str]] = {
    **ALIASES,
    "ORGANIZATION_NAME": "ORGANIZATION",
    "IBAN": "IBAN_CODE",
    "CREDIT_CARD_NUMBER": "CREDIT_CARD",
    **dict.fromkeys(("DATE_OF_BIRTH", "TIMESTAMP", "DATE_TIME"), "DATE"),
    **dict.fromkeys(_NUMBERS, "ID_NUMBER"),
}
_GROUPED: Final = (
    *("PERSON", "LOCATION", "ORGANIZATION", "EMAIL_ADDRESS", "PHONE_NUMBER", "IP_ADDRESS"),
    *("DATE", "IBAN_CODE", "CREDIT_CARD", "ID_NUMBER"),
)
_NOT_DIRECT: Final = frozenset(
    {"TIMESTAMP", "ORGANIZATION_NAME", "HEALTH_CONDITION", "SALARY", "INVOICE_NUMBER"}
)


@dataclass(frozen=True)
class Set:
    """One development set, or a variant of one.

    Attributes:
        name: what the tables call it.
        file: name of its file, without the suffix.
        labels: labels whose precision, recall and F1 are told.
        aliases: common names of labels and types.
        ignored: gold labels that are no direct identifiers: outside the cover measures.
        language: only records in it; None takes all.
        variant: a change of the text that keeps every offset.
        about: one line for the page.
    """

    name: str
    file: str
    about: str
    labels: tuple[str, ...] = NAMES
    aliases: Mapping[str, str] = field(default_factory=lambda: ALIASES)
    ignored: frozenset[str] = frozenset({"ORGANIZATION"})
    language: str | None = None
    variant: Callable[[str], str] = str


@dataclass(frozen=True)
class Gold:
    """One record of a set."""

    record_id: str
    language: str
    text: str
    spans: list[Span]


def in_capitals(text: str) -> str:
    """ALL CAPS; characters whose capital is longer stay, so that offsets hold."""
    return "".join(c.upper() if len(c.upper()) == 1 else c for c in text)


def in_lower_case(text: str) -> str:
    """Lower case; characters whose small form is longer stay, so that offsets hold."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in text)


_WIKIPEDIA: Final = "sentences of Wikipedia (WikiGold, CC-BY 4.0)"
SETS: Final[Mapping[str, Set]] = {
    one.name: one
    for one in (
        Set("wikigold", "wikigold", _WIKIPEDIA),
        Set("wikigold_capitals", "wikigold", "the same in ALL CAPS", variant=in_capitals),
        Set("wikigold_lower", "wikigold", "the same in lower case", variant=in_lower_case),
        Set(
            "btc_f",
            "btc_f",
            "tweets (Broad Twitter Corpus, section f, CC-BY 4.0); handles are persons",
            aliases={**ALIASES, "USERNAME": "PERSON"},
        ),
        Set("gum_court", "gum_court", "court transcripts (GUM, CC-BY)"),
        Set("sec_filings", "sec_filings", "loan agreements (SEC filings FIN3, CC-BY 3.0)"),
        Set(
            "uner_zh_gsdsimp_dev",
            "uner_zh_gsdsimp_dev",
            "Chinese news and encyclopaedia (Universal NER, CC BY-SA 4.0)",
        ),
        Set(
            "pii_anon_dev",
            "pii_anon_dev",
            "template-made documents full of personal data, English part (pii-anon-eval, CC0)",
            labels=_GROUPED,
            aliases=GROUPS,
            ignored=_NOT_DIRECT,
            language="en",
        ),
    )
}


def load(folder: Path, one: Set, limit: int | None = None) -> list[Gold]:
    """The records of a set, or none if its file is not below ``folder``.

    Args:
        folder: searched with its subfolders.
        one: the set.
        limit: at most so many records, from the start.
    """
    files = sorted(folder.rglob(f"{one.file}.jsonl"))
    if not files:
        return []
    with files[0].open(encoding="utf-8") as lines:
        rows: list[dict[str, Any]] = [json.loads(line) for line in lines if line.strip()]
    return [
        Gold(row["id"], row["lang"], one.variant(row["text"]), [tuple(s) for s in row["spans"]])
        for row in rows
        if one.language in (None, row["lang"])
    ][:limit]


def documents(gold: list[Gold], found: Mapping[str, list[Span]]) -> list[Document]:
    """Gold beside findings; a record that a system passed over has none."""
    return [Document(one.text, one.spans, found.get(one.record_id, [])) for one in gold]
