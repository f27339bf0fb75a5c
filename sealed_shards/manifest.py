"""What a run added to a dataset (``manifests/<run_id>.json``), and ``dataset.json``.

The dataset is the union of its manifests, less the shards that a later manifest
supersedes. A manifest counts only when the log holds a ``published`` statement with its
digest.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from redactory.canonical import canonical_json, parse_canonical_json
from redactory.errors import IntegrityError
from sealed_shards.header import Hex64

DATASET_FORMAT: Final = "redactory-dataset/v1"
MANIFEST_FORMAT: Final = "redactory-manifest/v1"

ShardId = Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
Role = Literal["record_id", "lang", "subject", "label", "text", "pass_through"]
Count = Annotated[int, Field(ge=0, lt=2**53)]


class Document(BaseModel):
    """A frozen document whose stored form is canonical JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    def encode(self) -> bytes:
        """Canonical JSON."""
        return canonical_json(self.model_dump(mode="json"))

    @classmethod
    def decode(cls, raw: bytes, *, where: str) -> Self:
        """Parse a stored document.

        Raises:
            IntegrityError: not canonical JSON, or not such a document.
        """
        parse_canonical_json(raw, where=where)
        try:
            return cls.model_validate_json(raw)
        except ValidationError:
            raise IntegrityError(f"is not a {cls.__name__} document", where=where) from None


class ColumnField(Document):
    """A column of the dataset: its name, its Arrow type, what it is for."""

    name: str
    type: str
    role: Role


class DatasetInfo(Document):
    """``dataset.json``: what every run of the dataset has in common."""

    id: str
    format: Literal["redactory-dataset/v1"] = DATASET_FORMAT
    fields: tuple[ColumnField, ...]
    label_classes: tuple[str, ...] = ()
    log_key_fingerprint: Hex64
    log_origin: str


class Segment(Document):
    """A run of records of one source that went into a shard.

    ``input_digest`` is a keyed digest (HMAC) of the records as they were read.
    """

    source_id: ShardId
    first: Count
    last: Count
    input_digest: Hex64


class ManifestShard(Document):
    """One shard of a run."""

    shard: ShardId
    version: Annotated[int, Field(ge=1)]
    sha256: Hex64
    rows: Count
    segments: tuple[Segment, ...]


class Manifest(Document):
    """What one run added to the dataset."""

    format: Literal["redactory-manifest/v1"] = MANIFEST_FORMAT
    dataset: str
    version: Annotated[int, Field(ge=1)]
    run_id: str
    policy: str
    policy_digest: Hex64
    shards: tuple[ManifestShard, ...]
    quarantine: tuple[ManifestShard, ...]
    sources: tuple[ManifestShard, ...]
    supersedes: tuple[ShardId, ...] = ()
    records_in: Count
    records_out: Count
    quarantined: Count
    report_sha256: Hex64
