"""The shard header: what is recorded in the log about a sealed file, and never changes."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from redactory.canonical import canonical_json, parse_canonical_json
from redactory.errors import IntegrityError
from sealed_shards.context import (
    DATASET_PATTERN,
    DIGEST_PATTERN,
    SHARD_PATTERN,
    VERSIONS,
    ShardContext,
)

Hex64 = Annotated[str, Field(pattern=f"^{DIGEST_PATTERN}$")]


class ContextFields(BaseModel):
    """The context as a header carries it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    dataset: str = Field(pattern=f"^{DATASET_PATTERN}$")
    shard: str = Field(pattern=f"^{SHARD_PATTERN}$")
    version: int = Field(ge=VERSIONS.start, lt=VERSIONS.stop)
    policy_digest: Hex64


class ShardHeader(BaseModel):
    """Facts about one ciphertext file.

    Attributes:
        ctx: the context that every byte of the file is bound to.
        sha256: digest of the whole ciphertext.
        size: its length in bytes (``bytes`` in the stored form).
        rows: number of rows inside.
        commit: commitment to the data key (second half of the derived bytes).
        chunks_root: RFC 6962 root over the 1 MiB chunks of the ciphertext.
        extensions: reserved for later versions; empty in v1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    ctx: ContextFields
    sha256: Hex64
    size: int = Field(alias="bytes", ge=0, lt=2**53)
    rows: int = Field(ge=0, lt=2**53)
    commit: Hex64
    chunks_root: Hex64
    extensions: dict[str, Any]

    @cached_property
    def context(self) -> ShardContext:
        """The checked context."""
        return ShardContext(**self.ctx.model_dump())

    @property
    def stem(self) -> str:
        """The name that the shard's four files share, without folder and suffix."""
        return f"{self.ctx.shard}.{self.sha256[:16]}"

    def encode(self) -> bytes:
        """Canonical JSON."""
        return canonical_json(self.as_json())

    def as_json(self) -> dict[str, Any]:
        """The header as the log carries it."""
        return self.model_dump(by_alias=True)

    @classmethod
    def decode(cls, raw: bytes, *, where: str) -> ShardHeader:
        """Parse a stored header.

        Raises:
            IntegrityError: not canonical, or not a v1 header.
        """
        try:
            return cls.model_validate(parse_canonical_json(raw, where=where))
        except ValidationError:
            raise IntegrityError("is not a sealed-shard/v1 header", where=where) from None
