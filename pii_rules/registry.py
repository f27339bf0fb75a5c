"""The recognizer registry under Presidio's analyzer.

Presidio collects the recognizers of a text by going through all of them once per entity
type, which for many types costs more than the recognizers themselves, and puts them into a
set, whose order differs from process to process. The detector always asks for every type,
so the answer is known beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from presidio_analyzer import EntityRecognizer, RecognizerRegistry


class FixedRegistry(RecognizerRegistry):
    """All recognizers of a language, in the order given.

    Args:
        recognizers: each for its own language.
        languages: the languages there are.
    """

    def __init__(self, recognizers: Sequence[EntityRecognizer], languages: Sequence[str]) -> None:
        super().__init__(list(recognizers), supported_languages=list(languages))
        self._by_language = {
            language: [r for r in recognizers if r.supported_language == language]
            for language in languages
        }

    def get_recognizers(
        self,
        language: str,
        entities: Any = None,  # noqa: ARG002
        all_fields: bool = False,  # noqa: ARG002, FBT001, FBT002
        ad_hoc_recognizers: Any = None,  # noqa: ARG002
    ) -> list[EntityRecognizer]:
        """Every recognizer of ``language``."""
        return list(self._by_language[language])
