"""The points of a feature shard, and strict input proofs (format 6)."""

from collections.abc import Sequence
from hashlib import sha256

from .bounded_rows import BoundedRows
from .documents import canonical
from .group import require
from .model import Policy, chunks
from .sums import Sum


def root(entries: Sequence[bytes]) -> bytes:
    """RFC 6962 section 2.1."""
    if not entries:
        return sha256().digest()
    if len(entries) == 1:
        return sha256(b"\0" + entries[0]).digest()
    split = 1 << (len(entries) - 1).bit_length() - 1
    return sha256(b"\1" + root(entries[:split]) + root(entries[split:])).digest()


def verify_strict(
    policy: Policy, points: Sequence[bytes], proofs: Sequence[bytes], equations: list[Sum]
) -> None:
    """Append the equations that show every row to be within the policy's input interval."""
    parts = list(chunks(len(points), policy.inputs * policy.input.digits_spent))
    require(len(parts) == len(proofs), "a wrong number of strict input proofs")
    for (first, end), proof in zip(parts, proofs, strict=True):
        context = canonical({"first": first, "points_root": root(points).hex()})
        rows = BoundedRows("H", policy.inputs, points[first:end], [], policy.input)
        rows.verify(context, proof, equations)
