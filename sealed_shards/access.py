"""What this package needs from a log, without knowing which log it is.

``redactory`` wires :class:`AccessLog` to ``audit_ledger``. Nothing that lies in a dataset's
folder is believed before the log vouches for it: public keys are public, so anybody can
seal a shard, write a header or put a manifest beside the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from redactory.canonical import digest_of
from sealed_shards.header import ShardHeader

EMPTY_WRAPS_SHA256: Final = digest_of({})
"""Digest of the wraps file that holds no key: the shard was shredded."""

ShardKey = tuple[str, str]
"""(area, shard id)."""


@dataclass(frozen=True)
class RecordedShard:
    """The newest version of a shard, as the log has it.

    Attributes:
        area: data, quarantine or sources.
        header: the header inside the newest ``sealed`` or ``quarantined`` statement.
        wraps_sha256: digest of the wraps file that is in force now.
        replaced: stems of older versions, whose files may still lie about.
        destroyed: those of them whose keys were shredded, and must not lie about.
    """

    area: str
    header: ShardHeader
    wraps_sha256: str
    replaced: tuple[str, ...] = ()
    destroyed: tuple[str, ...] = ()

    @property
    def shredded(self) -> bool:
        """Whether nobody can open it any more: the wraps file in force is the empty one."""
        return self.wraps_sha256 == EMPTY_WRAPS_SHA256


@dataclass(frozen=True)
class DatasetHead:
    """Everything that a verified log says about one dataset.

    Attributes:
        dataset: dataset identifier.
        version: number of the newest ``published`` statement; 0 before the first.
        dataset_sha256: digest of ``dataset.json``.
        manifests: ``{run_id: digest}`` of all published manifests, oldest first.
        reports: ``{run_id: digest}`` of the reports.
        shards: newest version of each shard, also of shards not yet published.
    """

    dataset: str
    version: int
    dataset_sha256: str
    manifests: Mapping[str, str] = field(default_factory=dict)
    reports: Mapping[str, str] = field(default_factory=dict)
    shards: Mapping[ShardKey, RecordedShard] = field(default_factory=dict)


class AccessLog(Protocol):
    """The log beside a dataset, verified by whoever passes it in."""

    def head(self) -> DatasetHead:
        """What the verified log says about the dataset."""

    def unwrapped(
        self, *, dataset: str, purpose: str, shard_set_sha256: str, shards: int, kid: str
    ) -> None:
        """Record durably that keys are about to be released; raise if that is impossible."""
