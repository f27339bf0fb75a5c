"""The word lists beside this file, one TOML document a language."""

from __future__ import annotations

import tomllib
from pathlib import Path


def word_lists(language: str) -> dict[str, list[str]]:
    """The lists of ``en`` or ``zh`` by name."""
    path = Path(__file__).parent / "lists" / f"{language}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))
