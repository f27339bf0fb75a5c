"""What finds names: the one interface of the embedded models and of all that may replace them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

# Capitalised abbreviations that stand before values in forms, tables and logs.
_FORM_LABELS: Final = frozenset(
    {
        *("iban", "bic", "swift", "pin", "cvv", "vat", "ssn", "ein", "itin", "tin", "npi", "nhs"),
        *("nino", "dob", "mrn", "ip", "mac", "imei", "vin", "url", "uuid"),
    }
)


class Name(NamedTuple):
    """A name in a text.

    Attributes:
        start: first code point.
        end: one past the last code point.
        entity_type: ``PERSON``, ``LOCATION``, ``ORGANIZATION``.
        score: the finder's confidence in 0..1.
        finder: which model found it.
    """

    start: int
    end: int
    entity_type: str
    score: float
    finder: str


class NameFinder(Protocol):
    """Finds names in texts of any length; the result of a text depends on that text alone."""

    def find(self, texts: Sequence[str]) -> list[list[Name]]:
        """The names of each text, sorted by start."""
        ...

    def describe(self) -> dict[str, str]:
        """Versions and digests of all that decides what is found."""
        ...


def may_be_name(surface: str) -> bool:
    """Whether a surface has a letter and is no label of a form."""
    return any(map(str.isalpha, surface)) and surface.strip(" :#").casefold() not in _FORM_LABELS
