"""Statement: a network with one hidden layer gives these labels (or scores) on a block.

Both affine layers are product arguments as in :mod:`zk_proofs.linear_block`. Between them
stand the relations of one lookup argument. With a_jk the input of hidden unit k for row j:

* relu: a = p − n with p·n = 0, p and n made of digits, so p = max(a, 0);
* square: a·a = q, q made of digits;
* h_jk, the input of the second layer, is p or q without its ``shift`` low digits.

Moves: C_d → α, δ, γ₁, γ₂ | C_h (commitment to Σ_j δ^j·h_j over H), C_r → θ, κ | V_1, V_2,
then the two product arguments, then the relations. The second product is over the row
Σ γ₂^k·W_k + κ·(1, θ, θ², …), so that it ties C_h to the digits as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from redactory.errors import ProofError
from zk_proofs import affine, lookup
from zk_proofs.comparisons import (
    byte_digits,
    chosen_count,
    margin_count,
    margins,
    score_form,
)
from zk_proofs.curve import L
from zk_proofs.engine import Engine, Vector
from zk_proofs.generators import basis_for
from zk_proofs.linear_block import fill, powers, weighted
from zk_proofs.model import Opening
from zk_proofs.quantisation import Quantisation, padded
from zk_proofs.randomness import Nonces
from zk_proofs.session import Prover, Verifier
from zk_proofs.statement import Block, Rows

KIND = b"mlp-block"


@dataclass(frozen=True)
class Layout:
    """Where the groups of values stand: activations first, margins behind them.

    Attributes:
        units: hidden values of the block, rows × hidden; relu has two groups of them.
        margins: margins of the block; none if scores are revealed.
    """

    policy: Quantisation
    units: int
    margins: int
    chosen: int

    @property
    def groups(self) -> int:
        """Groups of activated values: p and n, or q."""
        return 2 if self.policy.activation == "relu" else 1

    @property
    def at_margins(self) -> int:
        """Position of the first digit of a margin."""
        return self.groups * self.units * self.policy.hidden_digits

    @property
    def shape(self) -> lookup.Shape:
        """Digits and extras: the hidden values, then the scores of the labels."""
        digits = self.at_margins + self.margins * self.policy.score_digits
        return lookup.Shape(digits, self.units + self.chosen)


def layout_of(policy: Quantisation, rows: int, *, revealed: bool) -> Layout:
    """The layout of a block."""
    classes = policy.classes
    counts = (0, 0) if revealed else (margin_count(classes, rows), chosen_count(classes, rows))
    return Layout(policy, rows * policy.hidden, *counts)


def basis_size(policy: Quantisation, rows: int, *, revealed: bool) -> int:
    """Generators a side that a block needs."""
    shape = layout_of(policy, rows, revealed=revealed).shape
    return max(padded(policy.inputs), padded(policy.hidden), shape.size)


@dataclass(frozen=True)
class Challenges:
    """Powers of δ (rows), γ₁ (hidden), γ₂ (classes) and θ (hidden), and κ."""

    by_row: list[int]
    by_unit: list[int]
    by_class: list[int]
    by_theta: list[int]
    kappa: int


def _first(session: Prover | Verifier, block: Block) -> tuple[list[int], list[int], list[int]]:
    policy = block.model.policy
    counts = (block.rows, policy.hidden, policy.classes)
    labels = (b"delta", b"gamma_1", b"gamma_2")
    delta, first, second = (
        powers(session.challenge(label), count) for label, count in zip(labels, counts, strict=True)
    )
    return delta, first, second


def _second(
    session: Prover | Verifier, block: Block, first: tuple[list[int], list[int], list[int]]
) -> Challenges:
    theta, kappa = session.challenge(b"theta"), session.challenge(b"kappa")
    return Challenges(*first, powers(theta, block.model.policy.hidden), kappa)


def _relations(
    engine: Engine, block: Block, layout: Layout, drawn: lookup.Powers, known: Challenges
) -> lookup.Relations:
    """Layer 1 under z², layer 2 under z³, each hidden value under two further powers."""
    policy, z = block.model.policy, drawn.z
    square, cube = z * z % L, pow(z, 3, L)
    shape, units = layout.shape, layout.units
    place = engine.powers(256, policy.hidden_digits)
    by_row = engine.vector(known.by_row)
    first = engine.outer(engine.scale(square, by_row), engine.vector(known.by_unit))
    second = engine.outer(engine.scale(cube * known.kappa, by_row), engine.vector(known.by_theta))
    kept = engine.concatenated([engine.zeros(policy.shift), place[: len(place) - policy.shift]])
    ties = engine.powers(z * z, units, pow(z, 4, L))
    others = engine.scale(z, ties)
    left, width = engine.zeros(shape.size), units * policy.hidden_digits
    passed = engine.outer(second, kept)
    if policy.activation == "relu":
        here = engine.add(passed, engine.outer(engine.subtract(first, ties), place))
        left[:width] = here
        there = engine.add(first, others)
        left[width : 2 * width] = engine.scale(-1, engine.outer(there, place))
        left[shape.at_extras : shape.at_extras + units] = ties
        right = others
    else:
        products = drawn.omega[shape.at_extras : shape.at_extras + units]
        left[:width] = engine.subtract(passed, engine.outer(products, place))
        left[shape.at_extras : shape.at_extras + units] = engine.add(first, ties)
        right = engine.scale(-1, ties)
    right = engine.concatenated([right, engine.zeros(layout.chosen)])
    constant = _score_part(block, layout, left, cube, known, engine=engine)
    return lookup.Relations(left, constant, (), right)


def _score_part(
    block: Block, layout: Layout, left: Vector, cube: int, known: Challenges, *, engine: Engine
) -> int:
    """Put the scores' part of layer 2 into ``left``; returns the constant on the other side."""
    if block.scores is not None:
        pairs = zip(known.by_row, block.scores, strict=True)
        return -cube * sum(delta * weighted(known.by_class, row) for delta, row in pairs) % L
    form = score_form(block.labels, known.by_row, known.by_class)
    places = engine.powers(256, block.model.policy.score_digits, cube)
    shape = layout.shape
    left[layout.at_margins : shape.digits] = engine.outer(engine.vector(form.margins), places)
    at_chosen = shape.at_extras + layout.units
    left[at_chosen : shape.used] = engine.scale(cube, engine.vector(form.chosen))
    return -cube * form.constant % L


@dataclass(frozen=True)
class _Values:
    """The witness in integers: arrays of shape (rows, hidden) and what follows from them."""

    before: Any
    positive: Any
    negative: Any
    hidden: Any
    digits: bytes
    chosen: Any


def _evaluate(block: Block, rows: Rows, opening: Opening, layout: Layout) -> _Values:
    import numpy as np  # noqa: PLC0415 - the prover's side only

    policy = block.model.policy
    weights = [np.asarray(layer.weights, np.int64) for layer in opening.layers]
    biases = [np.asarray(layer.biases, np.int64) for layer in opening.layers]
    before = np.asarray(rows.values, np.int64) @ weights[0].T + biases[0]
    if (np.abs(before) > policy.bound_before).any():
        raise ProofError("a hidden value is beyond the model's bound")
    relu = policy.activation == "relu"
    positive = np.maximum(before, 0) if relu else before * before
    negative = np.maximum(-before, 0)
    hidden = positive >> (8 * policy.shift)
    scores = hidden @ weights[1].T + biases[1]
    groups = (positive, negative) if relu else (positive,)
    digits = b"".join(byte_digits(group, policy.hidden_digits) for group in groups)
    chosen = scores[:0, 0]
    if block.scores is not None:
        if not np.array_equal(scores, np.asarray(block.scores)):
            raise ProofError("a score is not what the model gives")
    else:
        margin, chosen = margins(scores, np.asarray(block.labels, np.int64))
        if (margin < 0).any() or (margin >= 256**policy.score_digits).any():
            raise ProofError("a label is not what the model gives, or a score is beyond its bound")
        digits += byte_digits(margin, policy.score_digits)
    if len(digits) != layout.shape.digits:
        raise ProofError("the rows do not have the shape of the block")
    return _Values(before, positive, negative, hidden, digits, chosen)


def prove(block: Block, rows: Rows, opening: Opening, *, engine: Engine, nonces: Nonces) -> bytes:
    """The proof of a block.

    Raises:
        ProofError: the claimed labels or scores are not what the model gives.
    """
    import numpy as np  # noqa: PLC0415 - the prover's side only

    policy, revealed = block.model.policy, block.scores is not None
    layout = layout_of(policy, block.rows, revealed=revealed)
    found = _evaluate(block, rows, opening, layout)
    basis = basis_for(engine, basis_size(policy, block.rows, revealed=revealed))
    prover = Prover(basis, block.transcript(KIND, engine), nonces)
    relu = policy.activation == "relu"
    here, there = (found.positive, found.negative) if relu else (found.before, found.before)
    extras = engine.vector(np.concatenate([here.reshape(-1), found.chosen]))
    witness = lookup.commit_digits(prover, found.digits, extras)
    first = _first(prover, block)
    hidden = engine.combine(found.hidden, first[0])
    h_blinding = prover.nonces.scalar()
    prover.send((b"C_h",), (basis.commit(right=hidden, blinding=h_blinding),))
    padding = engine.zeros(layout.chosen)
    others = engine.concatenated([engine.vector(there.reshape(-1)), padding])
    lookup.commit_reciprocals(prover, witness, others)
    known = _second(prover, block, first)
    inputs = engine.combine(rows.values, known.by_row)
    one = engine.combine(opening.layers[0].weights, known.by_unit)
    two = engine.combine(opening.layers[1].weights, known.by_class)
    two = engine.add_scaled(known.kappa, engine.vector(known.by_theta), two)
    taus = prover.nonces.scalars(2)
    dots = engine.dot(one, inputs), engine.dot(two, hidden)
    points = [basis.commit(value=v, blinding=r) for v, r in zip(dots, taus, strict=True)]
    prover.send((b"V_1", b"V_2"), points)
    sides = (
        (one, inputs, known.by_unit, weighted(known.by_row, rows.blindings)),
        (two, hidden, known.by_class, h_blinding),
    )
    for (row, vector, factors, own), layer, tau in zip(sides, opening.layers, taus, strict=True):
        size = padded(len(row))
        blindings = weighted(factors, layer.row_blindings), own, tau
        affine.prove(prover, fill(engine, row, size), fill(engine, vector, size), blindings)
    drawn = lookup.draw(prover, witness.shape)
    relations = _relations(engine, block, layout, drawn, known)
    total, blinding = sum(known.by_row), 0
    for power, factors, layer, tau in zip(
        (2, 3), (known.by_unit, known.by_class), opening.layers, taus, strict=True
    ):
        blinding += drawn.z**power * (tau + total * weighted(factors, layer.bias_blindings))
    lookup.prove_relations(prover, witness, drawn, relations, blinding)
    return prover.proof()


def verify(verifier: Verifier, block: Block) -> None:
    """Add the equations of a block's proof.

    Raises:
        ProofError: the proof is malformed.
    """
    policy, layers = block.model.policy, block.model.layers
    engine = verifier.engine
    layout = layout_of(policy, block.rows, revealed=block.scores is not None)
    (c_d,) = verifier.receive(b"C_d")
    alpha = verifier.challenge(b"alpha")
    first = _first(verifier, block)
    c_h, c_r = verifier.receive(b"C_h", b"C_r")
    known = _second(verifier, block, first)
    v_1, v_2 = verifier.receive(b"V_1", b"V_2")
    inputs = list(zip(block.inputs, known.by_row, strict=True))
    rows = list(zip(layers[0].rows, known.by_unit, strict=True))
    affine.verify(verifier, padded(policy.inputs), affine.Claim(rows, inputs, [(v_1, 1)]))
    rows = list(zip(layers[1].rows, known.by_class, strict=True))
    form = engine.scale(known.kappa, engine.vector(known.by_theta))
    claim = affine.Claim(rows, [(c_h, 1)], [(v_2, 1)], form)
    affine.verify(verifier, padded(policy.hidden), claim)
    drawn = lookup.draw(verifier, layout.shape)
    relations = _relations(engine, block, layout, drawn, known)
    total, terms = sum(known.by_row), []
    for power, factors, layer, v_t in zip(
        (2, 3), (known.by_unit, known.by_class), layers, (v_1, v_2), strict=True
    ):
        scale = pow(drawn.z, power, L)
        terms.append((v_t, scale))
        pairs = zip(layer.biases, factors, strict=True)
        terms += [(point, scale * total * factor) for point, factor in pairs]
    relations = lookup.Relations(relations.left, relations.constant, terms, relations.right)
    received = lookup.Received(layout.shape, c_d, alpha, c_r)
    lookup.verify_relations(verifier, received, drawn, relations)
