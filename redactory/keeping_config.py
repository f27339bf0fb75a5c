"""Configurations of what looks after datasets: audit, rotation of keys, retention.

They stand apart from the functions that they configure, so that a form can be made of them
without loading those.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Dataset = Annotated[str, Field(min_length=1, description="The dataset's folder or URL")]
Ledger = Annotated[
    str | None,
    Field(description="Folder or URL of its log, where that is not inside the dataset"),
]


class _Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RetentionConfig(_Config):
    """How long the parts of a dataset are kept."""

    dataset: Dataset
    ledger: Ledger = None
    data_days: int | None = Field(
        default=None,
        ge=1,
        description="Shred data, identity map and source lists after so many days; empty: never",
    )
    superseded_days: int | None = Field(
        default=30, ge=0, description="Shred what a later run superseded, after so many days"
    )
    quarantine_days: int = Field(
        default=90, ge=1, description="Shred withheld records after so many days"
    )
    dry_run: bool = Field(default=False, description="Only count what is due")


class AuditConfig(_Config):
    """What is audited."""

    dataset: Dataset
    ledger: Ledger = None
    features: tuple[str, ...] = Field(
        default=(), description="Feature datasets whose files and proofs are verified as well"
    )


class RotationConfig(_Config):
    """Which key gives way to which."""

    dataset: Dataset
    ledger: Ledger = None
    to: str = Field(
        min_length=1, description="The new key: a public key file (PEM), or a key's name"
    )
    key: str | None = Field(
        default=None, description="Private key file that opens it now; default: your own key"
    )
    area: Literal["data", "quarantine"] = Field(
        default="data", description="The data, or the quarantine and the source lists"
    )
