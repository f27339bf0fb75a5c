"""Policies: what happens to each type of personal data, read from TOML.

A policy is data, not code: one file names an operator and a threshold per entity type.
``gdpr`` ships with the package; any other is a path. Unknown keys are refused, because a
misspelt key would mean that a rule silently does not apply.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from pii_rules.policy_rule import (
    DEFAULT_THRESHOLD,
    KEY_OF,
    Language,
    Rule,
    Setting,
    Threshold,
)
from redactory.canonical import digest_of
from redactory.errors import PolicyError

__all__ = ["DEFAULT_THRESHOLD", "Policy", "built_in_policies", "load_policy"]

EntityName = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")]
# A redacted form that is one of these may stand elsewhere in the record: it is a word too.
COMMON_WORDS: Final = frozenset(
    [
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "january",
        "february",
        "march",
        "april",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
        "today",
        "tomorrow",
        "yesterday",
    ]
)


_NAMES: Final = ("PERSON", "LOCATION", "ORGANIZATION")


class QuasiIdentifiers(BaseModel):
    """Columns that single people out together (ISO/IEC 20889, k-anonymity).

    Attributes:
        columns: columns of the released data; the utility report counts their combinations.
        k: how many records should share each combination.
        max_share_below_k: largest share of records in smaller groups a run may publish with.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    columns: tuple[str, ...] = ()
    k: Annotated[int, Field(ge=1)] = 5
    max_share_below_k: Threshold = 1.0


class ResidualLimits(BaseModel):
    """How much of the personal data of a labelled sample may survive (the leak gate).

    Attributes:
        default: largest share of the labelled values of a type.
        entities: the same for one type.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    default: Threshold = 1.0
    entities: Mapping[EntityName, Threshold] = {}

    def of(self, entity_type: str) -> float:
        """The limit of a type."""
        return self.entities.get(entity_type, self.default)


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
        common_words: words that may stand in a record though a redacted value has their form.
        allow_worker_reversible: allow the operator ``reversible``, whose tokens every worker
            that holds the scope's key can read back.
        quasi_identifiers: columns that single people out together.
        residual_limits: how much of a labelled sample may survive.
        gate_name_threshold: the leak gate looks for names from this score on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")]
    description: str = ""
    languages: tuple[Language, ...] = ("en", "zh")
    default: Rule = Rule()
    entities: Mapping[EntityName, Rule] = {}
    safe_columns: tuple[str, ...] = ()
    max_quarantine_share: Annotated[float, Field(ge=0.0, le=1.0)] = 0.01
    suppress_counts_below: Annotated[int, Field(ge=0)] = 0
    scope: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")] | None = None
    common_words: tuple[str, ...] = ()
    allow_worker_reversible: bool = False
    quasi_identifiers: QuasiIdentifiers = QuasiIdentifiers()
    residual_limits: ResidualLimits = ResidualLimits()
    gate_name_threshold: Threshold = 0.3

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

    @model_validator(mode="after")
    def _reversible_on_purpose(self) -> Policy:
        if "reversible" in self.operators() and not self.allow_worker_reversible:
            raise ValueError(
                "the operator reversible needs allow_worker_reversible = true: a stolen worker "
                "reads its tokens back; the sealed identity map does not need that"
            )
        return self

    def rule(self, entity_type: str) -> Rule:
        """The rule of ``entity_type``: its own, else the default."""
        return self.entities.get(entity_type, self.default)

    def operators(self) -> frozenset[str]:
        """Every operator that the policy may apply."""
        return frozenset(setting.operator for setting in self.settings())

    def keys_needed(self) -> frozenset[str]:
        """Names of the subkeys that its operators draw from."""
        return frozenset(KEY_OF[name] for name in self.operators() if name in KEY_OF)

    def is_common(self, form: str) -> bool:
        """Whether a form may stand in the record though a value with that form was redacted."""
        return form.casefold() in self._common

    @cached_property
    def _common(self) -> frozenset[str]:
        return COMMON_WORDS | {word.casefold() for word in self.common_words}

    def keen(self) -> Policy:
        """The policy of the leak gate's detector: names count from a lower score on."""
        low = self.gate_name_threshold
        rules = {
            name: self.rule(name).model_copy(
                update={"threshold": min(low, self.rule(name).threshold)}
            )
            for name in _NAMES
        }
        return self.model_copy(update={"entities": MappingProxyType({**self.entities, **rules})})

    def settings(self) -> list[Setting]:
        """Every setting: the default, the types' own, and those for a language."""
        return [s for rule in (self.default, *self.entities.values()) for s in rule.settings()]

    def content(self) -> dict[str, Any]:
        """The whole policy as JSON values; :attr:`digest` is over their canonical form."""
        content = self.model_dump(mode="json", by_alias=True, exclude={"entities", "default"})
        rules = {name: rule.content() for name, rule in self.entities.items()}
        return {**content, "default": self.default.content(), "entities": rules}

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
    key = ".".join(str(part) for part in problem["loc"] if part != "[key]") or "policy"
    if problem["type"] == "extra_forbidden":
        fields = _model_at(problem["loc"]).model_fields
        known = sorted(field.alias or name for name, field in fields.items())
        return f"unknown key {key}; allowed: {', '.join(known)}"
    if problem["type"] == "missing":
        return f"key {key} is missing"
    message = problem["msg"].removeprefix("Value error, ")
    return f"{key}: {message[0].lower()}{message[1:]}"


def _model_at(place: tuple[int | str, ...]) -> type[BaseModel]:
    """The table in which an unknown key stands."""
    match place[0]:
        case "default" | "entities":
            nested = len(place) > (2 if place[0] == "default" else 3)
            return Setting if nested else Rule
        case "quasi_identifiers":
            return QuasiIdentifiers
        case "residual_limits":
            return ResidualLimits
    return Policy
