"""JSON lines: one object a line, strictly JSON as RFC 8259 has it.

Beyond the grammar, RFC 8259 section 4 warns that a repeated key means one thing to one
reader and another to the next; personal data could hide in the one that is not looked at,
so such a line is malformed. Lines of white space only are no records and are not counted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from itertools import islice
from typing import Any, NoReturn

from redactory.errors import InputError
from redactory.sources.columns import Columns
from redactory.sources.lines import Line, Lines
from redactory.sources.records import Reason, Record, Rejected

_WHITE_SPACE = " \t\r"
# How far to look for the columns: this many lines for this many objects.
_LINES_SEARCHED = 1000


class JsonLines:
    """The records of a JSON lines file."""

    def __init__(self, lines: Lines, columns: Columns) -> None:
        self.position = 0
        self.unfinished = b""
        self._lines = lines
        self._columns = columns

    def __iter__(self) -> Iterator[Record | Rejected]:
        """One item a line that is not blank."""
        for line in self._lines:
            self.position = self._lines.position
            if line.is_too_long or line.text.strip(_WHITE_SPACE):
                yield self._read(line)
        self.position = self._lines.position
        self.unfinished = self._lines.unfinished

    def _read(self, line: Line) -> Record | Rejected:
        parsed = _parse(line)
        if isinstance(parsed, Reason):
            return Rejected(parsed, line.raw)
        try:
            found = self._columns.record(parsed)
        except RecursionError:
            found = Reason.MALFORMED_JSON
        return Rejected(found, line.raw) if isinstance(found, Reason) else found


def first_keys(lines: Lines, *, objects: int, where: str) -> set[str] | None:
    """The keys of the first ``objects`` readable objects; ``None`` if there is none.

    Raises:
        InputError: the file is one JSON array.
    """
    keys: set[str] | None = None
    is_first = True
    for line in islice(lines, _LINES_SEARCHED):
        text = line.text.strip(_WHITE_SPACE)
        if is_first and text.startswith("["):
            raise InputError(
                "is one JSON array, not JSON lines",
                where=where,
                hint="write one object a line, for example with jq -c '.[]'",
            )
        is_first = is_first and not text
        found = _parse(line) if text else Reason.NOT_AN_OBJECT
        if not isinstance(found, Reason):
            keys = (keys or set()) | found.keys()
            objects -= 1
            if objects == 0:
                break
    return keys


def _parse(line: Line) -> dict[str, Any] | Reason:
    if line.is_too_long:
        return Reason.TOO_LONG
    if not line.is_valid:
        return Reason.UNDECODABLE
    try:
        value = _DECODER.decode(line.text)
    except (ValueError, RecursionError):
        return Reason.MALFORMED_JSON
    return value if isinstance(value, dict) else Reason.NOT_AN_OBJECT


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("repeated key")
    return value


def _finite(literal: str) -> float:
    value = float(literal)
    if not math.isfinite(value):
        raise ValueError("number out of range")
    return value


def _refuse(literal: str) -> NoReturn:
    raise ValueError(literal)


_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_refuse)
