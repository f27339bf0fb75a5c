"""What the log says when shards are sealed again: the new versions, and the end of the old."""

from __future__ import annotations

from collections.abc import Sequence

from audit_ledger import Draft
from redactory.canonical import digest_of
from redactory.ledger_access import DatasetLog
from sealed_shards.layout import shard_files
from sealed_shards.resealing import Resealed


class LifeCycleLog(DatasetLog):
    """The dataset's log, which also knows how to state new versions of shards."""

    def resealed(self, batch: Sequence[Resealed]) -> None:
        """State new versions and the shredding of the old ones, in one append.

        Raises:
            KeyringError: the log key is not here; the old versions stay in force.
            LedgerError: the log cannot be written, or another run was first.
        """
        by_name: dict[str, list[Resealed]] = {}
        for resealed in batch:
            by_name.setdefault(resealed.header.ctx.dataset, []).append(resealed)
        self._append(
            [
                draft
                for dataset, group in by_name.items()
                for draft in (*map(_sealed_draft, group), _shredded_draft(dataset, group))
            ]
        )


def _sealed_draft(resealed: Resealed) -> Draft:
    header, old = resealed.header, resealed.old.header
    name = shard_files(resealed.old.area, header.stem)["shards"]
    return Draft(
        kind="sealed",
        subject=((name, header.sha256),),
        body={
            **header.ctx.model_dump(),
            "header": header.as_json(),
            "keyring_sha256": resealed.wraps_sha256,
            "kids": resealed.kids,
            "replaces": {"version": old.ctx.version, "sha256": old.sha256},
        },
    )


def _shredded_draft(dataset: str, batch: Sequence[Resealed]) -> Draft:
    endings = [resealed.shredding for resealed in batch]
    new = [ending.new_sha256 for ending in endings]
    return Draft(
        kind="shredded",
        subject=(("wraps", digest_of(new)),),
        body={
            "dataset": dataset,
            "stems": [ending.shard.header.stem for ending in endings],
            "prev": [ending.shard.wraps_sha256 for ending in endings],
            "new": new,
            "kids": [],
        },
    )
