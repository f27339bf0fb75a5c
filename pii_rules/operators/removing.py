"""Operators that leave nothing of a value, or a part that the policy names."""

from __future__ import annotations

from typing import Any

from pii_rules.operators.base import Anonymizer


class Replace(Anonymizer):
    """A constant, by default the type's name in angle brackets."""

    name = "replace"

    def __init__(self, entity_type: str, constant: str | None) -> None:
        self._constant = f"<{entity_type}>" if constant is None else constant

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:  # noqa: ARG002
        """The constant."""
        return self._constant


class Redact(Anonymizer):
    """Nothing at all."""

    name = "redact"

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:  # noqa: ARG002
        """The empty string."""
        return ""


class Mask(Anonymizer):
    """One character, repeated; at most half of the value may stay, at its end."""

    name = "mask"

    def __init__(self, character: str, keep_last: int) -> None:
        self._character = character
        self._keep_last = keep_last

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:  # noqa: ARG002
        """As many characters as ``text`` has."""
        kept = min(self._keep_last, len(text) // 2)
        return self._character * (len(text) - kept) + text[len(text) - kept :]


class Keep(Anonymizer):
    """The value itself."""

    name = "keep"

    def operate(self, text: str, params: dict[str, Any] | None = None) -> str:  # noqa: ARG002
        """``text``."""
        return text
