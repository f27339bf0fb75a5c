"""The frozen word lists that surrogates are made of, and their digest.

They are files of the package and part of the configuration digest: a generator that changes
between versions would give the same person another name after an update.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Final

from redactory.canonical import digest_of, sha256_hex

GENDERS: Final = ("male", "female")
_FILES: Final = ("en.toml", "zh.toml")


def _raw(name: str) -> bytes:
    return (files("pii_rules") / "surrogates" / "lists" / name).read_bytes()


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads(_raw(name).decode("utf-8"))


@cache
def words(language: str, name: str) -> tuple[str, ...]:
    """A list of words, such as the ``towns`` of ``en``."""
    return tuple(_table(f"{language}.toml")["words"][name].split())


@cache
def given_names(gender: str, initial: str) -> tuple[str, ...]:
    """English given names, ``male`` or ``female``, that begin with a capital."""
    return tuple(_table("en.toml")[gender][initial].split())


@cache
def further_given(gender: str) -> frozenset[str]:
    """Given names that no fake has, case folded."""
    return frozenset(_table("en.toml")["further_given"][gender].casefold().split())


@cache
def initials() -> tuple[str, ...]:
    """Classes of initials: the lists of given names are equally long within one."""
    return tuple(_table("en.toml")["initials"])


@cache
def places(language: str, name: str) -> dict[str, int]:
    """Where each word, case folded, stands in its list."""
    return {word.casefold(): place for place, word in enumerate(words(language, name))}


@cache
def digest() -> str:
    """SHA-256 (hex) over the digests of all lists."""
    return digest_of({name: sha256_hex(_raw(name)) for name in _FILES})
