"""The name models that ship with the package: English and Chinese, no network, CPU only."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Final

from pii_rules.ner.chinese import ChineseModel
from pii_rules.ner.english import EnglishModel
from pii_rules.ner.names import Name

_FOLDER: Final = Path(__file__).parent / "models"


class EmbeddedNames:
    """Both models, loaded when the first text comes.

    Args:
        fast: the English model's student in its place: twice the speed and more, some names
            fewer (docs/benchmarks/detection.md has both).
    """

    def __init__(self, *, fast: bool = False) -> None:
        self._fast = fast

    @cached_property
    def _models(self) -> tuple[EnglishModel, ChineseModel]:
        return EnglishModel(_FOLDER, fast=self._fast), ChineseModel(_FOLDER)

    def find(self, texts: Sequence[str]) -> list[list[Name]]:
        """The names of each text, sorted by start; where the models disagree, both findings."""
        english, chinese = (model.find(texts) for model in self._models)
        return [sorted(a + b) for a, b in zip(english, chinese, strict=True)]

    def describe(self) -> dict[str, str]:
        """Digests of the files, versions of what runs them."""
        return {
            "profile": "fast" if self._fast else "full",
            **{
                f"model.{path.name}": "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
                for path in sorted(_FOLDER.iterdir())
                if path.suffix in (".onnx", ".json", ".bin")
            },
            **{f"library.{name}": version(name) for name in ("onnxruntime", "tokenizers")},
        }
