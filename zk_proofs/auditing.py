"""Verifying proof files: one, or many in a single sum of points.

Needs neither a key nor a model's parameters nor an input. What the caller must bring from
a source it trusts (the ledger): the expected context, the model and the points. On failure
the batch is halved until each bad file is named.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from redactory.errors import ProofError
from zk_proofs.accumulator import Accumulator
from zk_proofs.context import Context
from zk_proofs.engine import Engine, default_engine
from zk_proofs.generators import basis_for
from zk_proofs.inputs import points_root
from zk_proofs.model import Model
from zk_proofs.proof_file import ProofFile, label_commitment
from zk_proofs.randomness import Random
from zk_proofs.reader import ElementReader
from zk_proofs.session import Verifier
from zk_proofs.statement import Block
from zk_proofs.statements import basis_size, kind_of, verify_block


@dataclass(frozen=True)
class Evidence:
    """One proof file with everything needed to judge it.

    Attributes:
        proof: bytes of the file.
        context: what the file must be about, from the ledger.
        model: the model it must be about, its rows known to be bounded.
        points: commitments to all rows of the shard.
        labels: the labels, if only a commitment to them is public; with their salt.
        name: for errors.
    """

    proof: bytes
    context: Context
    model: Model
    points: Sequence[bytes]
    labels: Sequence[int] | None = field(default=None, repr=False)
    salt: bytes = field(default=b"", repr=False)
    name: str = "proof"


@dataclass(frozen=True)
class Judged:
    """The verdict on one proof file.

    Attributes:
        fault: what is wrong, or empty.
        labels: the proven labels, if there is no fault.
        scores: the proven scores, if there is no fault and they are revealed.
    """

    name: str
    fault: str
    labels: tuple[int, ...] = ()
    scores: tuple[tuple[int, ...], ...] = ()


def verify_file(
    evidence: Evidence, *, engine: Engine | None = None, randomness: Random = os.urandom
) -> Judged:
    """Verify one file.

    Raises:
        ProofError: it does not prove what it should.
    """
    judged = audit([evidence], engine=engine, randomness=randomness)[0]
    if judged.fault:
        raise ProofError(judged.fault, where=evidence.name)
    return judged


def audit(
    evidence: Sequence[Evidence], *, engine: Engine | None = None, randomness: Random = os.urandom
) -> list[Judged]:
    """Verify many files in one sum; names every file that is wrong.

    Args:
        evidence: the files.
        engine: does the arithmetic.
        randomness: must be unpredictable to whoever made the files.
    """
    chosen = engine or default_engine()
    found: list[Judged | None] = []
    blocks: dict[int, list[_Part]] = {}
    for index, one in enumerate(evidence):
        try:
            blocks[index] = _parts(one)
            found.append(None)
        except ProofError as error:
            found.append(Judged(one.name, str(error)))
    bad = _bad(list(blocks), blocks, chosen, randomness)
    for index, parts in blocks.items():
        if index in bad:
            found[index] = Judged(evidence[index].name, "the proof does not verify")
            continue
        labels = tuple(label for part in parts for label in part.block.labels)
        scores = tuple(tuple(row) for part in parts for row in part.block.scores or ())
        found[index] = Judged(evidence[index].name, "", labels, scores)
    return [one for one in found if one is not None]


@dataclass(frozen=True)
class _Part:
    block: Block
    form: str
    proof: bytes

    @property
    def basis_size(self) -> int:
        return basis_size(
            self.block.model.policy,
            self.block.rows,
            form=self.form,
            revealed=self.block.scores is not None,
        )


def _parts(evidence: Evidence) -> list[_Part]:
    """Everything that can be checked without the group."""
    context, model, name = evidence.context, evidence.model, evidence.name
    file = ProofFile.decode(evidence.proof, where=name)
    if file.context != context:
        raise ProofError("it is about something else than recorded")
    if context.model_id != model.model_id:
        raise ProofError("it is about another model")
    if context.first + context.rows > len(evidence.points):
        raise ProofError("it covers rows that the shard does not have")
    if points_root(evidence.points) != context.points_root:
        raise ProofError("the points are not those that were recorded")
    labels = _committed_labels(evidence)
    encoded, parts = context.encode(), []
    for (first, rows), block in zip(context.blocks(), file.blocks, strict=True):
        at = first - context.first
        claimed = block.labels if labels is None else labels[at : at + rows]
        statement = Block(
            model,
            evidence.points[first : first + rows],
            claimed or (),
            encoded,
            first,
            block.scores,
        )
        part = _Part(statement, context.form, block.proof)
        if part.basis_size:
            parts.append(part)
    return parts


def _committed_labels(evidence: Evidence) -> tuple[int, ...] | None:
    if evidence.context.labels == "public":
        return None
    if evidence.labels is None:
        raise ProofError("its labels are committed only; they and their salt are needed")
    labels = tuple(int(label) for label in evidence.labels)
    if len(labels) != evidence.context.rows or any(not 0 <= label < 2**32 for label in labels):
        raise ProofError("the labels given are not those committed to")
    if label_commitment(list(labels), evidence.salt) != evidence.context.label_commitment:
        raise ProofError("the labels given are not those committed to")
    return labels


def _bad(
    indices: list[int], blocks: dict[int, list[_Part]], engine: Engine, randomness: Random
) -> set[int]:
    """Indices of the files that do not verify, by halving."""
    if not indices:
        return set()
    parts = [part for index in indices for part in blocks[index]]
    if _together(parts, engine, randomness):
        return set()
    if len(indices) == 1:
        return set(indices)
    middle = len(indices) // 2
    return _bad(indices[:middle], blocks, engine, randomness) | _bad(
        indices[middle:], blocks, engine, randomness
    )


def _together(parts: list[_Part], engine: Engine, randomness: Random) -> bool:
    basis = basis_for(engine, max(part.basis_size for part in parts))
    accumulator = Accumulator(basis, randomness)
    try:
        for part in parts:
            transcript = part.block.transcript(kind_of(part.block.model.policy, part.form), engine)
            verifier = Verifier(accumulator, transcript, ElementReader(part.proof))
            verify_block(verifier, part.block, part.form)
        return accumulator.holds()
    except ProofError:
        return False
