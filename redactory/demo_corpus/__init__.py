"""The bundled demonstration corpus: invented people in invented documents.

About 400 English and Chinese documents (clinical notes, bank letters, citizens' complaints,
support chats) with exact spans of personal data and a triage label, made by
``python -m redactory.demo_corpus.generate`` from this package's own templates and word lists.
No line of it was ever written by or about a real person.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable


def corpus_path() -> Traversable:
    """Where the committed ``corpus.jsonl`` lies (UTF-8, one JSON object a line)."""
    return files(__name__) / "corpus.jsonl"
