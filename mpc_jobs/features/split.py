"""Which records are held out for testing: decided by a keyed hash, not by chance.

The same record is on the same side in every build, whatever the order or the number of
shards, and nobody without the key can choose the side by choosing the id. Records of one
person go together where the dataset knows the person: a model that is tested on people it
was trained on looks better than it is.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from redactory.errors import InputError


def held_out(key: bytes, groups: Iterable[str], share: float) -> NDArray[np.bool_]:
    """Which of the ``groups`` are held out.

    Args:
        key: 32 secret bytes.
        groups: one a record: the person, or else the record's own id.
        share: of the groups, between 0 and 1.

    Raises:
        InputError: not such a share.
    """
    if not 0 <= share < 1:
        raise InputError("the share that is held out is not between 0 and 1")
    limit = int(share * 2**64)
    return np.array(
        [_drawn(key, group) < limit for group in groups],
        np.bool_,
    )


def _drawn(key: bytes, group: str) -> int:
    digest = hmac.digest(key, b"held-out/v1\0" + group.encode("utf-8", "surrogatepass"), "sha256")
    return int.from_bytes(digest[:8], "big")
