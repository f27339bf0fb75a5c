"""Libraries that only some readers want, loaded when they are asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from redactory.errors import InputError


def load(module: str, package: str) -> Any:
    """The module.

    Raises:
        InputError: it is not installed; says how to install it.
    """
    try:
        return import_module(module)
    except ImportError:
        raise InputError(f"this needs {package}", hint=f"pip install '{package}'") from None
