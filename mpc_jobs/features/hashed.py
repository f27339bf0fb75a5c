"""Hashed n-grams, version 1: texts to counts in buckets, and no constant that is not public.

1. A text is folded (NFKC, case folding), every digit becomes 0: a number that escaped
   redaction is no feature. Words are runs of letters, digits and underscores; a Chinese or
   Japanese character is a word of its own. (Python's Unicode tables decide; they differ
   between versions only in characters that are newer than the older one.)
2. Each n-gram of words, and of the characters of a word with a blank at either end, has a
   64-bit hash: a multiplicative hash over the code points, then MurmurHash3's finaliser.
3. The high half of the hash chooses one of ``d`` buckets, the lowest bit a sign (Weinberger
   et al., ICML 2009, section 2), and the weight of the n-gram is added.
4. A word n-gram weighs 1, an n-gram of characters 1/4. Document frequencies would have to be
   learnt from the data, and a rule in their place (by length) helped on none of three sets.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

import numba as nb
import numpy as np
from numpy.typing import NDArray

from mpc_jobs.features.scaling import signed_root, unit_rows
from mpc_jobs.features.spec import FeatureSpec, HashedNgrams

UNIT: Final = 1 << 12
_CHARS_WEIGHT: Final = UNIT // 4
_IDEOGRAPH: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
_WORD: Final = re.compile(rf"[{_IDEOGRAPH}]|[^\W{_IDEOGRAPH}]+")
_DIGIT: Final = re.compile(r"\d")
_BATCH: Final = 256

_MULTIPLIER: Final = 0x9E3779B97F4A7C15
_WORDS_SEED: Final = 0x52656461_776F7264
_CHARS_SEED: Final = 0x52656461_63686172


class HashedFeaturiser:
    """Texts to rows of integers, exactly reproducible.

    Args:
        spec: whose featuriser is :class:`~mpc_jobs.features.spec.HashedNgrams`.
    """

    def __init__(self, spec: FeatureSpec) -> None:
        if not isinstance(spec.featuriser, HashedNgrams):
            raise TypeError("the spec is of another featuriser")
        self._rules = spec.featuriser
        self._d = spec.d
        self._scale_bits = spec.scale_bits

    def rows(self, texts: Sequence[str]) -> NDArray[np.int32]:
        """Integers ``[n, d]`` for ``n`` texts; an empty text is a row of zeros."""
        out = np.zeros((len(texts), self._d), np.int32)
        for first in range(0, len(texts), _BATCH):
            part = self.buckets(texts[first : first + _BATCH])
            if self._rules.damping == "root":
                part = signed_root(part * UNIT)
            out[first : first + _BATCH] = unit_rows(part, self._scale_bits)
        return out

    def buckets(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Weighted counts ``[n, d]``, before damping and scaling; :data:`UNIT` stands for 1."""
        listed = [words(text) for text in texts]
        joined = "".join(f" {word}" for each in listed for word in each) + " "
        points = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), np.uint32)
        blanks = np.flatnonzero(points == ord(" "))
        ends = np.cumsum([0, *map(len, listed)])
        lo, hi = self._rules.chars or (1, 0)
        out = np.zeros((len(texts), self._d), np.int64)
        _add_ngrams(points, blanks, ends, self._rules.words, lo, hi, out)
        return out


def words(text: str) -> list[str]:
    """The folded words of a text."""
    return _WORD.findall(_DIGIT.sub("0", unicodedata.normalize("NFKC", text).casefold()))


@nb.njit(cache=True, nogil=True)
def _step(state, point):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    state = (state ^ nb.uint64(point)) * nb.uint64(_MULTIPLIER)
    return state ^ (state >> nb.uint64(32))


@nb.njit(cache=True, nogil=True)
def _add(state, weight, row):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    state = (state ^ (state >> nb.uint64(33))) * nb.uint64(0xFF51AFD7ED558CCD)
    state = (state ^ (state >> nb.uint64(33))) * nb.uint64(0xC4CEB9FE1A85EC53)
    state ^= state >> nb.uint64(33)
    bucket = ((state >> nb.uint64(32)) * nb.uint64(row.size)) >> nb.uint64(32)
    if state & nb.uint64(1):
        row[bucket] -= weight
    else:
        row[bucket] += weight


@nb.njit(cache=True, nogil=True)
def _add_ngrams(points, blanks, ends, longest, lo, hi, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, PLR0917
    """Add the n-grams of all texts.

    Word ``k`` lies between ``blanks[k]`` and ``blanks[k + 1]``; row ``i`` has the words
    ``ends[i]`` to ``ends[i + 1]``.
    """
    for i in range(out.shape[0]):
        row = out[i]
        for first in range(ends[i], ends[i + 1]):
            state = nb.uint64(_WORDS_SEED)
            for last in range(first, min(first + longest, ends[i + 1])):
                for at in range(blanks[last], blanks[last + 1]):
                    state = _step(state, points[at])
                _add(state, nb.int64(UNIT), row)
            begin, end = blanks[first], blanks[first + 1] + 1
            for size in range(lo, hi + 1):
                for at in range(begin, end - size + 1):
                    state = nb.uint64(_CHARS_SEED)
                    for place in range(at, at + size):
                        state = _step(state, points[place])
                    _add(state, nb.int64(_CHARS_WEIGHT), row)
