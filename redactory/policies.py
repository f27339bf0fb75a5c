"""Policies compared and laid out for people: ``redactory policy``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from pii_rules.policy import Policy
from pii_rules.policy_rule import KEY_OF, Setting

_NINETY = 90  # Safe Harbor: ages over 89, and years that tell of one, do not stay


@dataclass(frozen=True)
class Difference:
    """One key of two policies with different values; None where the policy has no such key."""

    key: str
    old: str | None
    new: str | None


def differences(old: Policy, new: Policy) -> list[Difference]:
    """What changes from one policy to another, by key.

    A type that only one of them names is compared with what the other's default says.
    """
    before, after = old.content(), new.content()
    types = sorted({*before.pop("entities"), *after.pop("entities")})
    for name in types:
        before[f"entities.{name}"] = old.rule(name).content()
        after[f"entities.{name}"] = new.rule(name).content()
    flat = dict(_flat("", before)), dict(_flat("", after))
    return [
        Difference(key, flat[0].get(key), flat[1].get(key))
        for key in [*flat[0], *(key for key in flat[1] if key not in flat[0])]
        if flat[0].get(key) != flat[1].get(key)
    ]


def parameters(setting: Setting) -> str:
    """The operator's own parameters, in words."""
    content = setting.content()
    own = {
        "replace": ("with",),
        "mask": ("character", "keep_last"),
        "generalise": ("to", "band") if setting.to == "age_band" else ("to", "earliest_year"),
        "date_shift": ("max_days",),
    }
    told = {key: content[key] for key in own.get(setting.operator, ()) if content[key]}
    return ", ".join(f"{key} = {value}" for key, value in told.items())


def remarks(policy: Policy, *, today: date | None = None) -> list[str]:
    """What a reader of a valid policy may want to know.

    Args:
        policy: a valid one.
        today: the day on which it is used; default the present one.
    """
    told = []
    youngest = (today or date.today()).year - _NINETY  # noqa: DTZ011 - the user's own calendar
    earliest = [s.earliest_year for s in policy.settings() if s.earliest_year]
    if earliest and min(earliest) <= youngest:
        told.append(
            f"earliest_year = {min(earliest)} leaves years of birth of people over 89: "
            f"raise it to {youngest + 1}"
        )
    if policy.default.operator == "keep":
        told.append("types without a table are kept: new types that detectors learn are kept too")
    keyed = sorted(name for name in policy.operators() if name in KEY_OF)
    if keyed:
        told.append(f"needs the scope's pseudonym key ({', '.join(keyed)})")
    if policy.safe_columns:
        told.append(f"passes without being scanned: {', '.join(policy.safe_columns)}")
    if "reversible" in policy.operators():
        told.append("a stolen worker can read its reversible tokens back")
    return told


def _flat(prefix: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(f"{prefix}.{key}" if prefix else key, inner)
    elif isinstance(value, list | tuple):
        yield prefix, ", ".join(map(str, value))
    else:
        yield prefix, "" if value is None else str(value)
