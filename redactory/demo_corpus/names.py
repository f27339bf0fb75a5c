"""Names of invented people: frozen lists, so that a seed always draws the same cast."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from random import Random
from typing import Literal

from redactory.demo_corpus.wording import load_wording

Sex = Literal["f", "m"]
Lang = Literal["en", "zh"]


@dataclass(frozen=True)
class Name:
    """A person's name in its own script and in Latin letters (equal for English names)."""

    given: str
    family: str
    given_latin: str
    family_latin: str
    lang: Lang

    @property
    def full(self) -> str:
        """``Ana Pérez`` or ``王小明``."""
        return self.family + self.given if self.lang == "zh" else f"{self.given} {self.family}"

    @property
    def short(self) -> str:
        """``A. Pérez``; Chinese names are not shortened."""
        return self.full if self.lang == "zh" else f"{self.given[0]}. {self.family}"

    @property
    def reversed(self) -> str:
        """``PÉREZ, ANA``, as forms and record systems print it."""
        return f"{self.family_latin}, {self.given_latin}".upper()

    @property
    def latin(self) -> str:
        """``WANG Xiaoming``, as passports and work accounts print it."""
        return f"{self.family_latin.upper()} {self.given_latin}"

    @property
    def mailbox(self) -> tuple[str, str]:
        """Given and family name in lower-case ASCII letters."""
        return _ascii_letters(self.given_latin), _ascii_letters(self.family_latin)


def _ascii_letters(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text).lower()
    return "".join(letter for letter in decomposed if "a" <= letter <= "z")


def draw_name(random: Random, lang: Lang, sex: Sex) -> Name:
    """Draw one name; families and given names combine freely across cultures."""
    lists = load_wording("names")[lang]
    given, _, given_latin = random.choice(lists[sex].split()).partition("/")
    family, _, family_latin = random.choice(lists["family"].split()).partition("/")
    return Name(given, family, given_latin or given, family_latin or family, lang)
