"""Fake names, word by word (contracts, "Identity without shared state").

A listed word goes to another word of its list by a keyed permutation, so that two listed names
never meet; any other word is drawn. The fake of an initial is a keyed permutation of the
letters, and the fake given name begins with the fake of its own initial: "J. Smith" stays
compatible with "John Smith" though they are seen in different records.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from typing import Final

from pii_rules.surrogates.lists import (
    GENDERS,
    further_given,
    given_names,
    initials,
    places,
    words,
)
from pii_rules.surrogates.prf import Draws, permuted

_FEMALE_ENDINGS: Final = ("a", "ie", "ine", "elle", "ette", "lyn")


class NameMap:
    """The words of names under one key.

    Args:
        key: the ``surrogate`` subkey of the scope.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def initial(self, letter: str) -> str:
        """The fake of an initial, a capital."""
        for number, letters in enumerate(initials()):
            if letter in letters:
                return permuted(self._key, f"initials {number}", letters, letters.index(letter))
        everyday = "".join(initials()[:2])
        return Draws(self._key, "initial", letter).choice(everyday)

    def given(self, word: str, bump: int = 0) -> str:
        """The fake of a Latin given name, capitalised.

        Args:
            word: as it stands, in any case.
            bump: asks for another one with the same initial, when two people would collapse.
        """
        letters = plain_letters(word)
        target = self.initial(letters[0].upper())
        gender, place = _listed(letters)
        names = given_names(gender, target)
        if place is None:
            found = Draws(self._key, "given", letters).below(len(names))
        else:
            domain = f"{gender} {letters[0]}"
            found = permuted(self._key, domain, range(len(names)), place)
        if bump < len(names):
            return names[(found + bump) % len(names)]
        everybody = words("en", "surnames")  # more people than the initial has names
        return everybody[(found + bump) % len(everybody)]

    def surname(self, word: str) -> str:
        """The fake of a Latin surname, capitalised."""
        letters = plain_letters(word)
        names = words("en", "surnames")
        place = places("en", "surnames").get(letters)
        if place is None:
            found = Draws(self._key, "surname", letters).below(len(names))
        else:
            found = permuted(self._key, "surnames", range(len(names)), place)
        return names[found]

    def han_surname(self, surname: str) -> str:
        """The fake of a Chinese surname of one or two characters."""
        kind = "surnames" if len(surname) == 1 else "compound_surnames"
        return self._han(kind, surname)

    def han_given(self, characters: str, bump: int = 0) -> str:
        """The fake of a Chinese given name, character by character."""
        made = [self._han(_han_gender(character), character) for character in characters]
        if bump and made:
            kind = _han_gender(characters[-1])
            listed = words("zh", kind)
            further, bump = divmod(bump, len(listed))
            made[-1] = listed[(listed.index(made[-1]) + bump) % len(listed)]
            made += [listed[further - 1]] if further else []
        return "".join(made)

    def _han(self, kind: str, word: str) -> str:
        listed = words("zh", kind)
        place = places("zh", kind).get(word)
        if place is None:
            return Draws(self._key, kind, word).choice(listed)
        return permuted(self._key, kind, listed, place)


def plain_letters(word: str) -> str:
    """The ASCII letters of a Latin word, small; ``x`` where there is none."""
    split = unicodedata.normalize("NFKD", word).casefold()
    return "".join(c for c in split if "a" <= c <= "z") or "x"


def is_given_name(word: str) -> bool:
    """Whether a Latin word is a given name of the lists."""
    letters = plain_letters(word)
    if any(letters in further_given(gender) for gender in GENDERS):
        return True
    return letters[0].upper() in "".join(initials()) and _listed(letters)[1] is not None


def is_han_surname(word: str) -> bool:
    """Whether a word is a compound surname of the list."""
    return word in places("zh", "compound_surnames")


@cache
def _listed(letters: str) -> tuple[str, int | None]:
    """The gender that a given name suggests, and its place in the list of its initial."""
    initial = letters[0].upper()
    for gender in GENDERS:
        names = [name.casefold() for name in given_names(gender, initial)]
        if letters in names:
            return gender, names.index(letters)
    for gender in GENDERS:
        if letters in further_given(gender):
            return gender, None
    return ("female" if letters.endswith(_FEMALE_ENDINGS) else "male"), None


def _han_gender(character: str) -> str:
    return "female" if character in places("zh", "female") else "male"
