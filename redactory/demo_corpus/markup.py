"""Templates with ``{slot}`` marks, and their rendering into text with exact spans."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

_SLOT = re.compile(r"\{(\w+)\}")


class Fact(NamedTuple):
    """What a slot stands for: its text, and its entity type if it is personal data."""

    text: str
    entity_type: str | None = None


class Span(NamedTuple):
    """``text[start:end]`` (code points, half open) is personal data of ``entity_type``."""

    start: int
    end: int
    entity_type: str


def expand(template: str, phrases: Mapping[str, str]) -> str:
    """Put whole phrases into ``template``; slots that ``phrases`` does not name stay."""
    return _SLOT.sub(lambda slot: phrases.get(slot[1], slot[0]), template)


def render(template: str, facts: Mapping[str, Fact]) -> tuple[str, list[Span]]:
    """Fill every slot of ``template``.

    Returns:
        The text, and the spans of its personal data, sorted and disjoint.

    Raises:
        KeyError: the template names a slot that ``facts`` does not have.
    """
    pieces: list[str] = []
    spans: list[Span] = []
    length = consumed = 0
    for slot in _SLOT.finditer(template):
        before, fact = template[consumed : slot.start()], facts[slot[1]]
        consumed = slot.end()
        start = length + len(before)
        length = start + len(fact.text)
        pieces += (before, fact.text)
        if fact.entity_type is not None:
            spans.append(Span(start, length, fact.entity_type))
    pieces.append(template[consumed:])
    return "".join(pieces), spans
