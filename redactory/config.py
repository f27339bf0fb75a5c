"""The one configuration of a run: TOML file, command line and DAG form all fill this model."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from redactory.errors import InputError

ColumnName = Annotated[str, Field(min_length=1, max_length=128)]
Model = TypeVar("Model", bound=BaseModel)

TABLES: Final = ("train", "predict", "audit", "rotate_keys", "retention")
"""Tables of a configuration file that are not for a run: one file serves a whole deployment."""


def validated(model: type[Model], values: Mapping[str, Any], *, where: str) -> Model:
    """``values`` as a ``model``.

    Raises:
        InputError: one line that names the key and what is allowed there.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in problem["loc"]) or "configuration"
    if problem["type"] == "extra_forbidden":
        known = ", ".join(sorted(model.model_fields))
        raise InputError(f"unknown key {key}", where=where, hint=f"allowed: {known}")
    what = problem["msg"].removeprefix("Value error, ")
    if problem["loc"]:
        what = f"{key}: {what.lower()}"
    raise InputError(what, where=where)


class RunConfig(BaseModel):
    """What a run reads, what it does to it, and where the result goes.

    Unknown keys are refused: a misspelt key would silently not apply.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    input: tuple[str, ...] = Field(
        min_length=1, description="Files, folders, globs or fsspec URLs to read"
    )
    output: str = Field(min_length=1, description="The dataset's folder or URL")
    policy: str = Field(default="gdpr", description="A built-in policy or a TOML file")
    scope: str | None = Field(
        default=None, description="Pseudonym scope; the policy's, else 'default'"
    )
    dataset_name: str | None = Field(
        default=None, description="Name the dataset id is derived from; default: the input"
    )
    input_format: Literal["txt", "jsonl", "csv", "tsv", "parquet"] | None = Field(
        default=None, description="Format of every input; default: by suffix"
    )

    text_columns: tuple[ColumnName, ...] = Field(
        default=("text",), min_length=1, description="Columns to redact"
    )
    id_column: ColumnName | None = Field(default=None, description="Default: 'id' where present")
    lang_column: ColumnName | None = Field(
        default=None, description="Language tag per record; default: 'lang' where present"
    )
    subject_column: ColumnName | None = Field(
        default=None, description="Column that names a person across rows"
    )
    label_column: ColumnName | None = Field(default=None, description="Column of the class")
    pass_through: tuple[ColumnName, ...] = Field(
        default=(),
        description="Columns to carry; scanned as text unless the policy calls them safe",
    )
    text_unit: Literal["file", "paragraph"] = Field(
        default="file", description="What is one record of a .txt file"
    )
    encoding: str | None = Field(default=None, description="Default: detected")
    max_record_bytes: int = Field(
        default=1 << 22, ge=1, le=1 << 28, description="Longer records are quarantined"
    )

    recipients: tuple[str, ...] = Field(
        default=(), description="Public key files that may open the data; default: the reader key"
    )
    quarantine_recipients: tuple[str, ...] = Field(
        default=(), description="Public key files that may open the quarantine"
    )
    same_quarantine_key: bool = Field(
        default=False, description="Allow one key for data and quarantine (shown in red)"
    )

    rows_per_shard: int = Field(
        default=10_000, ge=1, le=10_000_000, description="Records in a shard at most"
    )
    bytes_per_shard: int = Field(
        default=8 << 20, ge=1, le=1 << 32, description="Input bytes in a shard at most"
    )
    bytes_per_batch: int = Field(
        default=256 << 20, ge=1, description="Input bytes in one batch (one Airflow task)"
    )
    max_quarantine_share: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="Publish up to this share of withheld records; default: the policy's",
    )
    ner: str = Field(
        default="embedded",
        pattern=r"^(embedded|fast|none|spacy:.+|presidio:[\w.]+:\w+)$",
        description="What finds names: embedded, fast, none, spacy:PIPELINE, presidio:MODULE:NAME",
    )
    leak_gate: bool = Field(default=True, description="Check redacted text a second time")
    canaries: str | None = Field(
        default=None,
        description="File with a planted value a line: a record that shows one is quarantined",
    )
    labelled_sample: str | None = Field(
        default=None,
        description="Labelled records (JSON lines) from which the residual risk is estimated",
    )
    identity_map: bool = Field(
        default=False, description="Keep what was replaced, sealed apart, so it can be undone"
    )
    identity_recipients: tuple[str, ...] = Field(
        default=(), description="Public key files that may open the identity map"
    )
    only_changed: bool = Field(
        default=False,
        description="Read only what the storage says is new or changed since it was read last",
    )
    on_deleted: Literal["keep", "shred"] = Field(
        default="keep",
        description="Records of a source that was deleted or emptied: keep, or destroy their keys",
    )
    approval: Literal["review", "over_limit", "never"] = Field(
        default="review",
        description="When Airflow asks a person before it publishes: if the leak gate withheld "
        "records or too many are in quarantine; only if too many are; never (too many then fail)",
    )
    workers: int = Field(default=0, ge=0, le=512, description="Processes; 0: as the input needs")
    engine: Literal["local", "spark"] = Field(
        default="local", description="What seals: processes of this machine, or Apache Spark"
    )
    master: str | None = Field(
        default=None,
        min_length=1,
        description="Spark's master URL, such as local[4] or yarn; default: as Spark is configured",
    )
    ledger: str | None = Field(
        default=None,
        description="Folder of the log, or its database's URL; default: 'ledger' in the dataset",
    )

    publish_checkpoint: tuple[str, ...] = Field(
        default=(),
        description="Where copies of the log's checkpoint go: fsspec URLs or git:<work tree>",
    )
    suppress_counts_below: int | None = Field(
        default=None,
        ge=0,
        description="Leave smaller counts out of the log and of reports; default: the policy's",
    )

    @model_validator(mode="before")
    @classmethod
    def _one_input(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("input"), str):
            return {**value, "input": (value["input"],)}
        return value

    @model_validator(mode="after")
    def _one_engine(self) -> Self:
        # What would silently not apply is refused, like an unknown key.
        if self.engine == "local" and self.master is not None:
            raise ValueError("master is for engine spark only")
        if self.engine == "spark" and self.workers:
            raise ValueError("workers is for engine local; with spark the master says how many")
        return self

    @classmethod
    def parse(cls, values: dict[str, Any], *, where: str = "configuration") -> RunConfig:
        """Validate ``values``.

        Raises:
            InputError: one line that names the key and what is allowed there.
        """
        return validated(cls, values, where=where)

    @classmethod
    def from_toml(
        cls, path: str | os.PathLike[str], overrides: Mapping[str, Any] | None = None
    ) -> RunConfig:
        """Read a TOML file; ``overrides`` win over what stands in it, :data:`TABLES` do not count.

        Raises:
            InputError: unreadable, not TOML, or an invalid key.
        """
        where = os.fspath(path)
        try:
            values = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except OSError as error:
            raise InputError(f"cannot be read: {error.strerror}", where=where) from None
        except (UnicodeDecodeError, tomllib.TOMLDecodeError):
            raise InputError("is not a TOML file", where=where) from None
        own = {key: value for key, value in values.items() if key not in TABLES}
        return cls.parse({**own, **(overrides or {})}, where=where)

    def column_roles(self) -> dict[str, Any]:
        """The choices that decide what a record is; part of the configuration digest."""
        return self.model_dump(
            mode="json",
            include={
                "text_columns",
                "id_column",
                "lang_column",
                "subject_column",
                "label_column",
                "pass_through",
                "text_unit",
                "encoding",
                "max_record_bytes",
            },
        )


def schema_json() -> str:
    """The JSON Schema of :class:`RunConfig`, for forms and editors."""
    return json.dumps(RunConfig.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(schema_json())
