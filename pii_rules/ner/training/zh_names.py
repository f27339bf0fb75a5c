"""Chinese names, places and organisations for the slots of training sentences.

Surnames by how common they are, given names from characters in use for names, foreign names
from the syllables by which they are transcribed; town names and further foreign ones from the
dictionary of jieba (MIT).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from pii_rules.ner.training.lists import word_lists

_DOTS = ("·", "·", "·", "‧", "・", "•", "", "．")


class ZhNames:
    """Draws Chinese names; equal seeds give equal names.

    Args:
        seed: of the generator.
        dictionary: jieba's ``dict.txt``.
    """

    def __init__(self, seed: int, dictionary: Path) -> None:
        self.random = random.Random(seed)  # noqa: S311 - training data, not secrets
        self._lists = word_lists("zh")
        kinds: dict[str, list[str]] = {}
        for line in dictionary.read_text(encoding="utf-8").splitlines():
            word, _, kind = line.split()
            kinds.setdefault(kind, []).append(word)
        self._transcribed = [word for word in kinds["nrt"] if 2 <= len(word) <= 7]
        self._places = [word for word in kinds["ns"] if 2 <= len(word) <= 6]
        self._counties = [word for word in self._places if word[-1] in "县区旗"]
        self._towns = [word for word in self._places if word[-1] in "市州"]
        self._slots: dict[str, tuple[Callable[[], str], str]] = {
            "per": (self.full, "PERSON"),
            "surname": (self.surname, "PERSON"),
            "given": (self.given, "PERSON"),
            "foreign": (self._foreign, "PERSON"),
            "foreign1": (self.part, "PERSON"),
            "latin": (self._latin, "PERSON"),
            "handle": (self._handle, "PERSON"),
            "city": (lambda: self._of(self._towns, self._places), "LOCATION"),
            "county": (lambda: self._of(self._counties), "LOCATION"),
            "province": (lambda: self._one("provinces") + self._of(["", "", "省"]), "LOCATION"),
            "country": (lambda: self._one("countries"), "LOCATION"),
            "street": (self._street, "LOCATION"),
            "org": (self._body, "ORGANIZATION"),
        }

    def slot(self, name: str) -> tuple[str, str]:
        """Text and label of a slot.

        Raises:
            KeyError: there is no slot of that name.
        """
        make, label = self._slots[name]
        return make(), label

    def full(self) -> str:
        """A full name: mostly Chinese, some Japanese and Korean."""
        draw = self.random.random()
        if draw < 0.06:
            return self._one("east") + self._one("east_given")
        if draw < 0.10:
            return self._one("korean") + self._one("korean_given") + self._one("korean_given")
        return self.surname() + self.given()

    def surname(self) -> str:
        """A surname."""
        return self._one("double" if self.random.random() < 0.04 else "surnames")

    def given(self) -> str:
        """A given name of one or two characters."""
        first = self._one("given")
        if self.random.random() < 0.22:
            return first
        return first + (first if self.random.random() < 0.06 else self._one("given"))

    def part(self) -> str:
        """One part of a transcribed foreign name."""
        draw = self.random.random()
        if draw < 0.35:
            return self._one("known_foreign")
        if draw < 0.60:
            return self.random.choice(self._transcribed)
        syllables = self.random.choice((2, 2, 3, 3, 3, 4))
        return "".join(self._one("syllables") for _ in range(syllables))

    def place(self) -> str:
        """A country, province or town."""
        lists = self._lists
        kinds = (lists["countries"], lists["provinces"], self._places, lists["abroad"])
        return self._of(*kinds, self._places)

    def _one(self, name: str) -> str:
        return self.random.choice(self._lists[name])

    def _of(self, *kinds: list[str]) -> str:
        return self.random.choice(self.random.choice(kinds))

    def _foreign(self) -> str:
        parts = [self.part() for _ in range(self.random.choice((2, 2, 2, 3)))]
        if self.random.random() < 0.1:
            return f"{self.random.choice('ABCDEFGHJKLMNPRSTW')}.{parts[1]}"
        return self.random.choice(_DOTS).join(parts)

    def _latin(self) -> str:
        first = self._one("latin")
        return f"{first} {self._one('latin')}" if self.random.random() < 0.7 else first

    def _handle(self) -> str:
        number = self.random.randint(1, 99)
        kinds = [
            self.full(),
            "小" + self.given(),
            self.part(),
            f"{self._one('latin').lower()}{number}",
        ]
        return "@" + self._of(kinds)

    def _street(self) -> str:
        stems = [self._one("streets"), self.given(), self.random.choice(self._places)[:2]]
        return self._of(stems) + self._one("street_ends")

    def _body(self) -> str:
        trade = self.given() + self.random.choice("达鑫泰华远信通宝")
        start = self._of([self.random.choice(self._places), self._one("provinces"), trade, ""])
        core = self.given() if self.random.random() < 0.5 or not start else ""
        return start + core + self._one("org_ends")
