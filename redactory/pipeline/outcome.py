"""What the seal step leaves for the record step: facts about shards, never content."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from redactory.canonical import canonical_json, parse_canonical_json
from redactory.errors import IntegrityError
from sealed_shards.header import Hex64, ShardHeader
from sealed_shards.manifest import Count, Segment, ShardId


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def encode(self) -> bytes:
        """Canonical JSON."""
        return canonical_json(self.model_dump(mode="json", by_alias=True))

    @classmethod
    def decode(cls, raw: bytes, *, where: str) -> Self:
        """Parse; ``IntegrityError`` if it is not such a document."""
        parse_canonical_json(raw, where=where)
        try:
            return cls.model_validate_json(raw)
        except ValidationError:
            raise IntegrityError(f"is not a {cls.__name__} document", where=where) from None


class Replaced(_Facts):
    """The version of a shard that a new one takes the place of."""

    version: Annotated[int, Field(ge=1)]
    sha256: Hex64


class SealedFile(_Facts):
    """One sealed file: staged by this run, or found in the dataset already (``adopted``)."""

    area: str
    header: ShardHeader
    wraps_sha256: Hex64
    kids: tuple[Hex64, ...]
    replaces: Replaced | None = None
    adopted: bool = False


class ShardOutcome(_Facts):
    """One input shard after the seal step.

    Every record that was read is either in ``data`` or in ``quarantine``.
    """

    shard: ShardId
    segments: tuple[Segment, ...]
    size: Count
    rows_in: Count
    rows_out: Count
    quarantined: Count
    reasons: dict[str, Count]
    entities: dict[str, Count]
    operators: dict[str, Count]
    labels: tuple[str, ...]
    data: SealedFile
    quarantine: SealedFile | None
    identity: SealedFile | None = None
    utility: dict[str, Count | dict[str, Count]] | None = None
    collisions: Count = 0

    def files(self) -> list[SealedFile]:
        """All files of the shard."""
        return [f for f in (self.data, self.quarantine, self.identity) if f is not None]


class BatchResult(_Facts):
    """All shards of a batch, and the sealed list of the files they came from.

    ``empty`` are the sources that were read and held no record.
    """

    batch_id: str
    outcomes: tuple[ShardOutcome, ...]
    sources: SealedFile | None
    empty: tuple[ShardId, ...] = ()

    def summary(self) -> dict[str, Any]:
        """The counts that may pass between Airflow tasks."""
        return {
            "rows_in": sum(o.rows_in for o in self.outcomes),
            "rows_out": sum(o.rows_out for o in self.outcomes),
            "quarantined": sum(o.quarantined for o in self.outcomes),
        }
