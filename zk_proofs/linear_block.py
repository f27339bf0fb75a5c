"""Statement: a linear model gives these labels (or these scores) on a block of rows.

One argument for all rows (Freivalds 1977): with challenges δ and γ drawn after everything
is committed, Σ_jk δ^j·γ^k·⟨W_k, x_j⟩ is one inner product ⟨Σ γ^k·W_k, Σ δ^j·x_j⟩ = t. Hidden
scores are then tied to t through the digits of the margins; revealed scores are simply put
in. The moves, in order, with what the transcript binds in between:

1. C_d (digits of the margins, scores of the labels)   → α, δ, γ
2. C_r (reciprocals), V_t (commitment to t)
3. product argument for t                              → e, …
4. relations: Σ δ^j·γ^k·s_jk = t + Σ δ^j · Σ γ^k·b_k   → y, z, e, …

With revealed scores only δ, γ and move 3 remain.
"""

from __future__ import annotations

from typing import Any

from redactory.errors import ProofError
from zk_proofs import affine, lookup
from zk_proofs.comparisons import (
    ScoreForm,
    byte_digits,
    chosen_count,
    margin_count,
    margins,
    score_form,
)
from zk_proofs.curve import L
from zk_proofs.engine import Engine, Vector
from zk_proofs.generators import basis_for
from zk_proofs.model import LayerOpening, Opening
from zk_proofs.quantisation import Quantisation, padded
from zk_proofs.randomness import Nonces
from zk_proofs.scaled import Operand, combined, expanded
from zk_proofs.session import Prover, Verifier
from zk_proofs.statement import Block, Rows

KIND = b"linear-block"


def shape_of(policy: Quantisation, rows: int) -> lookup.Shape:
    """Digits and extras of a block."""
    digits = margin_count(policy.classes, rows) * policy.score_digits
    return lookup.Shape(digits, chosen_count(policy.classes, rows))


def basis_size(policy: Quantisation, rows: int, *, revealed: bool) -> int:
    """Generators a side that a block needs."""
    product = padded(policy.inputs)
    return product if revealed else max(product, shape_of(policy, rows).size)


def powers(base: int, count: int) -> list[int]:
    """1, base, base², … modulo ℓ."""
    out, power = [], 1
    for _ in range(count):
        out.append(power)
        power = power * base % L
    return out


def weighted(factors: list[int], values: Any) -> int:
    """Σ f_i·v_i modulo ℓ."""
    return sum(f * int(v) for f, v in zip(factors, values, strict=True)) % L


def fill(engine: Engine, values: Vector, size: int) -> Vector:
    """The vector with zeros behind."""
    return engine.concatenated([values, engine.zeros(size - len(values))])


def prove(block: Block, rows: Rows, opening: Opening, *, engine: Engine, nonces: Nonces) -> bytes:
    """The proof of a block.

    Raises:
        ProofError: the claimed labels or scores are not what the model gives.
    """
    import numpy as np  # noqa: PLC0415 - the prover's side only

    policy, layer = block.model.policy, opening.layers[0]
    inputs = np.asarray(rows.values, np.int64)
    scores = inputs @ np.asarray(layer.weights, np.int64).T + np.asarray(layer.biases, np.int64)
    basis = basis_for(engine, basis_size(policy, block.rows, revealed=block.scores is not None))
    prover = Prover(basis, block.transcript(KIND, engine), nonces)
    if block.scores is not None:
        if not np.array_equal(scores, np.asarray(block.scores)):
            raise ProofError("a score is not what the model gives")
        return _prove_revealed(prover, rows, layer)
    margin, chosen = margins(scores, np.asarray(block.labels, np.int64))
    if (margin < 0).any() or (margin >= 256**policy.score_digits).any():
        raise ProofError("a label is not what the model gives, or a score is beyond its bound")
    digits = byte_digits(margin, policy.score_digits)
    witness = lookup.commit_digits(prover, digits, engine.vector(chosen))
    by_row, by_class = _challenges(prover, block)
    lookup.commit_reciprocals(prover, witness)
    row, vector = _combine(engine, layer.weights, by_class, inputs, by_row)
    tau = prover.nonces.scalar()
    total = engine.dot(expanded(engine, row), expanded(engine, vector))
    prover.send((b"V_t",), (basis.commit(value=total, blinding=tau),))
    blindings = weighted(by_class, layer.row_blindings), weighted(by_row, rows.blindings), tau
    affine.prove(prover, row, vector, blindings)
    drawn = lookup.draw(prover, witness.shape)
    form = score_form(block.labels, by_row, by_class)
    relations = _relations(engine, policy, witness.shape, drawn, form)
    biases = sum(by_row) * weighted(by_class, layer.bias_blindings)
    lookup.prove_relations(prover, witness, drawn, relations, drawn.z**2 * (tau + biases))
    return prover.proof()


def _challenges(session: Prover | Verifier, block: Block) -> tuple[list[int], list[int]]:
    delta, gamma = session.challenge(b"delta"), session.challenge(b"gamma")
    return powers(delta, block.rows), powers(gamma, block.model.policy.classes)


def _combine(
    engine: Engine, weights: Any, by_class: list[int], inputs: Any, by_row: list[int]
) -> tuple[Operand, Operand]:
    size = padded(inputs.shape[1])
    return combined(engine, weights, by_class, size), combined(engine, inputs, by_row, size)


def _prove_revealed(prover: Prover, rows: Rows, layer: LayerOpening) -> bytes:
    delta, gamma = prover.challenge(b"delta"), prover.challenge(b"gamma")
    by_row, by_class = powers(delta, len(rows.blindings)), powers(gamma, len(layer.biases))
    pair = _combine(prover.engine, layer.weights, by_class, rows.values, by_row)
    tau = -sum(by_row) * weighted(by_class, layer.bias_blindings)
    blindings = weighted(by_class, layer.row_blindings), weighted(by_row, rows.blindings), tau
    affine.prove(prover, *pair, blindings)
    return prover.proof()


def _relations(
    engine: Engine,
    policy: Quantisation,
    shape: lookup.Shape,
    drawn: lookup.Powers,
    form: ScoreForm,
) -> lookup.Relations:
    """z²·(score form) = z²·(t + biases); the terms are the caller's."""
    square = drawn.z * drawn.z % L
    places = engine.powers(256, policy.score_digits, square)
    left = engine.zeros(shape.size)
    left[: shape.digits] = engine.outer(engine.vector(form.margins), places)
    left[shape.at_extras : shape.used] = engine.scale(square, engine.vector(form.chosen))
    return lookup.Relations(left, -square * form.constant % L)


def verify(verifier: Verifier, block: Block) -> None:
    """Add the equations of a block's proof.

    Raises:
        ProofError: the proof is malformed.
    """
    policy, layer = block.model.policy, block.model.layers[0]
    size = padded(policy.inputs)
    if block.scores is not None:
        by_row, by_class = _challenges(verifier, block)
        total = sum(
            delta * weighted(by_class, row) for delta, row in zip(by_row, block.scores, strict=True)
        )
        biases = _biases(layer.biases, by_row, by_class, -1)
        claim = _claim(block, by_row, by_class, biases, total % L)
        affine.verify(verifier, size, claim)
        return
    shape = shape_of(policy, block.rows)
    (c_d,) = verifier.receive(b"C_d")
    alpha = verifier.challenge(b"alpha")
    by_row, by_class = _challenges(verifier, block)
    c_r, v_t = verifier.receive(b"C_r", b"V_t")
    affine.verify(verifier, size, _claim(block, by_row, by_class, [(v_t, 1)], 0))
    drawn = lookup.draw(verifier, shape)
    form = score_form(block.labels, by_row, by_class)
    relations = _relations(verifier.engine, policy, shape, drawn, form)
    square = drawn.z * drawn.z % L
    terms = [(v_t, square), *_biases(layer.biases, by_row, by_class, square)]
    relations = lookup.Relations(relations.left, relations.constant, terms)
    received = lookup.Received(shape, c_d, alpha, c_r)
    lookup.verify_relations(verifier, received, drawn, relations)


def _biases(
    biases: tuple[bytes, ...], by_row: list[int], by_class: list[int], factor: int
) -> list[tuple[bytes, int]]:
    """factor·Σ δ^j·Σ γ^k·B_k."""
    total = factor * sum(by_row) % L
    return [(point, total * gamma) for point, gamma in zip(biases, by_class, strict=True)]


def _claim(
    block: Block,
    by_row: list[int],
    by_class: list[int],
    product: list[tuple[bytes, int]],
    value: int,
) -> affine.Claim:
    rows = block.model.layers[0].rows
    return affine.Claim(
        list(zip(rows, by_class, strict=True)),
        list(zip(block.inputs, by_row, strict=True)),
        product,
        None,
        value,
    )
