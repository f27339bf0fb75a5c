"""What the operators of a policy write that is no value: ``<PERSON>``, tokens, bands, constants.

A second pass must not take it for personal data. Only what an operator can have written counts:
angle brackets around an entity type, with nothing or one of our own forms behind it.
"""

from __future__ import annotations

from typing import Final

import regex  # type: ignore[import-untyped]

from pii_rules.entities import TYPE_ORDER
from pii_rules.policy import Policy

_BEHIND: Final = r":(?:[0-9a-f]{16}|90\+|\d{1,2}-\d{1,2}|(?:[A-Z]{2} )?\d{3}\*\*)"


class OwnWriting:
    """Finds what an earlier pass under a policy wrote.

    Args:
        policy: whose types and constants; None for the standard types.
    """

    def __init__(self, policy: Policy | None) -> None:
        settings = policy.settings() if policy else []
        constants = sorted({s.replacement for s in settings if s.replacement}, key=len)
        types = sorted({*TYPE_ORDER, *(policy.entities if policy else ())})
        names = "|".join(map(regex.escape, types))
        own = "".join(f"|{regex.escape(constant)}" for constant in reversed(constants))
        self._pattern = regex.compile(rf"<(?:{names})(?:{_BEHIND})?>{own}")
        self._in_brackets = all("<" in constant for constant in constants)

    def places(self, text: str) -> list[tuple[int, int]]:
        """Disjoint ranges of ``text``, sorted."""
        if self._in_brackets and "<" not in text:
            return []
        return [match.span() for match in self._pattern.finditer(text)]
