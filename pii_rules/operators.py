"""Operators: what is written in place of a span.

Each is an operator of presidio-anonymizer. ``token`` is the keyed pseudonym: HMAC-SHA256
(RFC 2104) under the scope's ``token`` key over type, 0x00 and canonical form, cut to 64
bits. Whoever holds the key can test a guess; nobody can read a value back.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any, Final

from presidio_anonymizer.operators import Operator, OperatorType

from pii_rules.entities import canonical_form
from pii_rules.policy import Policy, Rule
from redactory.errors import KeyringError

TOKEN_KEY: Final = "token"  # noqa: S105 - the name of a key, not a key
_KEY_BYTES: Final = 32


class _Anonymizer(Operator):
    """What all operators here share: they anonymize, under the name of their policy key."""

    name: str

    def operator_name(self) -> str:
        """The operator's name in policies."""
        return self.name

    def operator_type(self) -> OperatorType:
        """These operators have no inverse."""
        return OperatorType.Anonymize

    def validate(self, params: dict[str, Any] | None = None) -> None:
        """Nothing to check: parameters come from a validated policy."""


class Replace(_Anonymizer):
    """A constant, by default the type's name in angle brackets."""

    name = "replace"

    def __init__(self, entity_type: str, constant: str | None) -> None:
        self._constant = f"<{entity_type}>" if constant is None else constant

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:  # noqa: ARG002
        """The constant."""
        return self._constant


class Redact(_Anonymizer):
    """Nothing at all."""

    name = "redact"

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:  # noqa: ARG002
        """The empty string."""
        return ""


class Mask(_Anonymizer):
    """One character, repeated; at most half of the value may stay, at its end."""

    name = "mask"

    def __init__(self, character: str, keep_last: int) -> None:
        self._character = character
        self._keep_last = keep_last

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:  # noqa: ARG002
        """As many characters as ``text`` has."""
        kept = min(self._keep_last, len(text) // 2)
        return self._character * (len(text) - kept) + text[len(text) - kept :]


class Token(_Anonymizer):
    """A keyed pseudonym ``<TYPE:16 hex digits>``."""

    name = "token"

    def __init__(self, entity_type: str, key: bytes) -> None:
        self._entity_type = entity_type
        self._key = key

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:  # noqa: ARG002
        """The pseudonym of the canonical form of ``text``."""
        canonical = canonical_form(self._entity_type, text)
        message = self._entity_type.encode() + b"\x00" + canonical.encode("utf-8", "surrogatepass")
        digest = hmac.digest(self._key, message, "sha256")
        return f"<{self._entity_type}:{digest[:8].hex()}>"


class Keep(_Anonymizer):
    """The value itself."""

    name = "keep"

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:  # noqa: ARG002
        """``text``."""
        return text


def operator_for(entity_type: str, rule: Rule, keys: Mapping[str, bytes]) -> Operator:
    """The operator that a rule asks for on a type."""
    match rule.operator:
        case "replace":
            return Replace(entity_type, rule.replacement)
        case "redact":
            return Redact()
        case "mask":
            return Mask(rule.character, rule.keep_last)
        case "token":
            return Token(entity_type, keys[TOKEN_KEY])
        case "keep":
            return Keep()


def check_keys(policy: Policy, keys: Mapping[str, bytes]) -> None:
    """Refuse to start without the keys that a policy needs.

    Raises:
        KeyringError: the ``token`` key is missing or shorter than 32 bytes.
    """
    if policy.needs_token_key() and len(keys.get(TOKEN_KEY, b"")) < _KEY_BYTES:
        raise KeyringError(
            "the policy makes tokens, and there is no 32-byte token key",
            where=policy.name,
            hint="give the pseudonym key of the scope",
        )
