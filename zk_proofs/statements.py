"""Which statement a block is: one table for prover, verifier and the size of the bases."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

from redactory.errors import PolicyError, ProofError
from zk_proofs import linear_block, linear_row, lookup, mlp_block
from zk_proofs.quantisation import Quantisation
from zk_proofs.session import Verifier
from zk_proofs.statement import Block

# Vectors of the lookup argument in a block, unless one row needs more.
_VECTOR: Final = 4096
# No verifier builds bases beyond this, whatever a model or a file asks for.
MOST_GENERATORS: Final = 2**16
_REVEALED_ROWS: Final = 4096


def module_of(policy: Quantisation, form: str) -> ModuleType:
    """The module of a statement."""
    if policy.hidden:
        if form == "row":
            raise ProofError("a network has no shorter form for one row")
        return mlp_block
    return linear_row if form == "row" else linear_block


def basis_size(policy: Quantisation, rows: int, *, form: str, revealed: bool) -> int:
    """Generators a side for a block.

    Raises:
        ProofError: more than any verifier would build.
    """
    module: Any = module_of(policy, form)
    if form == "row":
        size = int(module.basis_size(policy))
    else:
        size = int(module.basis_size(policy, rows, revealed=revealed))
    if size > MOST_GENERATORS:
        raise ProofError("a block is too large to be verified")
    return size


def block_rows(policy: Quantisation, *, revealed: bool = False) -> int:
    """Rows of a block, so that its vectors just fill a power of two.

    Raises:
        PolicyError: not even one row fits.
    """
    if revealed and not policy.hidden:
        return _REVEALED_ROWS

    def used(rows: int) -> int:
        if policy.hidden:
            return mlp_block.layout_of(policy, rows, revealed=revealed).shape.used
        return linear_block.shape_of(policy, rows).used

    one = used(1) - lookup.TABLE
    limit = max(_VECTOR, 1 << (used(1) - 1).bit_length())
    if limit > MOST_GENERATORS:
        raise PolicyError("one row of this model is too large to be proven")
    return (limit - lookup.TABLE) // one


def verify_block(verifier: Verifier, block: Block, form: str) -> None:
    """Add the equations of a block's proof, all of which must be read.

    Raises:
        ProofError: the proof is malformed.
    """
    module: Any = module_of(block.model.policy, form)
    module.verify(verifier, block)
    verifier.reader.end()


def kind_of(policy: Quantisation, form: str) -> bytes:
    """The statement's name in the transcript."""
    kind: bytes = module_of(policy, form).KIND
    return kind
