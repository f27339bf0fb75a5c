"""Operators whose output reads like the original: surrogates and shifted dates."""

from __future__ import annotations

from typing import Any, Final

from pii_rules.dates import shifted
from pii_rules.operators.base import Anonymizer, record_of
from pii_rules.surrogates.fakes import fake
from pii_rules.surrogates.prf import Draws

DATES: Final = frozenset({"DATE_TIME", "DATE_OF_BIRTH"})
_WEEK: Final = 7


class Surrogate(Anonymizer):
    """A fake of the same type, script and format, the same for the same value in the scope."""

    name = "surrogate"

    def __init__(self, entity_type: str, key: bytes) -> None:
        self._type = entity_type
        self._key = key

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:
        """The fake of ``text`` within its record."""
        record = record_of(params)
        if self._type == "PERSON":
            return record.people(self._key).fake(text)
        return fake(self._key, self._type, text, record.taken.get(self._type, ()))


class DateShift(Anonymizer):
    """A date moved by as many days as every other date of its subject.

    Whole weeks where the policy allows two or more, so that days of the week stay true; never
    zero. Intervals within one subject stay.
    """

    name = "date_shift"

    def __init__(self, entity_type: str, key: bytes, max_days: int) -> None:
        self._type = entity_type
        self._key = key
        self._max_days = max_days

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:
        """The moved date; the type's name where nothing parses."""
        moved = shifted(text, self.days(record_of(params).subject))
        return f"<{self._type}>" if moved is None else moved

    def days(self, subject: str) -> int:
        """By how many days the dates of a subject move."""
        unit = _WEEK if self._max_days >= 2 * _WEEK else 1
        reach = self._max_days // unit
        drawn = Draws(self._key, "date shift", subject).below(2 * reach)
        return unit * (drawn - reach if drawn < reach else drawn - reach + 1)
