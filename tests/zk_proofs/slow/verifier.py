"""What a verifier does (format 9)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .group import InvalidError, require
from .inputs import root, verify_strict
from .model import Model
from .proof_file import ProofFile, check_block, check_commitment
from .statements import Block, verify_block
from .sums import Sum, point, vanish


@dataclass(frozen=True)
class Evidence:
    """What comes from a source that the verifier trusts.

    `labels` and `salt` are used only if the proof's labels are committed.
    """

    context: bytes
    model: bytes
    points: Sequence[bytes]
    labels: Sequence[int] = field(default=())
    salt: bytes = b""


def verify(data: bytes, evidence: Evidence) -> None:
    """Raise InvalidError unless the proof file is valid."""
    equations: list[Sum] = []
    model = Model(evidence.model)
    model.verify(equations)
    file = ProofFile(data)
    context = file.context
    require(context.document == evidence.context, "a proof of something else")
    require(context.model_id == model.model_id, "a proof about another model")
    points = list(evidence.points)
    require(context.first + context.rows <= len(points), "rows beyond the points")
    # Points of other rows are part of the root only; what they encode is nobody's concern here.
    for encoding in points[context.first : context.first + context.rows]:
        point(encoding)
    require(all(len(encoding) == 32 for encoding in points), "a point has 32 bytes")
    require(root(points) == context.points_root, "a proof about other points")
    require(not (context.single and len(model.layers) > 1), "form row needs one layer")
    if context.committed:
        check_commitment(context, list(evidence.labels), evidence.salt)
    for (first, rows), block in zip(context.blocks, file.blocks, strict=True):
        labels = block.labels
        if context.committed:
            offset = first - context.first
            labels = list(evidence.labels[offset : offset + rows])
        check_block(block, labels, rows, model.policy, context)
        statement = Block(context, model, first, points[first : first + rows], labels, block.scores)
        verify_block(statement, block.proof, equations)
    require(vanish(equations), "an equation does not hold")


def accepts(data: bytes, evidence: Evidence) -> bool:
    """Whether the proof file is valid."""
    try:
        verify(data, evidence)
    except InvalidError:
        return False
    return True


def strict_inputs_hold(model: bytes, points: Sequence[bytes], proofs: Sequence[bytes]) -> bool:
    """Whether strict input proofs (format 6) hold for a shard's points and a model's policy."""
    equations: list[Sum] = []
    try:
        policy = Model(model).policy
        verify_strict(policy, points, proofs, equations)
    except InvalidError:
        return False
    return vanish(equations)
