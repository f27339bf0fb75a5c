"""Training documents: public sets in one JSON-lines schema and our own annotated sentences.

A JSON line is ``{"text", "spans": [[start, end, label], …]}``, offsets in code points. Our
own sentences mark entities as ``[Brittany|L]`` and leave slots such as ``{per}`` that are
filled with a fresh name each time a sentence is drawn.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pii_rules.ner.tags import LABELS

_CLASSES: Final = dict(zip("PLO", LABELS, strict=True))
_MARK: Final = re.compile(r"\[([^\[\]|]+)\|([PLO])\]|\{([a-z0-9]+)\}")
_HANDLE: Final = re.compile(r"(?<!\w)@\w{2,}")
_STATE: Final = re.compile(r"(?:the )?(?:state|union|government|govt\.?) of\b", re.IGNORECASE)

Span = tuple[int, int, str]
Filler = Callable[[str], tuple[str, str | None]]
"""Slot name to text and label (None: the text is no entity)."""


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its entities.

    Attributes:
        text: the text.
        spans: ``(start, end, label)``, disjoint and sorted.
    """

    text: str
    spans: tuple[tuple[int, int, str], ...]


def read_jsonl(path: Path) -> list[Document]:
    """The documents of a JSON-lines file, other labels than ours dropped, conventions aligned.

    Sets differ in what they mark. User names count as people in one set of tweets and not at all
    in another, and states that are a party to a case are marked as people: here the former
    are people everywhere, the latter organisations.
    """
    documents = []
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            spans = [(a, b, label) for a, b, label in row["spans"] if label in LABELS]
            spans = sorted(_aligned(row["text"], spans))
            documents.append(Document(row["text"], tuple(_disjoint(spans))))
    return documents


def read_marked(folder: Path, language: str) -> list[str]:
    """The marked sentences of ``en_*.txt`` or ``zh_*.txt``; blank lines are left out."""
    paths = sorted(folder.glob(f"{language}_*.txt"))
    if not paths:
        raise FileNotFoundError(f"no {language}_*.txt in {folder}")
    lines = [line for path in paths for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line.strip()]


def fill(marked: str, filler: Filler) -> Document:
    """A marked sentence as a document.

    Args:
        marked: the sentence with its marks and slots.
        filler: chooses the text of each slot.
    """
    text, spans, position = "", [], 0
    capitals = _MARK.sub("", marked).isupper()
    for match in _MARK.finditer(marked):
        text += marked[position : match.start()]
        position = match.end()
        literal, letter, slot = match.groups()
        value, label = (literal, _CLASSES[letter]) if literal else filler(slot)
        if capitals and not literal:
            value = value.upper()
        if label is not None:
            spans.append((len(text), len(text) + len(value), label))
        text += value
    return Document(text + marked[position:], tuple(spans))


def _aligned(text: str, spans: list[Span]) -> Iterator[Span]:
    for start, end, label in spans:
        state = label == "PERSON" and _STATE.match(text, start, end) is not None
        yield start, end, "ORGANIZATION" if state else label
    for handle in _HANDLE.finditer(text):
        if not any(a < handle.end() and handle.start() < b for a, b, _ in spans):
            yield *handle.span(), "PERSON"


def _disjoint(spans: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in spans:
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept
