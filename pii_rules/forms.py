"""Where many forms stand in a text, in one pass over it whatever their number.

The redactor looks for further places of what it takes out, and the leak gate for what is left.
Both may hold thousands of forms in a long record, where a search for each would be quadratic.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

import regex  # type: ignore[import-untyped]

_FEW: Final = 1 << 18  # characters times forms: below, one search for each is faster
_GRAM: Final = 4
_HAN: Final = regex.compile(r"\p{Han}")


def places_of(forms: Collection[str], text: str) -> Iterator[tuple[int, int]]:
    """Every occurrence of every form, as (start, end); they may overlap.

    Args:
        forms: non-empty strings, matched exactly.
        text: where to look.
    """
    if len(forms) * len(text) <= _FEW:
        for form in sorted(forms):
            start = text.find(form)
            while start >= 0:
                yield start, start + len(form)
                start = text.find(form, start + 1)
        return
    shortest = [form for form in forms if len(form) < _GRAM]
    for form in shortest:
        yield from places_of([form], text)
    by_gram: dict[str, dict[int, set[str]]] = {}
    for form in forms:
        if len(form) >= _GRAM:
            by_gram.setdefault(form[:_GRAM], {}).setdefault(len(form), set()).add(form)
    for start in range(len(text) - _GRAM + 1):
        for length, alike in by_gram.get(text[start : start + _GRAM], {}).items():
            if text[start : start + length] in alike:
                yield start, start + length


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no letter or digit continues beyond either end; Chinese characters do not."""
    return not (_joined(text, start) or _joined(text, end))


def _joined(text: str, border: int) -> bool:
    if not 0 < border < len(text):
        return False
    left, right = text[border - 1], text[border]
    if not (left.isalnum() and right.isalnum()):
        return False
    return _HAN.match(left) is None and _HAN.match(right) is None
