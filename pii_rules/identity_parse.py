"""The words of a person's name: which is given, which is a surname, what is kept as it is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, Literal, NamedTuple

import regex  # type: ignore[import-untyped]

from pii_rules.surrogates.lists import initials, words
from pii_rules.surrogates.names import is_given_name, is_han_surname, plain_letters

Role = Literal["given", "surname", "initial", "kept"]

_WORD: Final = regex.compile(r"[\p{L}\p{M}'’]+\.?")
_HAN: Final = regex.compile(r"\p{Han}")
_LATIN: Final = regex.compile(r"\p{Latin}")
_TITLES: Final = frozenset(words("en", "titles"))
_PARTICLES: Final = frozenset(words("en", "particles"))
_DOT: Final = regex.compile(r"[·•・]")
_HAN_RUN: Final = regex.compile(r"\p{Han}+")
_HAN_AFTER: Final = regex.compile(
    r"(?:先生|女士|小姐|太太|夫人|老师|教授|医生|大夫|护士|主任|经理|总监|同志|师傅|律师|法官|"
    r"警官|局长|校长|院长|书记|阿姨|叔叔|大哥|大姐|总|某某|某)$"
)
_HAN_BEFORE: Final = regex.compile(r"^[小老阿](?=\p{Han}$)")


class Word(NamedTuple):
    """A word of a name.

    Attributes:
        start: first code point within the surface.
        end: one past the last.
        text: the word, without the full stop of an initial.
        role: what it is.
    """

    start: int
    end: int
    text: str
    role: Role


class Mention(NamedTuple):
    """A name as it stands in a text: its words in order."""

    surface: str
    words: tuple[Word, ...]

    def of(self, role: Role) -> tuple[str, ...]:
        """The words of a role as letters, in order."""
        return tuple(canonical(word.text) for word in self.words if word.role == role)

    @property
    def is_full(self) -> bool:
        """Whether it has a given name and a surname."""
        return bool(self.of("given") and self.of("surname"))


def canonical(word: str) -> str:
    """A word of a name in the form in which two spellings are equal."""
    return plain_letters(word) if _LATIN.search(word) else word


def is_han(surface: str) -> bool:
    """Whether a name is written in Chinese characters."""
    return _HAN.search(surface) is not None


def parse(surface: str, *, given: Collection[str] = (), surnames: Collection[str] = ()) -> Mention:
    """The words of a name.

    Args:
        surface: the name as it stands.
        given: given names known from full names of the record, in canonical form;
        surnames: and surnames. They decide what a word that stands alone is.
    """
    if is_han(surface):
        return Mention(surface, _han_words(surface, given))
    return Mention(surface, _latin_words(surface, given, surnames))


def _latin_words(
    surface: str, given: Collection[str], surnames: Collection[str]
) -> tuple[Word, ...]:
    found = [
        (m.start(), m.end() - m.group().endswith("."), m.group().rstrip("."))
        for m in _WORD.finditer(surface)
    ]
    kept = {n for n, (_, _, text) in enumerate(found) if _is_kept(text, surface)}
    core = [n for n in range(len(found)) if n not in kept]
    comma = surface.find(",")
    roles: dict[int, Role] = dict.fromkeys(kept, "kept")
    for place, number in enumerate(core):
        start, _, text = found[number]
        if len(text) == 1 and text.upper() in "".join(initials()):
            roles[number] = "initial"
        elif len(core) == 1:
            roles[number] = _alone(text, bool(kept), given, surnames)
        elif comma > 0 and any(found[n][0] > comma for n in core):
            roles[number] = "surname" if start < comma else "given"
        elif place == 0:
            roles[number] = "given"
        elif place == len(core) - 1:
            roles[number] = "surname"
        else:
            roles[number] = "given" if is_given_name(text) else "surname"
    return tuple(Word(*found[n], roles[n]) for n in range(len(found)))


def _alone(
    text: str,
    titled: bool,  # noqa: FBT001
    given: Collection[str],
    surnames: Collection[str],
) -> Role:
    letters = canonical(text)
    if letters in surnames:
        return "surname"
    if letters in given:
        return "given"
    return "given" if is_given_name(text) and not titled else "surname"


def _is_kept(text: str, surface: str) -> bool:
    small = text.casefold()
    return small in _TITLES or (small in _PARTICLES and small != surface.casefold().strip())


def _han_words(surface: str, given: Collection[str]) -> tuple[Word, ...]:
    runs = [match.span() for match in _HAN_RUN.finditer(surface)]
    first, last = runs[0]
    if surface[first:last] in given or _DOT.search(surface):
        # A given name alone, or a foreign name in Chinese characters.
        return tuple(Word(a, b, surface[a:b], "given") for a, b in runs)
    further = [Word(a, b, surface[a:b], "given") for a, b in runs[1:]]
    before = _HAN_BEFORE.match(surface, first, last)
    first = before.end() if before else first
    after = _HAN_AFTER.search(surface, first + 1, last)
    last = after.start() if after else last
    name = surface[first:last]
    length = 2 if is_han_surname(name[:2]) and len(name) >= 2 else 1
    found = [Word(first, first + length, name[:length], "surname")]
    if len(name) > length:
        found.append(Word(first + length, last, name[length:], "given"))
    return (*found, *further)
