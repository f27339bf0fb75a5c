"""Who is who in a record, and under which fake name (contracts, "Identity without shared state").

A fake name is made word by word from the key alone, so that the same name gets the same fake in
every record, worker and run. What only a record can tell is decided within it: which word of a
short form is the surname, which full name a short form belongs to, and that two people whom the
text tells apart stay apart. Where their fakes would meet, the person whose name comes later in
the alphabet takes the next fake in this record; ``collisions`` counts how often.
"""

from __future__ import annotations

from collections.abc import Iterable

import regex  # type: ignore[import-untyped]

from pii_rules.identity_parse import Mention, Word, canonical, is_han, parse
from pii_rules.surrogates.names import NameMap
from pii_rules.surrogates.shapes import same_script

_LATIN = regex.compile(r"\p{Latin}")
_TRIES = 4096

Person = tuple[str, tuple[str, ...]]
"""First given name and surnames, in canonical form."""


class People:
    """The people named in one record.

    Args:
        key: the ``surrogate`` subkey of the scope.
        surfaces: every name in the record, in any order.

    Attributes:
        collisions: how many people took another fake than elsewhere, to stay apart.
    """

    def __init__(self, key: bytes, surfaces: Iterable[str]) -> None:
        self._key = key
        self._map = NameMap(key)
        self.collisions = 0
        forms = sorted(set(surfaces))
        full = [mention for mention in map(parse, forms) if mention.is_full]
        self._given = {word for mention in full for word in mention.of("given")}
        self._surnames = {word for mention in full for word in mention.of("surname")}
        self._bumps = self._apart(full)

    def fake(self, surface: str) -> str:
        """The name under which the person named ``surface`` goes."""
        mention = parse(surface, given=self._given, surnames=self._surnames)
        if not mention.words:
            return same_script(self._key, "PERSON", surface)
        return self._written(mention, self._bumps.get(self._person(mention), 0))

    def _apart(self, full: list[Mention]) -> dict[Person | None, int]:
        """By how much each person's given name must move for all to have different fakes."""
        known = {_person(mention): mention for mention in full}
        taken = {_form(mention.surface) for mention in full}
        bumps: dict[Person | None, int] = {}
        for person in sorted(known):
            for bump in range(_TRIES):
                form = _form(self._written(known[person], bump))
                if form not in taken:
                    break
            taken.add(form)
            if bump:
                bumps[person] = bump
                self.collisions += 1
        self._people = sorted(known)
        return bumps

    def _person(self, mention: Mention) -> Person | None:
        """The only full name that a mention is compatible with; None if there is none."""
        found = [person for person in self._people if _compatible(mention, person)]
        return found[0] if len(found) == 1 else None

    def _written(self, mention: Mention, bump: int) -> str:
        pieces, done = [], 0
        first = True
        for word in mention.words:
            pieces.append(mention.surface[done : word.start])
            moved = bump if word.role == "given" and first else 0
            first = first and word.role != "given"
            pieces.append(self._word(word, moved))
            done = word.end
        return "".join([*pieces, mention.surface[done:]])

    def _word(self, word: Word, bump: int) -> str:
        match word.role:
            case "kept":
                return word.text
            case "initial":
                fake = self._map.initial(word.text.upper())
                return fake if word.text.isupper() else fake.lower()
        if is_han(word.text):
            if word.role == "surname":
                return self._map.han_surname(word.text)
            return self._map.han_given(word.text, bump)
        if _LATIN.search(word.text) is None:
            return same_script(self._key, word.role, word.text, bump)
        fake = (
            self._map.surname(word.text)
            if word.role == "surname"
            else self._map.given(word.text, bump)
        )
        return _in_the_case_of(word.text, fake)


def _person(mention: Mention) -> Person:
    return mention.of("given")[0], mention.of("surname")


def _compatible(mention: Mention, person: Person) -> bool:
    given, surnames = mention.of("given"), mention.of("surname")
    initials = mention.of("initial")
    if not given and not surnames:
        return False
    if surnames and surnames != person[1]:
        return False
    if given and given[0] != person[0]:
        return False
    return bool(given) or not initials or initials[0] == person[0][:1]


def _form(surface: str) -> str:
    """A full name as letters: two that are equal would be read as one person."""
    mention = parse(surface)
    return "\0".join([*mention.of("given"), "", *mention.of("surname")]) or canonical(surface)


def _in_the_case_of(word: str, fake: str) -> str:
    if len(word) > 1 and word.isupper():
        return fake.upper()
    return fake.lower() if word.islower() else fake
