"""Many numbers are bytes, and satisfy linear relations: LogUp in one inner product.

Haböck 2022 (LogUp) for the range of digits, with the products that it needs checked by a
random linear combination as in Bulletproofs. The committed vectors are

    d = digits (ν entries) | multiplicities (256) | extras     over G, committed as C_d
    r = reciprocals 1/(α + d_i) | 0 …             | extras     over H, committed as C_r

padded with zeros to a power of two n. With challenges α (after C_d), then y and z (after C_r
and every commitment V the relations mention) the argument shows

1. (α + d_i)·r_i = 1 for the digits, so r_i is what it should be, and d_i·r_i = ``product_i``
   for every other entry (0 unless the relations say otherwise);
2. Σ r_i = Σ_t m_t/(α + t), so every digit is in the table 0 … 255;
3. the linear relations ⟨left, d⟩ + ⟨right, r⟩ = Σ f·V + constant.

One inner product proves all, each commitment entering under its own power of a challenge e.
The argument that this separation is needed and suffices: docs/protocols/inference.md.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from redactory.errors import ProofError
from zk_proofs import inner_product
from zk_proofs.accumulator import Combination
from zk_proofs.curve import L
from zk_proofs.engine import Engine, Vector
from zk_proofs.quantisation import padded
from zk_proofs.session import Prover, Verifier

TABLE = 256


@dataclass(frozen=True)
class Shape:
    """How many digits and extras there are."""

    digits: int
    extras: int

    @property
    def at_extras(self) -> int:
        """Position of the first extra."""
        return self.digits + TABLE

    @property
    def used(self) -> int:
        """Entries before the padding."""
        return self.at_extras + self.extras

    @property
    def size(self) -> int:
        """Length n of the vectors."""
        return padded(self.used)


@dataclass(frozen=True)
class Relations:
    """Linear relations, already combined by powers of z from z² on.

    Attributes:
        left: factors of d, n entries; zero at the multiplicities.
        right: factors of the extras of r, or None.
        constant: what stands on the other side.
        terms: commitments whose g-parts stand on the other side, with factors.
    """

    left: Vector
    constant: int
    terms: Sequence[tuple[bytes, int]] = ()
    right: Vector | None = None


@dataclass
class Witness:
    """What the prover keeps between the moves.

    Attributes:
        left, right: d and r, n entries each.
        alpha: the challenge of the first move.
        inverses: 1/(α + t).
    """

    shape: Shape
    digits: bytes
    left: Vector
    left_blinding: int
    alpha: int
    inverses: Vector
    right: Vector
    right_blinding: int = 0


def table_inverses(engine: Engine, alpha: int) -> Vector:
    """1/(α + t) for t < 256, with one inversion.

    Raises:
        ProofError: α hits the table, which no honest transcript will ever see.
    """
    products = [1]
    for t in range(TABLE):
        products.append(products[-1] * (alpha + t) % L)
    if products[-1] == 0:
        raise ProofError("a challenge lies in the table")
    rest, inverses = pow(products[-1], -1, L), [0] * TABLE
    for t in reversed(range(TABLE)):
        inverses[t] = rest * products[t] % L
        rest = rest * (alpha + t) % L
    return engine.vector(inverses)


def commit_digits(prover: Prover, digits: bytes, extras: Vector) -> Witness:
    """First move: send C_d, draw α."""
    engine, basis, shape = prover.engine, prover.basis, Shape(len(digits), len(extras))
    counts = Counter(digits)
    left = engine.zeros(shape.size)
    left[shape.digits : shape.at_extras] = engine.vector([counts[t] for t in range(TABLE)])
    left[shape.at_extras : shape.used] = extras
    blinding = prover.nonces.scalar()
    rest = basis.commit(left=left[: shape.used], blinding=blinding)
    prover.send((b"C_d",), (engine.add_points(basis.commit_bytes(digits), rest),))
    left[: shape.digits] = engine.take(engine.vector(range(TABLE)), digits)
    alpha = prover.challenge(b"alpha")
    inverses = table_inverses(engine, alpha)
    right = engine.zeros(shape.size)
    right[: shape.digits] = engine.take(inverses, digits)
    return Witness(shape, digits, left, blinding, alpha, inverses, right)


def commit_reciprocals(prover: Prover, witness: Witness, extras: Vector | None = None) -> None:
    """Second move: send C_r."""
    shape, right = witness.shape, witness.right
    if extras is not None:
        right[shape.at_extras : shape.used] = extras
    witness.right_blinding = prover.nonces.scalar()
    used = right[: shape.digits if extras is None else shape.used]
    prover.send((b"C_r",), (prover.basis.commit(right=used, blinding=witness.right_blinding),))


@dataclass(frozen=True)
class Powers:
    """Challenges of the third move: ω_i = y^(i+1), its inverses, and z."""

    omega: Vector
    inverse: Vector
    z: int


def draw(session: Prover | Verifier, shape: Shape) -> Powers:
    """Third move: draw y and z."""
    y, z = session.challenge(b"y"), session.challenge(b"z")
    inverse = pow(y, -1, L)
    engine = session.engine
    return Powers(engine.powers(y, shape.size, y), engine.powers(inverse, shape.size, inverse), z)


def _scaled_right(
    engine: Engine, shape: Shape, powers: Powers, alpha: int, relations: Relations
) -> Vector:
    """What is added to d: ω^−1 ∘ q, with q = α·ω + z on the digits and the right factors."""
    q = engine.zeros(shape.size)
    digits = engine.scale(alpha, powers.omega[: shape.digits])
    q[: shape.digits] = engine.shift(powers.z, digits)
    if relations.right is not None:
        q[shape.at_extras : shape.used] = relations.right
    return engine.multiply(powers.inverse, q)


def _whole_left(
    engine: Engine, shape: Shape, relations: Relations, inverses: Vector, z: int
) -> Vector:
    """What is added to ω ∘ r: the left factors, and −z/(α + t) at the multiplicities."""
    p = relations.left.copy()
    p[shape.digits : shape.at_extras] = engine.scale(-z, inverses)
    return p


def prove_relations(
    prover: Prover, witness: Witness, powers: Powers, relations: Relations, blinding: int
) -> None:
    """Last move: the inner product; ``blinding`` is Σ f·(blinding of V) over the terms."""
    engine, shape = prover.engine, witness.shape
    shift = _scaled_right(engine, shape, powers, witness.alpha, relations)
    p = _whole_left(engine, shape, relations, witness.inverses, powers.z)
    e = prover.challenge(b"e")
    over_g = engine.scale(e, engine.add(witness.left, shift))
    products = engine.multiply(powers.omega, witness.right)
    over_h = engine.scale(e * e, engine.add(products, p))
    total = e * witness.left_blinding + e * e * witness.right_blinding + e**3 * blinding
    inner_product.prove(prover, over_g, over_h, total % L, powers.inverse)


@dataclass(frozen=True)
class Received:
    """What the verifier has of the first two moves."""

    shape: Shape
    c_d: bytes
    alpha: int
    c_r: bytes


def verify_relations(
    verifier: Verifier, received: Received, powers: Powers, relations: Relations
) -> None:
    """Check the last move.

    Raises:
        ProofError: the proof is malformed.
    """
    engine, shape, alpha = verifier.engine, received.shape, received.alpha
    shift = _scaled_right(engine, shape, powers, alpha, relations)
    p = _whole_left(engine, shape, relations, table_inverses(engine, alpha), powers.z)
    e = verifier.challenge(b"e")
    cube = e**3 % L
    ones = engine.powers(1, shape.digits)
    value = engine.dot(powers.omega[: shape.digits], ones) + engine.dot(shift, p)
    claim = Combination(
        [
            (received.c_d, e),
            (received.c_r, e * e),
            *((encoded, cube * factor) for encoded, factor in relations.terms),
        ],
        engine.scale(e, shift),
        engine.scale(e * e, engine.multiply(powers.inverse, p)),
        cube * (value + relations.constant) % L,
    )
    inner_product.verify(verifier, shape.size, claim, powers.inverse)
