"""Vectors that are a multiple of small integers, and first cross terms that use it.

Weights and inputs are integers of some twelve bits until a challenge multiplies them, and a
sum of small multiples of points costs a tenth of one with scalars of 253 bits. After k rounds
of the inner product argument the prover's vector is

    a_j = f·Σ_v m_v·values[v·s + j],    j < s = n/2^k,

m_v a product of challenges, over bases that stand for Σ_u f_u·G[u·s + j]. So ⟨a, G⟩ over one half
of the places is a sum of 4^k small sums, each multiplied by f·f_u·m_v only at its end. It is
the same point as before, and pays in the first rounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from zk_proofs.engine import Engine, Points, Vector
from zk_proofs.generators import Basis

# Small sums pay for so many rounds, while 2^k times the bits of the values is no more than this.
_ROUNDS, _BITS = 3, 64


@dataclass(frozen=True)
class Scaled:
    """The vector ``factor``·``values``.

    Attributes:
        factor: a scalar.
        values: int64[n], n a power of two.
    """

    factor: int
    values: Any

    def __repr__(self) -> str:
        return f"Scaled({len(self.values)})"

    def vector(self, engine: Engine) -> Vector:
        """As a vector of scalars."""
        return engine.scale(self.factor, engine.vector(self.values))

    def pays(self, challenges: int) -> bool:
        """Whether cross terms after so many challenges are cheaper by way of small sums."""
        bits = int(abs(self.values).max()).bit_length()
        return challenges < _ROUNDS and bits << challenges <= _BITS

    def half_sum(
        self, basis: Basis, side: bytes, half: int, spread: Vector, pieces: Vector
    ) -> tuple[Vector, Points]:
        """Factors and points whose sum is one half of the vector over the other half's bases.

        Args:
            basis: the prepared bases.
            side: b"G" or b"H".
            half: 0 or 1, of the vector as it is after the challenges so far.
            spread: how the bases were folded, 2^k factors.
            pieces: how the vector was, 2^k factors.
        """
        engine, parts = basis.engine, len(spread)
        size = len(self.values) // parts
        rows = self.values.reshape(parts, size)[:, half * size // 2 :][:, : size // 2]
        other = (1 - half) * size // 2
        sums = [basis.small_sums(side, u * size + other, rows) for u in range(parts)]
        factors = engine.scale(self.factor, engine.outer(spread, pieces))
        return factors, engine.join_points(sums)


Operand = Vector | Scaled


def expanded(engine: Engine, operand: Operand) -> Vector:
    """The vector of scalars."""
    return operand.vector(engine) if isinstance(operand, Scaled) else operand


def multiplied(engine: Engine, factor: int, operand: Operand) -> Operand:
    """The operand times a scalar."""
    if isinstance(operand, Scaled):
        return Scaled(factor * operand.factor, operand.values)
    return engine.scale(factor, operand)


def combined(engine: Engine, rows: Any, factors: Sequence[int], size: int) -> Operand:
    """Σ_j f_j·rows_j with zeros behind, ``size`` entries; small if there is one row only."""
    import numpy as np  # noqa: PLC0415 - the prover's side only

    table = np.asarray(rows, np.int64)
    if len(table) == 1:
        values = np.zeros(size, np.int64)
        values[: table.shape[1]] = table[0]
        return Scaled(factors[0], values)
    whole = engine.combine(table, factors)
    return engine.concatenated([whole, engine.zeros(size - len(whole))])
