"""Arithmetic on shares: what a party does, and the one round that a product costs.

A local product of two shared values has degree 2t and 2f fractional bits. The fused opening
brings it back to degree t and f bits in one round:

1. add 2^(l−1), so that the value, below 2^(l−1) in magnitude, is not negative;
2. add Σ r_A, one mask of R bits for each set of the PRSS, and a sharing of zero of degree 2t;
3. open the sum, c; no wrap, since 2^l + C(n,t) · 2^R < p;
4. ⌊c / 2^f⌋ − Σ ⌊r_A / 2^f⌋ − 2^(l−1−f), of which the second part is shared with degree t.

The result is off by at most C(n,t) units in the last place. Masking: Ben-Or, Goldwasser,
Wigderson, STOC 1988, and Catrina, Saxena, FC 2010; fusing it with degree reduction over a
Mersenne prime: Liu, Xie, Yu, USENIX Security 2024. A coalition of t misses one r_A; what it sees
of c is within 2^(l−R) of independent of the value.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mpc_jobs import field
from mpc_jobs.kernels import Elements
from mpc_jobs.mesh import Mesh
from mpc_jobs.prss import CommonRandomness

__all__ = ["SharedArithmetic"]


class SharedArithmetic:
    """Party ``me``'s arithmetic in one session.

    Args:
        mesh: the connections.
        randomness: the session's common randomness.
        width: l, the compiled bound: every truncated value is below 2^(l−1) in magnitude.

    Attributes:
        opened: elements opened so far.
    """

    def __init__(self, mesh: Mesh, randomness: CommonRandomness, *, width: int) -> None:
        self.mesh, self.randomness, self.width = mesh, randomness, width
        self.scheme = randomness.scheme
        self.opened = 0

    def matmul(self, x: Elements, w: Elements) -> Elements:
        """The product x · w, degree 2t."""
        return field.matmul(x, w)

    def transposed_matmul(self, x: Elements, e: Elements) -> Elements:
        """The product xᵀ · e, degree 2t."""
        return field.transposed_matmul(x, e)

    def multiply(self, a: Elements, b: Elements) -> Elements:
        """The products a · b, degree 2t."""
        return field.multiply(a, b)

    def truncate(self, *products: tuple[Elements, int]) -> list[Elements]:
        """The fused opening of several products at once.

        Raises:
            PartyError: the parties' shares do not fit together, or too few parties are left.
        """
        offset = 1 << (self.width - 1)
        covered, quotients = [], []
        for product, bits in products:
            # The floors lose half a unit for each mask but one, on average; give it back.
            centre = (len(self.scheme.key_sets) - 1) << bits >> 1
            masked, quotient = self.randomness.statistical_mask(
                field.shift(product, offset - centre), bits
            )
            covered.append(masked)
            quotients.append(quotient)
        results = []
        for opened, quotient, (_, bits) in zip(
            self._open(covered), quotients, products, strict=True
        ):
            value = field.subtract(field.shift_right(opened, bits), quotient)
            results.append(field.shift(value, -(offset >> bits)))
        return results

    def reduce(self, *products: Elements) -> list[Elements]:
        """Degree 2t to degree t without truncation, under masks uniform in the field."""
        covered, masks = zip(*map(self.randomness.uniform_mask, products), strict=True)
        return [
            field.subtract(opened, mask)
            for opened, mask in zip(self._open(covered), masks, strict=True)
        ]

    def reveal(self, *values: Elements) -> list[Elements]:
        """The values themselves, of degree up to 2t, to every party; nothing beside them."""
        return self._open([self.randomness.zero(value) for value in values])

    def add(self, a: Elements, b: Elements) -> Elements:
        """The sum a + b."""
        return field.add(a, b)

    def subtract(self, a: Elements, b: Elements) -> Elements:
        """The difference a − b."""
        return field.subtract(a, b)

    def scale(self, a: Elements, factor: int) -> Elements:
        """The product of a and a public integer."""
        return field.scale(a, factor)

    def scale_columns(self, a: Elements, factors: Sequence[int]) -> Elements:
        """Each column times a public integer of its own."""
        row = field.from_integers(factors, (1, len(factors)))
        return field.multiply(a, np.ascontiguousarray(np.broadcast_to(row, a.shape)))

    def shift(self, a: Elements, value: int) -> Elements:
        """The sum of a and a public integer: every party adds it, a polynomial of degree 0."""
        return field.shift(a, value)

    def transposed(self, a: Elements) -> Elements:
        """Turn (2, n, k) into (2, k, n)."""
        return np.ascontiguousarray(a.transpose(0, 2, 1))

    def rows(self, a: Elements) -> int:
        """The n of (2, n, k)."""
        return int(a.shape[1])

    def claim(self, a: Elements, bound: int) -> Elements:  # noqa: ARG002 - proven elsewhere
        """Nothing to do on shares."""
        return a

    def _open(self, covered: Sequence[Elements]) -> list[Elements]:
        """Broadcast shares of degree 2t and rebuild what they hide."""
        sizes = [part[0].size for part in covered]
        joined = np.concatenate([part.reshape(2, -1) for part in covered], axis=1)
        received = self.mesh.broadcast(field.encode(joined))
        shares = {
            number: joined
            if number == self.mesh.me
            else field.decode(raw, (joined.shape[1],), where=f"party {number}")
            for number, raw in received.items()
        }
        opened = self.scheme.reconstruct(shares, degree=2 * self.scheme.t)
        self.opened += joined.shape[1]
        ends = np.cumsum(sizes)[:-1]
        return [
            np.ascontiguousarray(piece).reshape(part.shape)
            for piece, part in zip(np.split(opened, ends, axis=1), covered, strict=True)
        ]
