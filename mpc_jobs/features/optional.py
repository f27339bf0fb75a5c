"""Libraries that only some featurisers need."""

from __future__ import annotations

import importlib
from typing import Any

from redactory.errors import InputError


def load(module: str) -> Any:
    """Import ``module``.

    Raises:
        InputError: it is not installed; says how to install it.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        raise InputError(
            f"this featuriser needs {module.partition('.')[0]}, which is not installed",
            hint="pip install 'redactory[detect,train]'",
        ) from None
