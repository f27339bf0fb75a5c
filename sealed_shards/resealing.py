"""Sealing shards again under new data keys (design page 20, "Promises").

Re-wrapping stops future access through this store only: a stolen key with an old copy of a
wrap still opens the file. After a compromise the rows are sealed again: new data key, version
+ 1, and the keys and bytes of the old version go. In durable steps, a batch at a time:

1. the new ciphertexts are staged under ``.changes/``;
2. ``.changes/plan.json`` names them;
3. their files take their places, which nobody reads yet;
4. the log states the new versions and, in the same batch, the shredding of the old ones;
5. the old files go, keys first; then the plan goes.

After a crash the next writer finishes it (:mod:`sealed_shards.settling`): before step 4 the new
files go, after it the old ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from redactory.canonical import canonical_json, sha256_hex
from redactory.durable import Folder
from sealed_shards.access import RecordedShard
from sealed_shards.dataset import read_wraps
from sealed_shards.header import ShardHeader
from sealed_shards.key_changes import KeyChange, shredded
from sealed_shards.layout import AREAS, CHANGES_FOLDER, STEM_PATTERN, shard_file, shard_files
from sealed_shards.recipients import Identity, Recipient
from sealed_shards.shard import SealedShard, read_table, seal, unwrap_data_key

PLAN_FILE = f"{CHANGES_FOLDER}/plan.json"


@dataclass(frozen=True)
class Resealed:
    """A shard's next version.

    Attributes:
        old: as the log has it now.
        header: of the new version.
        wraps_sha256: of the new version.
        kids: who may open it.
    """

    old: RecordedShard
    header: ShardHeader
    wraps_sha256: str
    kids: tuple[str, ...]

    @property
    def shredding(self) -> KeyChange:
        """The end of the old version."""
        return shredded(self.old)


class ResealLog(Protocol):
    """The log that must know of new versions before they count."""

    def resealed(self, batch: Sequence[Resealed]) -> None:
        """State new versions and the end of the old ones durably, together or not at all."""


def reseal(
    folder: Folder,
    shards: Sequence[RecordedShard],
    identity: Identity,
    recipients: Sequence[Recipient],
    log: ResealLog,
) -> list[Resealed]:
    """Seal a batch of shards again. The caller recorded the unwrapping, and then destroys the old.

    Raises:
        IntegrityError: a shard is not as recorded.
        KeyringError: ``identity`` cannot open it, or there are no recipients.
        LedgerError: the log cannot be written; the old versions stay in force.
    """
    folder.delete_tree(CHANGES_FOLDER)
    with folder.batch() as place:
        staged = [_stage(place, shard, identity, recipients) for shard in shards]
    plan = [[old.area, sealed.header.stem] for old, sealed in zip(shards, staged, strict=True)]
    folder.replace(PLAN_FILE, canonical_json(plan))
    with folder.batch() as place:
        for old, sealed in zip(shards, staged, strict=True):
            _put_in_place(place, old.area, sealed)
    kids = tuple(sorted(recipient.kid for recipient in recipients))
    batch = [
        Resealed(old, sealed.header, sha256_hex(sealed.wraps), kids)
        for old, sealed in zip(shards, staged, strict=True)
    ]
    log.resealed(batch)
    return batch


def read_plan(folder: Folder) -> list[tuple[str, str]]:
    """(area, stem) of the new versions of a reseal that is under way; empty if none is.

    The plan proves nothing; it only says which files may go if the log does not know them.
    """
    try:
        entries = json.loads(folder.read(PLAN_FILE))
        return [
            (str(area), stem)
            for area, stem in entries
            if area in AREAS and re.fullmatch(STEM_PATTERN, stem)
        ]
    except (OSError, ValueError, TypeError):
        return []


def _stage(
    folder: Folder, shard: RecordedShard, identity: Identity, recipients: Sequence[Recipient]
) -> SealedShard:
    wraps = read_wraps(folder, shard)
    data_key = unwrap_data_key(folder, shard.area, shard.header, wraps, identity)
    context = shard.header.context
    return seal(
        read_table(folder, shard.area, shard.header, data_key),
        context=replace(context, version=context.version + 1),
        recipients=recipients,
        folder=folder,
        name=_staged_file(shard.area, context.shard),
    )


def _put_in_place(folder: Folder, area: str, sealed: SealedShard) -> None:
    names = shard_files(area, sealed.header.stem)
    folder.move_all([(_staged_file(area, sealed.header.ctx.shard), names["shards"])])
    folder.create(names["headers"], sealed.header.encode())
    folder.create(names["wraps"], sealed.wraps)
    folder.create(names["chunks"], sealed.chunks)


def _staged_file(area: str, shard: str) -> str:
    return f"{CHANGES_FOLDER}/{shard_file(area, 'shards', shard)}"
