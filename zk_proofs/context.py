"""Where a prediction comes from: the canonical bytes that every proof is bound to.

A verifier builds the expected context from what the ledger vouches for, and compares it
with the one in the proof file; it never takes the file's word.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any, Final

from redactory.canonical import canonical_json, parse_canonical_json
from redactory.errors import IntegrityError, ProofError

FORMAT: Final = "redactory-proof/v1"
_TOKEN: Final = re.compile(r"[A-Za-z0-9_.:@/+-]{1,200}")
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_MOST_ROWS: Final = 2**32 - 1
MOST_BLOCK_ROWS: Final = 2**16


@dataclass(frozen=True)
class Context:
    """What a proof file is about.

    Attributes:
        dataset, shard, run: identifiers.
        features: SHA-256 of the feature shard's header.
        points_root: RFC 6962 root over the commitments to the shard's rows.
        model_id: the model.
        first, rows: the rows covered.
        block_rows: rows of a block; the last block may be shorter.
        form: "block", or "row" for one row in the shorter form.
        scores: "hidden" or "revealed".
        labels: "public", or "committed" if only a commitment to them is in the file.
        label_commitment: that commitment, or empty.
    """

    dataset: str
    shard: str
    run: str
    features: str
    points_root: str
    model_id: str
    first: int
    rows: int
    block_rows: int
    form: str = "block"
    scores: str = "hidden"
    labels: str = "public"
    label_commitment: str = ""
    format: str = FORMAT

    def __post_init__(self) -> None:
        names = (self.dataset, self.shard, self.run)
        digests = (self.features, self.points_root, self.model_id)
        commitment = self.label_commitment
        told = _matches(_DIGEST, commitment) if self.labels == "committed" else commitment == ""
        sound = (
            self.format == FORMAT
            and all(_matches(_TOKEN, name) for name in names)
            and all(_matches(_DIGEST, digest) for digest in digests)
            and all(type(n) is int for n in (self.first, self.rows, self.block_rows))
            and 0 <= self.first <= _MOST_ROWS
            and 1 <= self.rows <= _MOST_ROWS
            and 1 <= self.block_rows <= MOST_BLOCK_ROWS
            and (self.form, self.scores, self.labels) in _MODES
            and (self.form != "row" or self.rows == self.block_rows == 1)
            and told
        )
        if not sound:
            raise ProofError("the context of a proof is malformed")

    def encode(self) -> bytes:
        """Canonical JSON of all fields."""
        return canonical_json({one.name: getattr(self, one.name) for one in fields(self)})

    @classmethod
    def decode(cls, raw: bytes, *, where: str = "proof") -> Context:
        """Parse canonical bytes.

        Raises:
            ProofError: not the canonical form of a context.
        """
        try:
            value: Any = parse_canonical_json(raw, where=where)
            found = cls(**value)
        except (IntegrityError, TypeError):
            raise ProofError("the context of a proof is malformed", where=where) from None
        if found.encode() != raw:  # a member was left out, and its default taken
            raise ProofError("the context of a proof is malformed", where=where)
        return found

    def blocks(self) -> list[tuple[int, int]]:
        """(first row, rows) of every block, in order."""
        end = self.first + self.rows
        starts = range(self.first, end, self.block_rows)
        return [(start, min(self.block_rows, end - start)) for start in starts]


_MODES: Final = {
    (form, scores, labels)
    for form in ("block", "row")
    for scores in ("hidden", "revealed")
    for labels in ("public", "committed")
    if form == "block" or (scores, labels) == ("hidden", "public")
    if (scores, labels) != ("revealed", "committed")
}


def _matches(pattern: re.Pattern[str], value: Any) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None
