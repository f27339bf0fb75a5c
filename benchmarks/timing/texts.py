"""The texts that speed is measured on; all of them come with the repository."""

from __future__ import annotations

import lzma
from pathlib import Path

from redactory.demo_corpus.generate import generate

SAMPLE = Path(__file__).resolve().parents[2] / "tests" / "data" / "no_pii_en.txt.xz"
LETTER, REPORT, BOOK = 6_500, 26_000, 1_000_000
_SEED = 7


def prose(size: int) -> str:
    """Technical and encyclopedic English of others, nobody's data in it (tests/data/README.md)."""
    return lzma.open(SAMPLE, "rt", encoding="utf-8").read()[:size]


def dense(size: int) -> list[str]:
    """English letters and notes of about 500 characters, twenty spans in a thousand of them."""
    texts: list[str] = []
    for document in generate(_SEED, size // 200):
        if document["lang"] == "en":
            texts.append(document["text"])
            size -= len(document["text"])
            if size <= 0:
                break
    return texts


def cut(text: str, size: int) -> list[str]:
    """Documents of ``size`` characters."""
    return [text[first : first + size] for first in range(0, len(text), size)]
