"""Dates as people write them: found within a surface, moved or coarsened, written back alike.

Figures with a year in front are ISO 8601; otherwise the first two figures are month and day in
the American order unless that is impossible or full stops part them, which is European.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Final

import regex  # type: ignore[import-untyped]

_MONTHS: Final = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_MONTH: Final = (
    r"(?P<mon>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_DAY: Final = r"(?P<d>\d{1,2})(?P<ord>st|nd|rd|th)?"
_DATE: Final = regex.compile(
    r"(?<!\d)(?:"
    r"(?P<y>\d{4})(?P<s>[-/.])(?P<m>\d{1,2})(?:(?P=s)(?P<d>\d{1,2}))?"
    r"|(?P<y>\d{4}) ?年 ?(?P<m>\d{1,2}) ?月(?: ?(?P<d>\d{1,2}) ?[日号])?"
    r"|(?P<m>\d{1,2}) ?月 ?(?P<d>\d{1,2}) ?[日号]"
    r"|(?P<a>\d{1,2})(?P<s>[-/.])(?P<b>\d{1,2})(?P=s)(?P<y>\d{4}|\d{2})"
    r"|(?P<y>(?:19|20)\d{2})(?P<m>0\d|1[0-2])(?P<d>[0-2]\d|3[01])"
    rf"|{_DAY}(?: of)?[ -]{_MONTH}\.?(?:,?[ -](?P<y>\d{{4}}))?"
    rf"|{_MONTH}\.?,? (?P<y>\d{{4}})"
    rf"|{_MONTH}\.? {_DAY}(?:,? (?P<y>\d{{4}}))?"
    r"|(?P<y>(?:1[89]|20)\d{2})年?"
    r")(?!\d)",
    regex.IGNORECASE,
)
_TWO_DIGIT_YEARS: Final = 30  # 00 to 30 are of this century
_LEAP: Final = 2000  # stands in for a year that is not written
_HAN: Final = regex.compile(r"\p{Han}")


class _Found:
    """A date within a surface: its parts, and where each is written."""

    def __init__(self, match: regex.Match[str]) -> None:
        self.match = match
        self.places: dict[str, str] = {}
        for part in ("y", "m", "d"):
            if match[part] is not None:
                self.places[part] = part
        if match["a"] is not None:
            first, second = int(match["a"]), int(match["b"])
            day_first = first > 12 or (match["s"] == "." and second <= 12)
            self.places |= {"d": "a", "m": "b"} if day_first else {"m": "a", "d": "b"}

    def number(self, part: str) -> int | None:
        """Year, month or day; None where it is not written."""
        if part == "m" and self.match["mon"] is not None:
            return _month_number(self.match["mon"])
        if part not in self.places:
            return None
        text = self.match[self.places[part]]
        if part == "y" and len(text) == 2:
            return int(text) + (2000 if int(text) <= _TWO_DIGIT_YEARS else 1900)
        return int(text)

    def written(self, day: date) -> str:
        """The same notation for another day."""
        start = self.match.start()
        edits: list[tuple[int, int, str]] = []
        for part, group in self.places.items():
            first, last = self.match.span(group)
            new = _figure(part, self.match[group], day)
            if part != "y" and self._is_padded():
                new = new.zfill(2)
            edits.append((first - start, last - start, new))
        if self.match["ord"] is not None:
            first, last = self.match.span("ord")
            edits.append((first - start, last - start, _ordinal(day.day)))
        if self.match["mon"] is not None:
            first, last = self.match.span("mon")
            name = _MONTHS[day.month - 1]
            edits.append((first - start, last - start, _month_like(self.match["mon"], name)))
        text: str = self.match.group()
        for first, last, new in sorted(edits, reverse=True):
            text = text[:first] + new + text[last:]
        return text

    def _is_padded(self) -> bool:
        """Whether month and day are both written in two figures: 21/08, not 7/23."""
        figures = [self.match[group] for part, group in self.places.items() if part != "y"]
        return (
            len(figures) == 2
            and self.match["s"] is not None
            and all(len(text) == 2 for text in figures)
        )


def shifted(surface: str, days: int) -> str | None:
    """Every date in ``surface`` moved by ``days``; None where there is none.

    A year that stands alone moves with the middle of that year.
    """

    def moved(found: _Found) -> str | None:
        year, month, day = (found.number(part) for part in ("y", "m", "d"))
        try:
            start = date(year or _LEAP, month or 7, day or (15 if month else 1))
            return found.written(start + timedelta(days=days))
        except (ValueError, OverflowError):
            return None

    return _each(surface, moved)


def coarsened(surface: str, to: str, earliest_year: int = 0) -> str | None:
    """What is left of a date: its year, or year and month; None where there is no year.

    Args:
        surface: a date.
        to: ``year`` or ``month``.
        earliest_year: before it nothing is left.
    """
    found = [_Found(match) for match in _DATE.finditer(surface)]
    years = [number for each in found if (number := each.number("y")) is not None]
    if not years or min(years) < earliest_year:
        return None
    year, month = years[0], found[0].number("m")
    chinese = _HAN.search(surface) is not None
    if to == "month" and month is not None and 1 <= month <= 12:
        return f"{year}年{month}月" if chinese else f"{year}-{month:02}"
    return f"{year}年" if chinese else str(year)


def _each(surface: str, write: Callable[[_Found], str | None]) -> str | None:
    pieces, done = [], 0
    for match in _DATE.finditer(surface):
        new = write(_Found(match))
        if new is None:
            return None
        pieces += [surface[done : match.start()], new]
        done = match.end()
    return "".join([*pieces, surface[done:]]) if pieces else None


def _figure(part: str, old: str, day: date) -> str:
    number = {"y": day.year, "m": day.month, "d": day.day}[part]
    if part == "y" and len(old) == 2:
        return f"{number % 100:02}"
    return f"{number:0{len(old)}}" if old.startswith("0") or len(old) == 4 else str(number)


def _ordinal(day: int) -> str:
    if day in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")


def _month_number(name: str) -> int:
    short = name[:3].casefold()
    return next(n for n, month in enumerate(_MONTHS, 1) if month.casefold().startswith(short))


def _month_like(old: str, name: str) -> str:
    is_short = len(old) <= 4 and old.casefold() not in ("may", "june", "july")
    name = name[:3] if is_short else name
    if old.isupper():
        return name.upper()
    return name.lower() if old.islower() else name
