"""Operators: what is written in place of a span. Each is an operator of presidio-anonymizer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from presidio_anonymizer.operators import Operator

from pii_rules.operators.base import RECORD, RecordFacts
from pii_rules.operators.generalise import Generalise
from pii_rules.operators.keyed import Reversible, Token, read_back
from pii_rules.operators.lifelike import DATES, DateShift, Surrogate
from pii_rules.operators.removing import Keep, Mask, Redact, Replace
from pii_rules.policy import Policy
from pii_rules.policy_rule import OperatorName, Setting
from redactory.errors import KeyringError

__all__ = [
    "RECORD",
    "DateShift",
    "Generalise",
    "Keep",
    "Mask",
    "RecordFacts",
    "Redact",
    "Replace",
    "Reversible",
    "Surrogate",
    "Token",
    "check_keys",
    "operator_for",
    "read_back",
]

_KEY_BYTES: Final = 32


def operator_for(entity_type: str, setting: Setting, keys: Mapping[str, bytes]) -> Operator:
    """The operator that a setting asks for on a type."""
    name = setting.operator
    if name == "surrogate" and entity_type in DATES:
        return DateShift(entity_type, keys["surrogate"], setting.max_days)
    makers: dict[OperatorName, Callable[[], Operator]] = {
        "replace": lambda: Replace(entity_type, setting.replacement),
        "redact": Redact,
        "mask": lambda: Mask(setting.character, setting.keep_last),
        "generalise": lambda: Generalise(entity_type, setting),
        "token": lambda: Token(entity_type, keys["token"]),
        "reversible": lambda: Reversible(entity_type, keys["token"]),
        "surrogate": lambda: Surrogate(entity_type, keys["surrogate"]),
        "date_shift": lambda: DateShift(entity_type, keys["shift"], setting.max_days),
        "keep": Keep,
    }
    return makers[name]()


def check_keys(policy: Policy, keys: Mapping[str, bytes]) -> None:
    """Refuse to start without the keys that a policy needs.

    Raises:
        KeyringError: a key is missing or shorter than 32 bytes.
    """
    for name in sorted(policy.keys_needed()):
        if len(keys.get(name, b"")) < _KEY_BYTES:
            raise KeyringError(
                f"the policy's operators need a 32-byte {name} key, and there is none",
                where=policy.name,
                hint="give the pseudonym key of the scope",
            )
