"""Whether the proofs of a run cover every row of every shard exactly once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from redactory.errors import ProofError
from zk_proofs.context import Context


def check_coverage(contexts: Iterable[Context], shards: Mapping[str, int]) -> None:
    """Rows proven must tile each shard.

    Args:
        contexts: of the verified proofs of one run.
        shards: how many rows each shard of the dataset has.

    Raises:
        ProofError: a row is missing or proven twice, or a shard is unknown; names the shard.
    """
    covered: dict[str, list[tuple[int, int]]] = {shard: [] for shard in shards}
    for context in contexts:
        if context.shard not in covered:
            raise ProofError("a proof is about a shard that is not there", where=context.shard)
        covered[context.shard].append((context.first, context.first + context.rows))
    for shard, parts in covered.items():
        end = 0
        for start, stop in sorted(parts):
            if start != end:
                gap = "is proven twice" if start < end else "is not proven"
                raise ProofError(f"row {min(start, end)} {gap}", where=shard)
            end = stop
        if end != shards[shard]:
            raise ProofError(f"row {min(end, shards[shard])} is not covered", where=shard)
