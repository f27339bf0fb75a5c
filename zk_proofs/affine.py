"""The product of a committed row and a committed input: ⟨w, x⟩ = t.

With W = ⟨w, G⟩ + ω·h, X = ⟨x, H⟩ + ξ·h and T = t·g + τ·h, and a challenge e drawn after all
three, the inner product argument is run on

    P = e·W + e²·X + e³·T.

The powers of e keep the three apart: with P = W + X + T a prover could hide in T whatever
makes any t come out. W must be known to lie over G only (:mod:`zk_proofs.bounded_rows`);
then nothing that X or T may contain besides helps (docs/protocols/inference.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zk_proofs import inner_product
from zk_proofs.accumulator import Combination
from zk_proofs.curve import L
from zk_proofs.engine import Vector
from zk_proofs.scaled import Operand, multiplied
from zk_proofs.session import Prover, Verifier

Terms = Sequence[tuple[bytes, int]]


def prove(prover: Prover, row: Operand, inputs: Operand, blindings: tuple[int, int, int]) -> None:
    """Prove the product; ``blindings`` are ω, ξ, τ."""
    engine = prover.engine
    e = prover.challenge(b"e")
    blinding = sum(own * pow(e, i + 1, L) for i, own in enumerate(blindings)) % L
    left, right = multiplied(engine, e, row), multiplied(engine, e * e, inputs)
    inner_product.prove(prover, left, right, blinding)


@dataclass(frozen=True)
class Claim:
    """The three commitments, each a combination of commitments.

    Attributes:
        row: terms of W.
        inputs: terms of X.
        product: terms of T.
        row_left: public part of w, or None.
        value: public part of t.
    """

    row: Terms
    inputs: Terms
    product: Terms
    row_left: Vector | None = None
    value: int = 0


def verify(verifier: Verifier, size: int, claim: Claim) -> None:
    """Check the product of vectors of ``size`` entries.

    Raises:
        ProofError: the proof is malformed.
    """
    e = verifier.challenge(b"e")
    terms = [
        (encoded, factor * pow(e, power, L))
        for power, part in enumerate((claim.row, claim.inputs, claim.product), start=1)
        for encoded, factor in part
    ]
    left = None
    if claim.row_left is not None:
        left = verifier.engine.scale(e, claim.row_left)
    whole = Combination(terms, left, None, pow(e, 3, L) * claim.value)
    inner_product.verify(verifier, size, whole)
