"""Statement: committed rows lie over one side of the bases only, and within their bounds.

For model rows (over G, with their biases) this is what makes every later proof sound; for
inputs (over H) it is the optional strict proof. With challenges after the digits of all
values are committed, the rows are combined by powers of ρ, D of them a row for D the padded
length, and the linear form argument opens

    Σ_k ρ^(D·k)·C_k + e·V_t    to a vector w with ⟨w, (1, ρ, ρ², …)⟩ = t.

The lookup argument ties t to the digits of value − low, and those to the digits of
high − value where the bounds are not whole bytes. Entries beyond the true length have no
digits, so they must be zero.

Moves: C_d → α, ρ | C_r, V_t → e, the linear form | y, z, the relations.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redactory.errors import ProofError
from zk_proofs import linear_form, lookup
from zk_proofs.accumulator import Combination
from zk_proofs.comparisons import byte_digits
from zk_proofs.curve import L
from zk_proofs.engine import Engine, Vector
from zk_proofs.generators import basis_for
from zk_proofs.linear_block import fill, powers, weighted
from zk_proofs.quantisation import Interval, padded
from zk_proofs.randomness import Nonces
from zk_proofs.session import Prover, Verifier
from zk_proofs.transcript import Transcript

_NONE = Interval(0, 0)


@dataclass(frozen=True)
class BoundedRows:
    """The public statement.

    Attributes:
        side: ``linear_form.LEFT`` for model rows, ``RIGHT`` for inputs.
        rows: commitments to rows of ``width`` values.
        width: values in a row.
        bounds: of every value.
        numbers: commitments over g, for biases; may be empty.
        number_bounds: of these.
        context: what else the proof is bound to.
    """

    side: bytes
    rows: Sequence[bytes]
    width: int
    bounds: Interval
    context: bytes
    numbers: Sequence[bytes] = ()
    number_bounds: Interval = _NONE

    @property
    def groups(self) -> list[tuple[int, int, Interval]]:
        """(first power of z, how many values, bounds) of the rows, and of the numbers."""
        found = [(2, len(self.rows) * self.width, self.bounds)]
        if self.numbers:
            found.append((4, len(self.numbers), self.number_bounds))
        return found

    @property
    def shape(self) -> lookup.Shape:
        """Digits of value − low and, unless the bounds are whole bytes, of high − value."""
        digits = sum(
            count * bounds.digits * (1 if bounds.is_full else 2) for _, count, bounds in self.groups
        )
        return lookup.Shape(digits, 0)

    @property
    def basis_size(self) -> int:
        """Generators a side that the proof needs."""
        return max(padded(self.width), self.shape.size)

    def transcript(self, engine: Engine) -> Transcript:
        """A transcript that the statement has entered."""
        transcript = Transcript(b"redactory/proof/v1", engine.permute)
        transcript.append(b"statement", b"bounded-rows")
        transcript.append(b"context", self.context)
        transcript.append(b"side", self.side)
        transcript.append_number(b"width", self.width)
        for label, points in ((b"row", self.rows), (b"number", self.numbers)):
            transcript.append_number(b"count", len(points))
            for point in points:
                transcript.append(label, point)
        for bounds in (self.bounds, self.number_bounds):
            for value in (bounds.low, bounds.high):
                transcript.append(b"bound", value.to_bytes(8, "little", signed=True))
        return transcript


@dataclass(frozen=True)
class RowsOpening:
    """What is inside: rows × width integers and their blindings, numbers and theirs."""

    values: Any
    blindings: Sequence[int]
    numbers: Any = ()
    number_blindings: Sequence[int] = ()

    def __repr__(self) -> str:
        return f"RowsOpening({len(self.blindings)})"


def _digits(values: Any, bounds: Interval) -> bytes:
    import numpy as np  # noqa: PLC0415 - the prover's side only

    flat = np.asarray(values, np.int64).reshape(-1)
    if ((flat < bounds.low) | (flat > bounds.high)).any():
        raise ProofError("a value lies outside the bounds of the policy")
    found = byte_digits(flat - bounds.low, bounds.digits)
    if bounds.is_full:
        return found
    return found + byte_digits(bounds.high - flat, bounds.digits)


def _rho_powers(engine: Engine, rho: int, rows: int, width: int) -> Vector:
    """Factors ρ^(D·k + i) for i < width, row after row."""
    by_row = engine.powers(pow(rho, padded(width), L), rows)
    return engine.outer(by_row, engine.powers(rho, width))


def _relations(
    engine: Engine, public: BoundedRows, drawn: lookup.Powers, rho: int
) -> tuple[Vector, int]:
    """Left factors, and the constant: the values' sum, and that both sides of a bound agree."""
    left, constant, at = engine.zeros(public.shape.size), 0, 0
    for first, count, bounds in public.groups:
        if first == 2:
            factors = _rho_powers(engine, rho, len(public.rows), public.width)
        else:
            factors = engine.powers(rho, count)
        total = engine.dot(factors, engine.powers(1, count))
        sums, agree = pow(drawn.z, first, L), pow(drawn.z, first + 1, L)
        places = engine.powers(256, bounds.digits)
        width = count * bounds.digits
        here = sums if bounds.is_full else sums + agree
        left[at : at + width] = engine.outer(engine.scale(here, factors), places)
        at += width
        constant -= sums * bounds.low * total
        if not bounds.is_full:
            left[at : at + width] = engine.outer(engine.scale(agree, factors), places)
            at += width
            constant += agree * (bounds.high - bounds.low) * total
    return left, constant % L


def prove(public: BoundedRows, opening: RowsOpening, *, engine: Engine, nonces: Nonces) -> bytes:
    """The proof.

    Raises:
        ProofError: a value lies outside its bounds.
    """
    basis = basis_for(engine, public.basis_size)
    prover = Prover(basis, public.transcript(engine), nonces)
    digits = _digits(opening.values, public.bounds)
    if public.numbers:
        digits += _digits(opening.numbers, public.number_bounds)
    witness = lookup.commit_digits(prover, digits, engine.zeros(0))
    rho, size = prover.challenge(b"rho"), padded(public.width)
    by_row = powers(pow(rho, size, L), len(public.rows))
    form = engine.powers(rho, size)
    row = fill(engine, engine.combine(opening.values, by_row), size)
    lookup.commit_reciprocals(prover, witness)
    tau, total = prover.nonces.scalar(), engine.dot(row, form)
    prover.send((b"V_t",), (basis.commit(value=total, blinding=tau),))
    e = prover.challenge(b"e")
    blinding = weighted(by_row, opening.blindings) + e * tau
    linear_form.prove(prover, public.side, row, engine.scale(e, form), blinding)
    drawn = lookup.draw(prover, public.shape)
    left, constant = _relations(engine, public, drawn, rho)
    numbers = weighted(powers(rho, len(public.numbers)), opening.number_blindings)
    blinding = drawn.z**2 * tau + drawn.z**4 * numbers
    lookup.prove_relations(prover, witness, drawn, lookup.Relations(left, constant), blinding)
    return prover.proof()


def verify(verifier: Verifier, public: BoundedRows) -> None:
    """Add the equations of the proof.

    Raises:
        ProofError: the proof is malformed.
    """
    engine = verifier.engine
    (c_d,) = verifier.receive(b"C_d")
    alpha, rho = verifier.challenge(b"alpha"), verifier.challenge(b"rho")
    c_r, v_t = verifier.receive(b"C_r", b"V_t")
    e, size = verifier.challenge(b"e"), padded(public.width)
    by_row = powers(pow(rho, size, L), len(public.rows))
    terms = [*zip(public.rows, by_row, strict=True), (v_t, e)]
    form = engine.powers(rho, size, e)
    linear_form.verify(verifier, public.side, form, Combination(terms))
    drawn = lookup.draw(verifier, public.shape)
    left, constant = _relations(engine, public, drawn, rho)
    square, fourth = pow(drawn.z, 2, L), pow(drawn.z, 4, L)
    by_number = powers(rho, len(public.numbers))
    terms = [(v_t, square)]
    terms += [(p, fourth * f) for p, f in zip(public.numbers, by_number, strict=True)]
    relations = lookup.Relations(left, constant, terms)
    received = lookup.Received(public.shape, c_d, alpha, c_r)
    lookup.verify_relations(verifier, received, drawn, relations)
