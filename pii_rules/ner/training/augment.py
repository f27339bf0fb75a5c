"""Changes to a training document that keep its labels: other names, case, noise.

Written text is not always edited text: names must be found in ALL CAPS, in lower case, with
typing errors and without punctuation.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

from pii_rules.ner.training.corpora import Document
from pii_rules.ner.training.names import Names


def rewrite(document: Document, change: Callable[[str, str | None], str]) -> Document:
    """Rewrite entity texts and the text between them.

    Args:
        document: the document.
        change: new text from the old and its label (None between entities).
    """
    text, spans, position = "", [], 0
    for start, end, label in document.spans:
        text += change(document.text[position:start], None)
        value = change(document.text[start:end], label)
        spans.append((len(text), len(text) + len(value), label))
        text += value
        position = end
    return Document(text + change(document.text[position:], None), tuple(spans))


def other_names(document: Document, names: Names, share: float) -> Document:
    """Replace full names and towns by others, each with probability ``share``."""
    swapped: dict[str, str] = {}

    def change(value: str, label: str | None) -> str:
        if label not in ("PERSON", "LOCATION") or names.random.random() >= share:
            return value
        words = value.split()
        if label == "PERSON" and len(words) in (2, 3) and value.istitle() and value.isascii():
            if value not in swapped:
                swapped[value] = names.full()
            return swapped[value]
        if label == "LOCATION" and len(words) == 1 and value.istitle() and len(value) > 4:
            return names.place()
        return value

    return rewrite(document, change)


def recased(document: Document, draw: random.Random) -> Document:
    """The document in capitals, in lower case or titled; now and then only its entities."""
    kind = draw.random()
    if kind < 0.40:
        return rewrite(document, lambda value, _: _upper(value))
    if kind < 0.85:
        return rewrite(document, lambda value, _: _lower(value))
    if kind < 0.93:
        return rewrite(document, lambda value, label: _lower(value) if label else value)
    return rewrite(document, lambda value, label: _upper(value) if label else value)


def noisy(document: Document, draw: random.Random) -> Document:
    """Punctuation lost, letters swapped, dropped or doubled."""
    bare = draw.random() < 0.4
    rate = draw.choice((0.0, 0.004, 0.01, 0.02))

    def change(value: str, label: str | None) -> str:
        if bare and label is None:
            value = "".join(c for c in value if c not in ".,;:!?\"'")
        return "".join(_typo(value, rate, draw))

    return rewrite(document, change)


def _typo(value: str, rate: float, draw: random.Random) -> Iterable[str]:
    for index, letter in enumerate(value):
        if not letter.isalpha() or index == 0 or draw.random() >= rate:
            yield letter
            continue
        match draw.randrange(3):
            case 0:
                continue
            case 1:
                yield letter * 2
            case _:
                yield draw.choice("abcdefghijklmnopqrstuvwxyz")


def _upper(value: str) -> str:
    return "".join(c.upper() if len(c.upper()) == 1 else c for c in value)


def _lower(value: str) -> str:
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in value)
