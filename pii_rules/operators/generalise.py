"""Generalisation: a year for a date, a band for an age, three digits for a ZIP code.

45 CFR 164.514(b)(2)(i) (Safe Harbor): (B) the first three digits of a ZIP code unless the areas
that share them hold 20,000 people or fewer, (C) dates to the year, ages over 89 in one category.
Such areas are those of the guidance of the Department of Health and Human Services of 26 November
2012 (census of 2000), and those of the census of 2010, because the rule asks for current figures;
military post offices belong to no area. Whatever does not parse becomes the type's name.
"""

from __future__ import annotations

from typing import Any, Final

import regex  # type: ignore[import-untyped]

from pii_rules.dates import coarsened
from pii_rules.operators.base import Anonymizer
from pii_rules.policy_rule import Setting

_CENSUS_2000: Final = "036 059 063 102 203 556 692 790 821 823 830 831 878 879 884 890 893"
_CENSUS_2010: Final = "036 059 102 202 203 204 205 369 556 692 753 772 821 823 878 879 884 893"
_MILITARY: Final = "090 091 092 093 094 095 096 097 098 340 962 963 964 965 966"
RESTRICTED_ZIPS: Final = frozenset(f"{_CENSUS_2000} {_CENSUS_2010} {_MILITARY}".split())
_OLDEST: Final = 89
_ZIP: Final = regex.compile(
    r"(?:(?<![A-Za-z])(?P<state>[A-Z]{2})[ ,]+)?(?<!\d)(?P<zip>\d{5})(?:-\d{4})?\W*$"
)
_AGE: Final = regex.compile(r"(?<!\d)\d{1,3}(?!\d)")


class Generalise(Anonymizer):
    """A coarser value; a second pass over it changes nothing."""

    name = "generalise"

    def __init__(self, entity_type: str, setting: Setting) -> None:
        self._type = entity_type
        self._setting = setting

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:  # noqa: ARG002
        """The coarser form of ``text``; the type's name where there is none."""
        match self._setting.to:
            case "age_band":
                made = self._band(text)
            case "zip3":
                made = self._zip(text)
            case _:
                made = coarsened(text, self._setting.to, self._setting.earliest_year)
        return f"<{self._type}>" if made is None else made

    def _band(self, text: str) -> str | None:
        found = _AGE.search(text)
        if found is None:
            return None
        years = int(found.group())
        if years > _OLDEST:
            return f"<{self._type}:90+>"
        low = years - years % self._setting.band
        return f"<{self._type}:{low}-{min(low + self._setting.band - 1, _OLDEST)}>"

    def _zip(self, text: str) -> str | None:
        found = _ZIP.search(text)
        if found is None:
            return None
        area = found["zip"][:3]
        state = f"{found['state']} " if found["state"] else ""
        return f"<{self._type}:{state}{'000' if area in RESTRICTED_ZIPS else area}**>"
