"""The optional proof that a shard's committed rows are within their bounds, over H only.

Without it, that inputs are within the model's bounds is an assumption on whoever committed
them (honest ingest). It costs about as much for a row as proving thousands of margins, so a
run asks for it; one proof covers as many rows as fill the vectors of the lookup argument.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from redactory.canonical import canonical_json
from redactory.errors import ProofError
from zk_proofs import bounded_rows, linear_form
from zk_proofs.accumulator import Accumulator
from zk_proofs.bounded_rows import BoundedRows, RowsOpening
from zk_proofs.engine import Engine, default_engine
from zk_proofs.generators import basis_for
from zk_proofs.lookup import TABLE
from zk_proofs.quantisation import Quantisation
from zk_proofs.randomness import Nonces, Random
from zk_proofs.reader import ElementReader
from zk_proofs.session import Verifier
from zk_proofs.statement import Rows

_VECTOR = 4096


def _statements(
    policy: Quantisation, points: Sequence[bytes], root: str
) -> list[tuple[int, BoundedRows]]:
    one = policy.inputs * policy.input.digits * (1 if policy.input.is_full else 2)
    step = max(1, (_VECTOR - TABLE) // one)
    return [
        (
            first,
            BoundedRows(
                linear_form.RIGHT,
                points[first : first + step],
                policy.inputs,
                policy.input,
                canonical_json({"first": first, "points_root": root}),
            ),
        )
        for first in range(0, len(points), step)
    ]


def prove_inputs(
    policy: Quantisation,
    rows: Rows,
    points: Sequence[bytes],
    root: str,
    *,
    engine: Engine | None = None,
    randomness: Random = os.urandom,
) -> list[bytes]:
    """Proofs for all rows of a shard.

    Args:
        policy: holds the bounds.
        rows: the whole shard.
        points: the commitments to its rows.
        root: their recorded root.
        engine: does the arithmetic.
        randomness: source of the nonces.

    Raises:
        ProofError: an input lies outside the bounds.
    """
    chosen, proofs = engine or default_engine(), []
    for first, statement in _statements(policy, points, root):
        part = slice(first, first + len(statement.rows))
        secret = RowsOpening(rows.values[part], rows.blindings[part])
        bound = b"".join(one.to_bytes(32, "little") for one in secret.blindings)
        nonces = Nonces(randomness, statement.context, bound)
        proofs.append(bounded_rows.prove(statement, secret, engine=chosen, nonces=nonces))
    return proofs


def verify_inputs(
    policy: Quantisation,
    points: Sequence[bytes],
    root: str,
    proofs: Sequence[bytes],
    *,
    engine: Engine | None = None,
    randomness: Random = os.urandom,
) -> None:
    """Verify the proofs of a shard.

    Raises:
        ProofError: they do not show that every row is within bounds.
    """
    chosen = engine or default_engine()
    statements = [statement for _, statement in _statements(policy, points, root)]
    if len(statements) != len(proofs):
        raise ProofError("there is not a proof for every row")
    size = max((one.basis_size for one in statements), default=1)
    accumulator = Accumulator(basis_for(chosen, size), randomness)
    for statement, proof in zip(statements, proofs, strict=True):
        reader = ElementReader(proof, where="proof of inputs")
        verifier = Verifier(accumulator, statement.transcript(chosen), reader)
        bounded_rows.verify(verifier, statement)
        reader.end()
    if not accumulator.holds():
        raise ProofError("the inputs are not proven to be within their bounds")
