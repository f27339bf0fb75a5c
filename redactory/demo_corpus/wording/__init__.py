"""The corpus's words, as TOML tables: templates and phrases by domain and language, and names."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def load_wording(table: str) -> dict[str, Any]:
    """One table, such as ``clinical_en``, ``bank_zh`` or ``names``."""
    return tomllib.loads((files(__name__) / f"{table}.toml").read_text(encoding="utf-8"))
