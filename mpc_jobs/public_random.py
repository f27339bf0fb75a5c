"""Random choices that everybody must make alike: orders of rows, pairs, first weights.

SHAKE-256 of a public seed and a purpose. numpy's generators may change between versions, and
parties need not have the same one.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from redactory.canonical import canonical_json

_LABEL = b"redactory-mpc/v1 public\0"


def public_words(seed: object, purpose: str, count: int) -> npt.NDArray[np.uint64]:
    """``count`` words of 64 bits that follow from a JSON value and a purpose."""
    text = _LABEL + canonical_json({"purpose": purpose, "seed": seed})
    raw = hashlib.shake_256(text).digest(8 * count)
    return np.frombuffer(raw, "<u8").astype(np.uint64)


def public_order(seed: object, purpose: str, count: int) -> npt.NDArray[np.int64]:
    """A permutation of 0 … ``count`` − 1: the stable order of as many words."""
    return np.argsort(public_words(seed, purpose, count), kind="stable")


def public_uniform(seed: object, purpose: str, count: int) -> npt.NDArray[np.float64]:
    """Numbers in [−1, 1), multiples of 2^−52."""
    words = public_words(seed, purpose, count) >> np.uint64(11)
    return words.astype(np.float64) / 2**52 - 1.0
