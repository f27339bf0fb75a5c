"""From the probabilities of tags to names (BIO; Ramshaw and Marcus 1995)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

LABELS: Final = ("PERSON", "LOCATION", "ORGANIZATION")
TAGS: Final = ("O", *(f"{prefix}-{label}" for label in LABELS for prefix in "BI"))

# ``_FORBIDDEN[a, b]``: tag b must not follow tag a, since it continues what a is no part of.
_FORBIDDEN: Final = np.array(
    [
        [after > 0 and after % 2 == 0 and before not in (after - 1, after) for after in range(7)]
        for before in range(7)
    ]
)
_START: Final = _FORBIDDEN[0]


def entities(probabilities: NDArray[np.floating]) -> Iterator[tuple[int, int, str, float]]:
    """The entities of the likeliest tags, as (first, one past the last, label, score).

    Args:
        probabilities: ``[n, 7]``, of ``TAGS``, rows sum to 1.

    Yields:
        Entities in order; the score is the mean probability of their label.
    """
    best = likeliest(probabilities)
    marked = np.flatnonzero(best)
    position = 0
    while position < len(marked):
        first = int(marked[position])
        begin = int(best[first])
        stop = first + 1
        position += 1
        while position < len(marked) and marked[position] == stop and best[stop] == begin + 1:
            stop += 1
            position += 1
        of_label = probabilities[first:stop, begin : begin + 2].sum(axis=1)
        yield first, stop, LABELS[begin // 2], round(float(of_label.mean()), 4)


def likeliest(probabilities: NDArray[np.floating]) -> NDArray[np.intp]:
    """The likeliest sequence of tags in which an I follows a B or I of its label, ``[n]``."""
    best: NDArray[np.intp] = probabilities.argmax(axis=1)
    if not len(best) or not (_START[best[0]] or _FORBIDDEN[best[:-1], best[1:]].any()):
        return best
    scores = np.log(np.maximum(probabilities, 1e-12))
    walls = np.where(_FORBIDDEN, -np.inf, 0.0)
    state = scores[0] + walls[0]
    came = np.zeros(probabilities.shape, dtype=np.intp)
    for place in range(1, len(scores)):
        ways = state[:, None] + walls
        came[place] = ways.argmax(axis=0)
        state = ways.max(axis=0) + scores[place]
    best[-1] = state.argmax()
    for place in range(len(scores) - 1, 0, -1):
        best[place - 1] = came[place, best[place]]
    return best
