"""Choosing what finds names, by a word of configuration.

========================  ============================================================
``embedded``              the models that ship with the package
``fast``                  their smaller English model: faster, a little less is found
``none``                  nothing: rules only
``spacy:PIPELINE``        a spaCy pipeline, by package name or folder
``presidio:MODULE:NAME``  a Presidio recognizer (transformers, GLiNER, your own): ``NAME`` in
                          ``MODULE`` is called without arguments and returns it
========================  ============================================================

A module named here is imported and run: name only code that you trust.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import spacy
from presidio_analyzer import EntityRecognizer
from spacy.language import Language

from pii_rules.ner.names import Name, NameFinder
from redactory.errors import PolicyError

_LABELS: Final = {
    "PER": "PERSON", "PERSON": "PERSON",
    "LOC": "LOCATION", "GPE": "LOCATION", "FAC": "LOCATION", "LOCATION": "LOCATION",
    "ORG": "ORGANIZATION", "ORGANIZATION": "ORGANIZATION",
}  # fmt: skip
# spaCy's statistical pipelines give no probability; Presidio's default for them.
_SPACY_SCORE: Final = 0.85
_HINT: Final = "allowed: embedded, fast, none, spacy:PIPELINE, presidio:MODULE:NAME"


def finder(choice: str) -> NameFinder | None:
    """The finder a configuration names; None for ``none``.

    Raises:
        PolicyError: an unknown word, or a pipeline or module that is not installed.
    """
    kind, _, rest = choice.partition(":")
    if choice == "none":
        return None
    if choice in ("embedded", "fast"):
        from pii_rules.ner.embedded import EmbeddedNames  # noqa: PLC0415 - loads ONNX Runtime

        return EmbeddedNames(fast=choice == "fast")
    if kind == "spacy" and rest:
        return SpacyNames(rest)
    if kind == "presidio" and rest.count(":") == 1:
        return PresidioNames(*rest.split(":"))
    raise PolicyError("unknown name finder", hint=_HINT)


class SpacyNames:
    """Names by a spaCy pipeline.

    Args:
        pipeline: package name or folder. Nothing is downloaded.

    Raises:
        PolicyError: there is none of that name.
    """

    def __init__(self, pipeline: str) -> None:
        if not (Path(pipeline).is_dir() or spacy.util.is_package(pipeline)):
            raise PolicyError(
                "no such spaCy pipeline",
                hint="install the pipeline's package, or give the folder it lies in",
            )
        self._pipeline: Language = spacy.load(pipeline)
        self._pipeline.max_length = 1 << 25

    def find(self, texts: Sequence[str]) -> list[list[Name]]:
        """The names of each text."""
        return [
            [
                Name(e.start_char, e.end_char, _LABELS[e.label_], _SPACY_SCORE, "spacy")
                for e in doc.ents
                if e.label_ in _LABELS
            ]
            for doc in self._pipeline.pipe(texts)
        ]

    def describe(self) -> dict[str, str]:
        """The pipeline's name and version."""
        meta = self._pipeline.meta
        return {"finder": f"spacy:{meta['lang']}_{meta['name']}", "version": str(meta["version"])}


class PresidioNames:
    """Names by a Presidio recognizer.

    Args:
        module: where it is made.
        name: what makes it: a class or a function.

    Raises:
        PolicyError: it cannot be had.
    """

    def __init__(self, module: str, name: str) -> None:
        try:
            recognizer = getattr(import_module(module), name)()
        except (ImportError, AttributeError, TypeError):
            raise PolicyError("cannot make the recognizer that finds names", hint=_HINT) from None
        if not isinstance(recognizer, EntityRecognizer):
            raise PolicyError("what finds names is no Presidio recognizer", hint=_HINT)
        self._recognizer, self._module = recognizer, module
        self._name = str(recognizer.name)  # type: ignore[has-type]
        self._recognizer.load()

    def find(self, texts: Sequence[str]) -> list[list[Name]]:
        """The names of each text."""
        return [
            sorted(
                Name(r.start, r.end, _LABELS[r.entity_type], r.score, self._name)
                for r in self._recognizer.analyze(text, self._recognizer.supported_entities, None)  # type: ignore[arg-type]  # reads no artifacts
                if r.entity_type in _LABELS
            )
            for text in texts
        ]

    def describe(self) -> dict[str, str]:
        """The recognizer's name and version, and those of the package it is from."""
        package = self._module.partition(".")[0]
        try:
            packaged = version(package)
        except PackageNotFoundError:
            packaged = "-"
        own = f"{self._name} {self._recognizer.version}"
        return {"finder": f"presidio:{own}", "version": packaged}
