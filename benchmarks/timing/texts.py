"""The texts that speed is measured on; all of them come with the repository."""

from __future__ import annotations

import lzma
import random
from pathlib import Path

from redactory.demo_corpus.generate import generate

SAMPLE = Path(__file__).resolve().parents[2] / "tests" / "data" / "no_pii_en.txt.xz"
LETTER, REPORT, BOOK = 6_500, 26_000, 1_000_000
_SEED = 7
_GIVEN = ("Amara", "George", "Ingrid", "Yusuf", "Thandiwe", "Marek", "Lucia", "Owen")
_FAMILY = (
    "Achterberg",
    "Banerjee",
    "Fenwick",
    "Haddad",
    "Kowalska",
    "Lindqvist",
    "Okafor",
    "Rossi",
)


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


def register(size: int) -> str:
    """A register of customers, a line each, nearly all of it invented values."""
    draw = random.Random(_SEED)
    lines = [
        f"{number}; {draw.choice(_GIVEN)} {draw.choice(_FAMILY)}; "
        f"born {draw.randint(1, 12):02}/{draw.randint(1, 28):02}/{draw.randint(1940, 2005)}; "
        f"tel. (312) 555-01{draw.randint(0, 99):02}; u{draw.randint(1000, 9999)}@example.com; "
        f"card {_card(draw)}; last seen {draw.randint(2015, 2025)}-0{draw.randint(1, 9)}-11 "
        f"from 192.0.2.{draw.randint(1, 254)}; account {draw.randint(10**9, 10**10 - 1)}"
        for number in range(1, size // 150 + 2)
    ]
    return "\n".join(lines)[:size]


def _card(draw: random.Random) -> str:
    """A card number of a test range with its check digit (Luhn)."""
    digits = [4, 0, 0, 0, 0, 0] + [draw.randint(0, 9) for _ in range(9)]
    doubled = [sum(divmod(2 * d, 10)) for d in digits[::2]]
    digits.append(-(sum(doubled) + sum(digits[1::2])) % 10)
    figures = "".join(map(str, digits))
    return " ".join(figures[n : n + 4] for n in range(0, 16, 4))


def cut(text: str, size: int) -> list[str]:
    """Documents of ``size`` characters."""
    return [text[first : first + size] for first in range(0, len(text), size)]
