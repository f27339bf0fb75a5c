"""Where a DAG run's configuration comes from: a standing TOML file under the trigger form.

The file that ``REDACTORY_CONFIG`` names on the worker serves all DAGs. Its top level is that of
``redactory run --config``; each other DAG has a table of its own, such as ``[retention]``, and
takes the dataset and its ledger from the top level unless the table names others.

Every form is made of the JSON schema of a pydantic model. Every field may stay empty; an empty
one takes the value of the file. Airflow stores what is typed into the form in clear, so paths
that say too much belong in the file, which never leaves the worker.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar

from airflow.sdk import Param
from pydantic import BaseModel

from redactory.config import TABLES, RunConfig, validated
from redactory.errors import InputError
from redactory.keeping_config import AuditConfig, RetentionConfig, RotationConfig

CONFIG_VARIABLE = "REDACTORY_CONFIG"
# What a table takes from the top level: its own field, and the name there.
_INHERITED = {"dataset": "output", "ledger": "ledger", "scope": "scope"}

Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True)
class Configuration(Generic[Model]):
    """The configuration of one DAG: its form, and what a run of it is given.

    Attributes:
        model: a flat pydantic model; every field has a scalar, a choice or a list of texts.
        table: the DAG's table in the standing file; empty for the top level.
        narrower: by field, what the form's schema says on top of the model's: who may start a
            run may not choose everything that the owner of the file may.
        otherwise: values in force where neither the form nor the file says anything.
        sections: names of fields, by the heading that they stand under in the form.
    """

    model: type[Model]
    table: str = ""
    narrower: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    otherwise: Mapping[str, Any] = field(default_factory=dict)
    sections: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def form(self) -> dict[str, Param]:
        """One optional form field for each field of the model."""
        properties = self.model.model_json_schema()["properties"]
        under = {name: heading for heading, names in self.sections.items() for name in names}
        ordered = [*under, *(name for name in properties if name not in under)]
        return {name: Param(None, **self._field(properties[name], name, under)) for name in ordered}

    def _field(
        self, schema: Mapping[str, Any], name: str, under: Mapping[str, str]
    ) -> dict[str, Any]:
        drawn = _optional({**schema, **self.narrower.get(name, {})})
        default = self.otherwise.get(name, schema.get("default"))
        if default not in (None, (), []):
            drawn["description"] = f"{drawn.get('description', '')} (default: {default})".strip()
        if name in under:
            drawn["section"] = under[name]
        return drawn

    def read(self, params: Mapping[str, Any]) -> Model:
        """The standing values, with every field of the form that was filled in.

        Args:
            params: the DAG run's params; None means "as in the file".

        Raises:
            InputError: the file cannot be read, or a value is not allowed.
        """
        filled = {key: value for key, value in params.items() if value is not None}
        values = {**self.otherwise, **self._standing(), **filled}
        return validated(self.model, values, where="DAG run configuration")

    def _standing(self) -> dict[str, Any]:
        stored = _file()
        top = {key: value for key, value in stored.items() if key not in TABLES}
        if not self.table:
            return top
        inherited = {
            name: top[source]
            for name, source in _INHERITED.items()
            if name in self.model.model_fields and source in top
        }
        table = stored.get(self.table, {})
        if not isinstance(table, dict):
            raise InputError(f"{self.table} is not a table", where=CONFIG_VARIABLE)
        return inherited | table


INGEST = Configuration(
    RunConfig,
    otherwise={"only_changed": True},  # a schedule meets the same input every time
    sections={
        "What is read": (
            *("input", "input_format", "only_changed", "on_deleted", "text_columns", "id_column"),
            *("lang_column", "subject_column", "label_column", "pass_through", "text_unit"),
            *("encoding", "max_record_bytes"),
        ),
        "What becomes of it": (
            *("policy", "scope", "ner", "leak_gate", "identity_map", "canaries"),
            *("labelled_sample", "suppress_counts_below"),
        ),
        "Where it goes": ("output", "dataset_name", "ledger"),
        "Who may open it": (
            *("recipients", "quarantine_recipients", "same_quarantine_key"),
            "identity_recipients",
        ),
        "When it is published": ("approval", "max_quarantine_share", "publish_checkpoint"),
        "How the work is cut": (
            *("rows_per_shard", "bytes_per_shard", "bytes_per_batch", "workers"),
            *("engine", "master"),
        ),
    },
    narrower={
        # A finder that names a module runs its code: whoever may start a run may not choose that.
        "ner": {"enum": ["embedded", "fast", "none"]},
        # Airflow spreads the batches itself.
        "engine": {"enum": ["local"]},
        "master": {"enum": []},
    },
)
AUDIT = Configuration(AuditConfig, "audit")
ROTATION = Configuration(RotationConfig, "rotate_keys")
RETENTION = Configuration(RetentionConfig, "retention")


def _optional(schema: Mapping[str, Any]) -> dict[str, Any]:
    """``schema`` with null allowed and without its default, in the form that the UI draws."""
    drawn = {key: value for key, value in schema.items() if key not in {"default", "anyOf"}}
    for alternative in schema.get("anyOf", ()):
        if alternative.get("type") != "null":
            drawn |= alternative
    drawn["type"] = [drawn["type"], "null"]
    if "enum" in drawn:
        drawn["enum"] = [*drawn["enum"], None]
    return drawn


def _file() -> dict[str, Any]:
    named = os.environ.get(CONFIG_VARIABLE)
    if not named:
        return {}
    try:
        return tomllib.loads(Path(named).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=CONFIG_VARIABLE) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise InputError("does not name a TOML file", where=CONFIG_VARIABLE) from None
