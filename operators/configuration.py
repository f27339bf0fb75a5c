"""Where a DAG run's configuration comes from: a standing TOML file under the trigger form.

The form is made of the JSON schema of :class:`redactory.config.RunConfig`. Every field may
stay empty; an empty one takes the value of the file that ``REDACTORY_CONFIG`` names on the
worker. Airflow stores what is typed into the form in clear, so paths that say too much belong
in the file, which never leaves the worker.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from airflow.sdk import Param

from redactory.config import RunConfig
from redactory.errors import InputError

CONFIG_VARIABLE = "REDACTORY_CONFIG"
_NARROWER: dict[str, dict[str, Any]] = {
    # A finder that names a module runs its code: whoever may start a run may not choose that.
    "ner": {"enum": ["embedded", "fast", "none"]},
    # Airflow spreads the batches itself.
    "engine": {"enum": ["local"]},
    "master": {"enum": []},
}


def run_params() -> dict[str, Param]:
    """One optional form field for each field of ``RunConfig``."""
    properties = RunConfig.model_json_schema()["properties"]
    return {
        name: Param(None, **_optional(schema | _NARROWER.get(name, {})))
        for name, schema in properties.items()
    }


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


def run_config(params: Mapping[str, Any]) -> RunConfig:
    """The standing configuration, with every field of the form that was filled in.

    Args:
        params: the DAG run's params; None means "as in the file".

    Raises:
        InputError: the file cannot be read, or a value is not allowed.
    """
    filled = {key: value for key, value in params.items() if value is not None}
    return RunConfig.parse({**_standing(), **filled}, where="DAG run configuration")


def _standing() -> dict[str, Any]:
    named = os.environ.get(CONFIG_VARIABLE)
    if not named:
        return {}
    try:
        return tomllib.loads(Path(named).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=CONFIG_VARIABLE) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise InputError("does not name a TOML file", where=CONFIG_VARIABLE) from None
