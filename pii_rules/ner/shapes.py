"""Words, pieces and letter shapes of a text: what the English name model reads.

The encoder's vocabulary is lower case, so the case of each word goes in beside its pieces, as
one of eight shapes in the place of BERT's token types (Devlin et al. 2019, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

SHAPES: Final = 8
_OTHER, LOWER, _TITLE, _UPPER, _LETTER, _MIXED, _DIGITS, _FOREIGN = range(SHAPES)


@dataclass(frozen=True, slots=True)
class Pieces:
    """A tokenised text.

    Attributes:
        ids: piece ids, ``int32[n]``, without special tokens.
        shapes: shape of the word of each piece, ``uint8[n]``.
        first: index of the first piece of each word, ``int32[words]``.
        starts: where each word starts in the text, in code points, ``int32[words]``.
        ends: where it ends.
    """

    ids: NDArray[np.int32]
    shapes: NDArray[np.uint8]
    first: NDArray[np.int32]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]


def shape(word: str) -> int:
    """The shape class of a word."""
    if word.islower():
        return LOWER if word.isascii() or word.isalpha() else _MIXED
    if word.isupper():
        return _LETTER if len(word) == 1 else _UPPER
    if word.istitle():
        return _TITLE
    if any(c.isdigit() for c in word):
        return _DIGITS
    if any(c.isupper() for c in word):
        return _MIXED
    return _FOREIGN if word.isalpha() else _OTHER


def pieces(tokenizer: Tokenizer, text: str) -> Pieces:
    """Tokenise a text.

    Args:
        tokenizer: WordPiece with BERT's normaliser and pre-tokeniser.
        text: any length.
    """
    encoding = tokenizer.encode(text, add_special_tokens=False)
    ids = np.array(encoding.ids, dtype=np.int32)
    if not len(ids):
        none = np.zeros(0, dtype=np.int32)
        return Pieces(ids, none.astype(np.uint8), none, none, none)
    words = np.array(encoding.word_ids, dtype=np.int32)
    offsets = np.array(encoding.offsets, dtype=np.int32)
    new = np.flatnonzero(np.diff(words, prepend=-1))
    starts = offsets[new, 0]
    ends = offsets[np.append(new[1:], len(ids)) - 1, 1]
    shapes = [shape(text[a:b]) for a, b in zip(starts.tolist(), ends.tolist(), strict=True)]
    repeats = np.diff(np.append(new, len(ids)))
    return Pieces(
        ids,
        np.repeat(np.array(shapes, dtype=np.uint8), repeats),
        new.astype(np.int32),
        starts,
        ends,
    )
