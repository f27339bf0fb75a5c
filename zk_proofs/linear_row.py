"""Statement: a linear model gives this label on one row, in the fewest bytes.

A single margin needs no table of 256 entries, so bits are shorter than digits here:

1. V_k, a commitment to each score                       → γ
2. product argument: ⟨Σ γ^k·W_k, x⟩ = Σ γ^k·(s_k − b_k)  → e, …
3. bit ranges of the margins, as combinations of the V_k

Every margin is in [0, 2^b), b the least power of two that holds the policy's digits; the
list is filled up with zeros to a power of two.
"""

from __future__ import annotations

from redactory.errors import ProofError
from zk_proofs import affine, bit_range
from zk_proofs.accumulator import Combination
from zk_proofs.curve import L
from zk_proofs.engine import Engine
from zk_proofs.generators import basis_for
from zk_proofs.linear_block import powers, weighted
from zk_proofs.model import Opening
from zk_proofs.quantisation import Quantisation, padded
from zk_proofs.randomness import Nonces
from zk_proofs.scaled import combined
from zk_proofs.session import Prover, Verifier
from zk_proofs.statement import Block, Rows

KIND = b"linear-row"


def margin_bits(policy: Quantisation) -> int:
    """Bits of a margin: 8, 16, 32 or 64."""
    return 8 * padded(policy.score_digits)


def _margins(policy: Quantisation) -> int:
    return padded(max(policy.classes - 1, 1))


def basis_size(policy: Quantisation) -> int:
    """Generators a side that a row needs."""
    return max(padded(policy.inputs), margin_bits(policy) * _margins(policy))


def _terms(label: int, classes: int) -> list[tuple[list[tuple[int, int]], int]]:
    """Each margin as ([(class, factor)], constant)."""
    if classes == 1:
        return [([(0, 1)], 0)] if label else [([(0, -1)], -1)]
    return [([(label, 1), (k, -1)], -int(k < label)) for k in range(classes) if k != label]


def prove(block: Block, rows: Rows, opening: Opening, *, engine: Engine, nonces: Nonces) -> bytes:
    """The proof of a block of one row with a hidden score.

    Raises:
        ProofError: the claimed label is not what the model gives.
    """
    import numpy as np  # noqa: PLC0415 - the prover's side only

    _one_hidden_row(block)
    policy, layer = block.model.policy, opening.layers[0]
    inputs = np.asarray(rows.values, np.int64)
    scores = (inputs @ np.asarray(layer.weights, np.int64).T)[0] + np.asarray(layer.biases)
    exact = [int(score) for score in scores]
    terms = _terms(block.labels[0], policy.classes)
    margins = [sum(f * exact[k] for k, f in parts) + constant for parts, constant in terms]
    if any(not 0 <= margin < 256**policy.score_digits for margin in margins):
        raise ProofError("a label is not what the model gives, or a score is beyond its bound")
    basis = basis_for(engine, basis_size(policy))
    prover = Prover(basis, block.transcript(KIND, engine), nonces)
    own = prover.nonces.scalars(policy.classes)
    points = [basis.commit(value=s, blinding=r) for s, r in zip(exact, own, strict=True)]
    prover.send([b"V"] * policy.classes, points)
    by_class = powers(prover.challenge(b"gamma"), policy.classes)
    size = padded(policy.inputs)
    row = combined(engine, layer.weights, by_class, size)
    vector = combined(engine, inputs, [1], size)
    tau = weighted(by_class, own) - weighted(by_class, layer.bias_blindings)
    blindings = weighted(by_class, layer.row_blindings), rows.blindings[0], tau
    affine.prove(prover, row, vector, blindings)
    spare = _margins(policy) - len(margins)
    hidden = [sum(f * own[k] for k, f in parts) for parts, _ in terms]
    bit_range.prove(prover, margins + [0] * spare, hidden + [0] * spare, margin_bits(policy))
    return prover.proof()


def _one_hidden_row(block: Block) -> None:
    if block.rows != 1 or block.scores is not None:
        raise ProofError("this form of proof is for one row with a hidden score")


def verify(verifier: Verifier, block: Block) -> None:
    """Add the equations of a row's proof.

    Raises:
        ProofError: the proof is malformed.
    """
    _one_hidden_row(block)
    policy, layer = block.model.policy, block.model.layers[0]
    scores = verifier.receive(*[b"V"] * policy.classes)
    by_class = powers(verifier.challenge(b"gamma"), policy.classes)
    product = list(zip(scores, by_class, strict=True))
    product += [(point, L - f) for point, f in zip(layer.biases, by_class, strict=True)]
    rows = list(zip(layer.rows, by_class, strict=True))
    claim = affine.Claim(rows, [(block.inputs[0], 1)], product)
    affine.verify(verifier, padded(policy.inputs), claim)
    claims = [
        Combination([(scores[k], factor) for k, factor in parts], value=constant)
        for parts, constant in _terms(block.labels[0], policy.classes)
    ]
    claims += [Combination([])] * (_margins(policy) - len(claims))
    bit_range.verify(verifier, margin_bits(policy), claims)
