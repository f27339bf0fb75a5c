"""The public statement of a proof about a block of rows, and the transcript bound to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha512
from struct import pack
from typing import Any, Final

from redactory.errors import ProofError
from zk_proofs.engine import Engine
from zk_proofs.model import Model
from zk_proofs.transcript import Transcript

PROTOCOL: Final = b"redactory/proof/v1"


@dataclass(frozen=True)
class Block:
    """Rows of one feature shard and what is claimed about them.

    Attributes:
        model: the public model.
        inputs: the commitment to each row, in order.
        labels: the claimed label of each row.
        context: canonical bytes that say where the rows are from and which run this is.
        first: number of the first row in its shard.
        scores: the claimed scores, rows × classes, if they are revealed.
    """

    model: Model
    inputs: Sequence[bytes]
    labels: Sequence[int]
    context: bytes
    first: int = 0
    scores: Sequence[Sequence[int]] | None = None

    def __post_init__(self) -> None:
        if not self.inputs or len(self.labels) != len(self.inputs):
            raise ProofError("a block has at least one row, and a label for each")
        if min(self.labels) < 0 or max(self.labels) >= self.model.policy.labels:
            raise ProofError("a label is not one of the model's")
        if self.scores is not None:
            self._check_scores(self.scores)

    def _check_scores(self, scores: Sequence[Sequence[int]]) -> None:
        policy, bound = self.model.policy, self.model.policy.score_bound
        if len(scores) != self.rows or any(len(row) != policy.classes for row in scores):
            raise ProofError("revealed scores are one for each row and class")
        for row, label in zip(scores, self.labels, strict=True):
            if any(not -bound <= score <= bound for score in row):
                raise ProofError("a revealed score is beyond the model's bound")
            if label != label_of(row):
                raise ProofError("a label is not that of the largest score")

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.inputs)

    def transcript(self, kind: bytes, engine: Engine) -> Transcript:
        """A transcript that every part of the statement has entered."""
        policy = self.model.policy
        transcript = Transcript(PROTOCOL, engine.permute)
        transcript.append(b"statement", kind)
        transcript.append(b"context", self.context)
        transcript.append(b"model", bytes.fromhex(self.model.model_id))
        transcript.append(b"commitments", self.model.commitments_digest)
        transcript.append_number(b"first", self.first)
        transcript.append_number(b"rows", self.rows)
        transcript.append_number(b"digits", policy.score_digits)
        transcript.append(b"inputs", sha512(b"".join(self.inputs)).digest())
        transcript.append(b"labels", sha512(pack(f"<{self.rows}I", *self.labels)).digest())
        if self.scores is not None:
            flat = [int(score) for row in self.scores for score in row]
            transcript.append(b"scores", sha512(pack(f"<{len(flat)}q", *flat)).digest())
        return transcript


def label_of(scores: Sequence[int]) -> int:
    """The label of one row of scores: the sign of one, the first largest of several."""
    if len(scores) == 1:
        return int(scores[0] >= 0)
    return max(range(len(scores)), key=lambda k: (scores[k], -k))


@dataclass(frozen=True)
class Rows:
    """The secret side of a block's inputs.

    Attributes:
        values: rows × inputs array of int64.
        blindings: one scalar for each row.
    """

    values: Any
    blindings: Sequence[int]

    def __repr__(self) -> str:
        return f"Rows({len(self.blindings)})"
