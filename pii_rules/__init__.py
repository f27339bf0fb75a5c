"""Finding and redacting personal data: detector, policy, redactor, leak gate.

The names below load on first use: a program that only reads a policy or a span imports
neither Presidio nor spaCy (the ``detect`` extra).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pii_rules.detector import Detector, Limits
    from pii_rules.gate import LeakGate
    from pii_rules.policy import Policy, load_policy
    from pii_rules.redactor import Redacted, Redactor, Report
    from pii_rules.sanitizer import Sanitizer
    from pii_rules.spans import Refused, Replacement, Span

__all__ = [
    "Detector",
    "LeakGate",
    "Limits",
    "Policy",
    "Redacted",
    "Redactor",
    "Refused",
    "Replacement",
    "Report",
    "Sanitizer",
    "Span",
    "load_policy",
]

_HOME = {
    "Detector": "detector",
    "LeakGate": "gate",
    "Limits": "detector",
    "Policy": "policy",
    "Redacted": "redactor",
    "Redactor": "redactor",
    "Refused": "spans",
    "Replacement": "spans",
    "Report": "redactor",
    "Sanitizer": "sanitizer",
    "Span": "spans",
    "load_policy": "policy",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
