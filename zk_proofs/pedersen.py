"""Pedersen commitments to vectors and numbers (Pedersen 1991), and their linear combinations.

A *row* commitment is ⟨v, G⟩ + r·h, an *input* commitment ⟨x, H⟩ + r·h, a *number* commitment
v·g + r·h: 32 bytes each, hiding for a uniform r, binding as long as discrete logarithms in
ristretto255 are hard. They add up: a combination of commitments commits to the combination
of what is inside, which is how computing parties commit to a model that none of them knows.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from redactory.errors import ProofError
from zk_proofs.curve import L
from zk_proofs.engine import Engine, default_engine
from zk_proofs.generators import basis_for

SCALAR_ORDER: Final = L
Numbers = Sequence[int]
_SMALL: Final = 2**62


def commit_row(values: Any, blinding: int, *, engine: Engine | None = None) -> bytes:
    """Commit to a model row: integers of any sign, or scalars modulo ℓ."""
    return commit_rows([values], [blinding], engine=engine)[0]


def commit_rows(rows: Any, blindings: Numbers, *, engine: Engine | None = None) -> list[bytes]:
    """Commit to rows over G, one blinding each; a row is a sequence or an array of int64."""
    return _commit(rows, blindings, b"G", engine or default_engine())


def commit_inputs(rows: Any, blindings: Numbers, *, engine: Engine | None = None) -> list[bytes]:
    """Commit to inputs over H, one blinding each."""
    return _commit(rows, blindings, b"H", engine or default_engine())


def commit_number(value: int, blinding: int, *, engine: Engine | None = None) -> bytes:
    """Commit to one number over g."""
    chosen = engine or default_engine()
    point = basis_for(chosen, 1).commit(value=value, blinding=blinding)
    return chosen.encode(point)[0]


def combine(
    commitments: Sequence[bytes], factors: Numbers, *, engine: Engine | None = None
) -> bytes:
    """Σ f_i·C_i.

    Raises:
        ProofError: one of them is not a canonical encoding of a group element.
    """
    chosen = engine or default_engine()
    if len(commitments) != len(factors) or not commitments:
        raise ProofError("as many factors as commitments are needed, and at least one")
    points = chosen.decode(list(commitments))
    return chosen.encode(chosen.sum(chosen.vector(factors), points))[0]


def _commit(rows: Any, blindings: Numbers, side: bytes, engine: Engine) -> list[bytes]:
    if len(rows) != len(blindings):
        raise ProofError("as many blindings as rows are needed")
    if len(rows) == 0:
        return []
    basis = basis_for(engine, len(rows[0]))
    if _are_small(rows):
        return engine.encode(basis.commit_small(side, rows, blindings))
    name = "left" if side == b"G" else "right"
    points = [
        basis.commit(**{name: engine.vector(row)}, blinding=own)
        for row, own in zip(rows, blindings, strict=True)
    ]
    return engine.encode(engine.join_points(points))


def _are_small(rows: Any) -> bool:
    """Whether the rows are machine integers, for which there is a shorter way."""
    if getattr(getattr(rows, "dtype", None), "kind", "") == "i":
        return bool(rows.min(initial=0) > -_SMALL and rows.max(initial=0) < _SMALL)
    return all(-_SMALL < int(value) < _SMALL for row in rows for value in row)
