"""Bytes as words that can be read out, written by hand and typed in again.

Proquints (Wilkerson, "A Proposal for Proquints", arXiv:0901.4016): 16 bits are a word of five
letters, consonant and vowel in turn. Four bytes of SHA-256 at the end catch a word that was
mistyped or left out.
"""

from __future__ import annotations

import hashlib

from redactory.errors import KeyringError

_CONSONANTS = "bdfghjklmnprstvz"
_VOWELS = "aiou"
_CHECK_BYTES = 4
_PATTERN = ((_CONSONANTS, 12), (_VOWELS, 10), (_CONSONANTS, 6), (_VOWELS, 4), (_CONSONANTS, 0))


def to_words(data: bytes) -> list[str]:
    """``data`` (an even number of bytes) and its check, as words of five letters."""
    if len(data) % 2:
        raise ValueError("an odd number of bytes")
    whole = data + _check(data)
    return [_word(int.from_bytes(whole[i : i + 2], "big")) for i in range(0, len(whole), 2)]


def from_words(text: str, *, where: str) -> bytes:
    """The bytes behind words that are divided by spaces, hyphens or line breaks.

    Raises:
        KeyringError: a word is none, or the check does not fit.
    """
    words = text.lower().replace("-", " ").split()
    values = []
    for number, word in enumerate(words, 1):
        value = _value(word)
        if value is None:
            raise KeyringError(f"word {number} was mistyped", where=where)
        values.append(value)
    whole = b"".join(value.to_bytes(2, "big") for value in values)
    data, check = whole[:-_CHECK_BYTES], whole[-_CHECK_BYTES:]
    if len(whole) <= _CHECK_BYTES or check != _check(data):
        raise KeyringError(
            "the words do not fit together",
            where=where,
            hint="a word is wrong, missing, doubled or in the wrong place",
        )
    return data


def _check(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()[:_CHECK_BYTES]


def _word(value: int) -> str:
    return "".join(letters[value >> shift & len(letters) - 1] for letters, shift in _PATTERN)


def _value(word: str) -> int | None:
    if len(word) != len(_PATTERN):
        return None
    value = 0
    for letter, (letters, shift) in zip(word, _PATTERN, strict=True):
        if letter not in letters:
            return None
        value |= letters.index(letter) << shift
    return value
