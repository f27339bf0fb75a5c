"""Which datasets the audit pages watch, and by which keys they judge.

``REDACTORY_AUDIT`` names a TOML file on the machine that serves the pages::

    recheck_seconds = 600

    [[dataset]]
    path = "s3://bucket/notes.dataset"   # folder or fsspec URL, or a log alone
    name = "Notes"                       # what the pages call it; default: its id
    ledger = "/srv/ledgers/notes"        # the log, if it does not lie inside; or a database URL
    log_key = "/etc/redactory/log.vkey"  # the key to believe; default: what is pinned
    policies = ["/etc/redactory/own.toml"]  # further policies to enclose with evidence

The output of the run configuration that ``REDACTORY_CONFIG`` names is watched as well.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from redactory.errors import InputError

AUDIT_VARIABLE = "REDACTORY_AUDIT"
RUN_VARIABLE = "REDACTORY_CONFIG"
_FROZEN = ConfigDict(frozen=True, extra="forbid")


class Watched(BaseModel):
    """One dataset.

    Attributes:
        path: its folder or fsspec URL, or the place of a log alone.
        name: what to call it; None for its id.
        ledger: folder or database URL of its log, if that is not inside.
        log_key: file with the verifier key to believe; None for the pinned one.
        policies: policy files to enclose with evidence.
    """

    model_config = _FROZEN

    path: Annotated[str, Field(min_length=1, repr=False)]
    name: Annotated[str, Field(min_length=1, max_length=60)] | None = None
    ledger: Annotated[str | None, Field(repr=False)] = None
    log_key: Annotated[str | None, Field(repr=False)] = None
    policies: tuple[str, ...] = ()


class AuditSettings(BaseModel):
    """All that is watched.

    Attributes:
        dataset: the datasets, in the order in which they are shown.
        recheck_seconds: how old the check of all files may become at most.
    """

    model_config = _FROZEN

    dataset: tuple[Watched, ...] = ()
    recheck_seconds: Annotated[float, Field(gt=0)] = 600.0

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None) -> AuditSettings:
        """What the environment names; nothing is watched if it names nothing.

        Raises:
            InputError: a file that is named cannot be read, or says something unknown.
        """
        environment = os.environ if environment is None else environment
        document = _toml(environment.get(AUDIT_VARIABLE), AUDIT_VARIABLE)
        try:
            settings = cls.model_validate(document)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            place = ".".join(str(part) for part in first["loc"] if not isinstance(part, int))
            raise InputError(f"{place}: {first['msg']}", where=AUDIT_VARIABLE) from None
        run = _toml(environment.get(RUN_VARIABLE), RUN_VARIABLE)
        output, ledger = run.get("output"), run.get("ledger")
        if isinstance(output, str) and output not in {one.path for one in settings.dataset}:
            own = Watched(path=output, ledger=ledger if isinstance(ledger, str) else None)
            settings = settings.model_copy(update={"dataset": (*settings.dataset, own)})
        return settings


def _toml(named: str | None, variable: str) -> dict[str, Any]:
    if not named:
        return {}
    try:
        return tomllib.loads(Path(named).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=variable) from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise InputError("does not name a TOML file", where=variable) from None
