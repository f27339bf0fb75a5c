"""The NLP engine under Presidio: a blank spaCy pipeline per language.

Tokens only; names come with the detection model. A blank pipeline has no lemmatizer and
leaves every lemma empty, which silently ends all matching of context words in recognizers
that rely on lemmas: the component below sets each lemma to the lower-cased token.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import spacy
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine
from spacy.language import Language
from spacy.tokens import Doc

PIPELINE: Final = "spacy.blank+lower_lemma"
_COMPONENT: Final = "redactory_lower_lemma"


@Language.component(_COMPONENT)
def _lower_lemma(doc: Doc) -> Doc:
    for token in doc:
        token.lemma_ = token.lower_
    return doc


class BlankNlpEngine(NlpEngine):
    """Tokenisation by ``spacy.blank`` for each language.

    Args:
        languages: spaCy language codes.
    """

    def __init__(self, languages: Sequence[str]) -> None:
        self._languages = list(languages)
        self._pipelines: dict[str, Language] = {}

    def load(self) -> None:
        """Make the pipelines; nothing is downloaded."""
        for language in self._languages:
            pipeline = spacy.blank(language)
            pipeline.add_pipe(_COMPONENT)
            self._pipelines[language] = pipeline

    def is_loaded(self) -> bool:
        """Whether ``load`` was called."""
        return bool(self._pipelines)

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        """Tokens, their offsets and lemmas."""
        doc = self._pipelines[language](text)
        return NlpArtifacts(
            entities=[],
            tokens=doc,
            tokens_indices=[token.idx for token in doc],
            lemmas=[token.lemma_ for token in doc],
            nlp_engine=self,
            language=language,
        )

    def process_batch(
        self,
        texts: Iterable[str],
        language: str,
        batch_size: int = 1,  # noqa: ARG002
        n_process: int = 1,  # noqa: ARG002
        **_: Any,
    ) -> Iterator[tuple[str, NlpArtifacts]]:
        """Each text with its artifacts, in order."""
        for text in texts:
            yield text, self.process_text(text, language)

    def is_stopword(self, word: str, language: str) -> bool:
        """Whether spaCy's list for the language has the word."""
        return bool(self._pipelines[language].vocab[word].is_stop)

    def is_punct(self, word: str, language: str) -> bool:
        """Whether the word is punctuation."""
        return bool(self._pipelines[language].vocab[word].is_punct)

    def get_supported_entities(self) -> list[str]:
        """None: a blank pipeline finds no entities."""
        return []

    def get_supported_languages(self) -> list[str]:
        """The languages given."""
        return list(self._languages)
