"""One system in a process of its own: reads texts, searches them, tells what it cost.

    python benchmarks/timing/systems.py NAME TEXTS.json

TEXTS.json holds texts by case. Prints CPU seconds a case (all threads; the best of some runs, since
the machine is shared and noise only ever adds) and the peak resident memory of the process.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"
Search = Callable[[Sequence[str]], Any]
_RUNS = 5
_ENOUGH = 4.0  # CPU seconds of one case
_BATCH = 64


def redactory(ner: str) -> Search:
    """The detector with all of its rules."""
    import pyarrow as pa

    from pii_rules import Detector

    detector = Detector(ner=ner)

    def search(texts: Sequence[str]) -> None:
        for first in range(0, len(texts), _BATCH):
            detector.detect(pa.record_batch({"text": list(texts[first : first + _BATCH])}))

    return search


def same_rules() -> Search:
    """Our engine with the recognizers of Presidio's default registry, adopted unchanged.

    IBAN and phone numbers, which are not plain patterns there, by our rules for them.
    """
    from presidio_analyzer import PatternRecognizer, RecognizerRegistry

    from pii_rules.engine import RuleEngine
    from pii_rules.recognizers.iban import iban_rule
    from pii_rules.recognizers.phone import PhoneRule
    from pii_rules.recognizers.rule import adopt

    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    plain = [
        adopt(recognizer, "en", seconds=None)
        for recognizer in registry.recognizers
        if isinstance(recognizer, PatternRecognizer)
        and type(recognizer).analyze is PatternRecognizer.analyze
    ]
    engine = RuleEngine([*plain, iban_rule("en"), PhoneRule("en")], ["en"])

    def search(texts: Sequence[str]) -> None:
        for text in texts:
            list(engine.find(text, ["en"]))

    return search


def _analyzer() -> Any:
    """Presidio's AnalyzerEngine with its defaults around a blank English pipeline: no names."""
    import spacy
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import NlpEngineProvider

    with tempfile.TemporaryDirectory() as folder:
        spacy.blank("en").to_disk(folder)
        provider = NlpEngineProvider()
        provider.nlp_configuration["models"] = [{"lang_code": "en", "model_name": folder}]
        return AnalyzerEngine(nlp_engine=provider.create_engine())


def presidio() -> Search:
    """As documented: one text after the other."""
    engine = _analyzer()
    return lambda texts: [engine.analyze(text=text, language="en") for text in texts]


def presidio_batch() -> Search:
    """As documented for many texts."""
    from presidio_analyzer import BatchAnalyzerEngine

    engine = BatchAnalyzerEngine(analyzer_engine=_analyzer())
    return lambda texts: list(engine.analyze_iterator(list(texts), language="en"))


def scrubadub() -> Search:
    """Its defaults."""
    import scrubadub as library

    scrubber = library.Scrubber()
    return lambda texts: [list(scrubber.iter_filth(text)) for text in texts]


SYSTEMS: dict[str, Callable[[], Search]] = {
    "rules": lambda: redactory("none"),
    "same-rules": same_rules,
    "names": lambda: redactory("embedded"),
    "fast-names": lambda: redactory("fast"),
    "presidio": presidio,
    "presidio-batch": presidio_batch,
    "scrubadub": scrubadub,
}


def measure(search: Search, texts: Sequence[str]) -> float:
    """CPU seconds of the best run."""
    search(texts[:1])
    spent: list[float] = []
    while len(spent) < _RUNS and (not spent or sum(spent) + min(spent) < _ENOUGH):
        began = time.process_time()
        search(texts)
        spent.append(time.process_time() - began)
    return min(spent)


def main() -> None:
    """Measure every case with one system."""
    name, cases = sys.argv[1], json.loads(Path(sys.argv[2]).read_text("utf-8"))
    logging.disable()
    search = SYSTEMS[name]()
    told = {case: measure(search, texts) for case, texts in cases.items()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"cpu_s": told, "peak_bytes": peak}))


if __name__ == "__main__":
    main()
