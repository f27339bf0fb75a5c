"""Policies: what happens to each type of personal data, read from TOML.

A policy is data, not code: one file names an operator and a threshold per entity type.
``gdpr`` ships with the package; any other is a path. Unknown keys are refused, because a
misspelt key would mean that a rule silently does not apply.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from redactory.canonical import digest_of
from redactory.errors import PolicyError

OperatorName = Literal["replace", "redact", "mask", "token", "keep"]
DEFAULT_THRESHOLD: Final = 0.4

_REFUSED_OPERATORS: Final = {
    "hash": "Presidio's hash draws a random salt per entity and is not keyed; use token",
    "encrypt": "Presidio's encrypt is AES-CBC without authentication; use token",
}
_PARAMETERS: Final = {"with": "replace", "character": "mask", "keep_last": "mask"}

Threshold = Annotated[float, Field(ge=0.0, le=1.0)]


class Rule(BaseModel):
    """What happens to one entity type.

    Attributes:
        operator: ``replace`` by a constant, ``redact`` (remove), ``mask`` characters,
            ``token`` (keyed pseudonym) or ``keep``.
        threshold: findings that score less are ignored.
        replacement: the constant of ``replace`` (key ``with``); default ``<TYPE>``.
        character: what ``mask`` writes.
        keep_last: how many characters ``mask`` leaves at the end.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    operator: OperatorName = "replace"
    threshold: Threshold = DEFAULT_THRESHOLD
    replacement: str | None = Field(default=None, alias="with")
    character: Annotated[str, Field(min_length=1, max_length=1)] = "*"
    keep_last: Annotated[int, Field(ge=0, le=8)] = 0

    @field_validator("operator", mode="before")
    @classmethod
    def _explain(cls, value: object) -> object:
        if isinstance(value, str) and value in _REFUSED_OPERATORS:
            raise ValueError(_REFUSED_OPERATORS[value])
        return value

    @model_validator(mode="after")
    def _only_own_parameters(self) -> Rule:
        given = {self.__class__.model_fields[name].alias or name for name in self.model_fields_set}
        for parameter in sorted(given & _PARAMETERS.keys()):
            if self.operator != _PARAMETERS[parameter]:
                raise ValueError(
                    f"{parameter} belongs to the operator {_PARAMETERS[parameter]}, "
                    f"not to {self.operator}"
                )
        return self


class Policy(BaseModel):
    """A redaction policy; immutable.

    Attributes:
        name: short name, lower case.
        version: version of its content, such as ``1.0.0``.
        description: for the people who choose a policy.
        languages: rule sets to run, out of ``en`` and ``zh``.
        default: rule of every type that ``entities`` does not name.
        entities: rule by entity type.
        safe_columns: columns that may pass through untouched; name the id column here
            to carry record ids in the clear.
        max_quarantine_share: largest share of refused records a run may publish with.
        suppress_counts_below: smaller counts stay out of the log and of reports.
        scope: pseudonym scope; None leaves it to the caller.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    description: str = ""
    languages: tuple[Literal["en", "zh"], ...] = ("en", "zh")
    default: Rule = Rule()
    entities: Mapping[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")], Rule] = {}
    safe_columns: tuple[str, ...] = ()
    max_quarantine_share: Annotated[float, Field(ge=0.0, le=1.0)] = 0.01
    suppress_counts_below: Annotated[int, Field(ge=0)] = 0
    scope: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] | None = None

    @field_validator("languages")
    @classmethod
    def _some_language(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value or len(set(value)) != len(value):
            raise ValueError("name en, zh or both, each once")
        return value

    @model_validator(mode="before")
    @classmethod
    def _inherit_default(cls, value: Any) -> Any:
        """A type's table that says nothing of the threshold takes the default's."""
        if not isinstance(value, dict) or not isinstance(value.get("default"), dict):
            return value
        threshold = value["default"].get("threshold", DEFAULT_THRESHOLD)
        entities = value.get("entities")
        if not isinstance(entities, dict):
            return value
        filled = {
            name: {"threshold": threshold, **table} if isinstance(table, dict) else table
            for name, table in entities.items()
        }
        return {**value, "entities": filled}

    @field_validator("entities")
    @classmethod
    def _frozen(cls, value: Mapping[str, Rule]) -> Mapping[str, Rule]:
        return MappingProxyType(dict(value))

    def rule(self, entity_type: str) -> Rule:
        """The rule of ``entity_type``: its own, else the default."""
        return self.entities.get(entity_type, self.default)

    def needs_token_key(self) -> bool:
        """Whether any rule makes keyed pseudonyms."""
        return any(r.operator == "token" for r in (self.default, *self.entities.values()))

    def content(self) -> dict[str, Any]:
        """The whole policy as JSON values; :attr:`digest` is over their canonical form."""
        content = self.model_dump(mode="json", by_alias=True, exclude={"entities"})
        rules = {name: rule.model_dump(by_alias=True) for name, rule in self.entities.items()}
        return {**content, "entities": rules}

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of the canonical JSON of the whole policy."""
        return digest_of(self.content())


def built_in_policies() -> list[str]:
    """Names of the policies that ship with the package."""
    folder = files("pii_rules") / "policies"
    return sorted(entry.name[:-5] for entry in folder.iterdir() if entry.name.endswith(".toml"))


def load_policy(name_or_path: str | os.PathLike[str]) -> Policy:
    """The built-in policy of that name, else the one in the TOML file at that path.

    Raises:
        PolicyError: no such policy, not TOML, or an invalid key; the message names the
            key and what is allowed there.
    """
    name = os.fspath(name_or_path)
    if name in built_in_policies():
        raw = (files("pii_rules") / "policies" / f"{name}.toml").read_bytes()
    else:
        raw = _read(name)
    try:
        content = tomllib.loads(raw.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        place = str(error) if isinstance(error, tomllib.TOMLDecodeError) else "not UTF-8"
        raise PolicyError("is not a TOML file", where=name, hint=place) from None
    try:
        return Policy.model_validate(content)
    except ValidationError as error:
        raise PolicyError(_first_problem(error), where=name) from None


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError:
        raise PolicyError(
            "no such policy",
            where=path,
            hint=f"built in: {', '.join(built_in_policies())}; or give the path of a TOML file",
        ) from None


def _first_problem(error: ValidationError) -> str:
    """One line: the key, and what is allowed there; never the value that stood there."""
    problem = error.errors(include_url=False, include_input=False)[0]
    key = ".".join(str(part) for part in problem["loc"] if part != "[key]")
    model: type[BaseModel] = Rule if problem["loc"][0] in ("default", "entities") else Policy
    if problem["type"] == "extra_forbidden":
        known = sorted(field.alias or name for name, field in model.model_fields.items())
        return f"unknown key {key}; allowed: {', '.join(known)}"
    if problem["type"] == "missing":
        return f"key {key} is missing"
    message = problem["msg"].removeprefix("Value error, ")
    return f"{key}: {message[0].lower()}{message[1:]}"
