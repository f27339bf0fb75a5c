"""“This label has the largest score” as numbers that must be non-negative.

For K classes and label y the margins are u_k = s_y − s_k − [k < y] for every k ≠ y, the last
term making the lowest index win a tie; for K = 1 there is one, s where the label is 1 and
−s − 1 where it is 0. A block's margins come row by row, k ascending. With challenges δ and
γ, what is known of Σ δ^j·γ^k·s_jk from the margins (and, for K > 1, from the scores S_j of
the labels) is a linear form of them plus a constant.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zk_proofs.curve import L


@dataclass(frozen=True)
class ScoreForm:
    """Σ_jk δ^j·γ^k·s_jk = ⟨margins, u⟩ + ⟨chosen, S⟩ + constant."""

    margins: list[int]
    chosen: list[int]
    constant: int


def margin_count(classes: int, rows: int) -> int:
    """How many margins a block has."""
    return rows * max(classes - 1, 1)


def chosen_count(classes: int, rows: int) -> int:
    """How many scores S_j a block has: none where the sign decides."""
    return rows if classes > 1 else 0


def score_form(labels: Sequence[int], by_row: Sequence[int], by_class: Sequence[int]) -> ScoreForm:
    """The form for given labels; ``by_row`` holds δ^j and ``by_class`` γ^k."""
    if len(by_class) == 1:
        pairs = list(zip(labels, by_row, strict=True))
        margins = [delta if label else L - delta for label, delta in pairs]
        return ScoreForm(margins, [], -sum(delta for label, delta in pairs if not label))
    total = sum(by_class) % L
    margins, constant = [], 0
    for label, delta in zip(labels, by_row, strict=True):
        factors = [delta * gamma % L for gamma in by_class]
        margins += [L - factor for k, factor in enumerate(factors) if k != label]
        constant -= sum(factors[:label])
    return ScoreForm(margins, [total * delta % L for delta in by_row], constant)


def margins(scores: Any, labels: Any) -> tuple[Any, Any]:
    """(u, S) for an array of scores (rows, K) and their labels; S is empty for K = 1."""
    import numpy as np  # noqa: PLC0415 - the prover's side only

    rows, classes = scores.shape
    if classes == 1:
        positive = labels.astype(bool)
        return np.where(positive, scores[:, 0], -scores[:, 0] - 1), scores[:0, 0]
    chosen = scores[np.arange(rows), labels]
    others = np.arange(classes)[None, :]
    ties = (others < labels[:, None]).astype(np.int64)
    return (chosen[:, None] - scores - ties)[others != labels[:, None]], chosen


def byte_digits(values: Any, digits: int) -> bytes:
    """Little-endian bytes of an array of non-negative int64 values, ``digits`` each."""
    import numpy as np  # noqa: PLC0415 - the prover's side only

    table = np.ascontiguousarray(values, "<i8").reshape(-1, 1).view(np.uint8)
    return table[:, :digits].tobytes()
