"""Adapter of this project: the detector, told the language of each record."""

import argparse

import pyarrow as pa
from adapter import Record, Search, Spans, serve

from pii_rules import Detector, Refused


def load(given: argparse.Namespace) -> Search:
    """The detector with its defaults, but for the name finder if one is given."""
    detector = Detector(ner=given.ner) if given.ner else Detector()

    def search(records: list[Record]) -> list[Spans | None]:
        columns = {key: [record[key] for record in records] for key in ("text", "lang")}
        found = detector.detect(pa.RecordBatch.from_pydict(columns))
        return [
            None
            if isinstance(spans, Refused)
            else [(span.start, span.end, span.entity_type) for span in spans]
            for spans in found
        ]

    return search


def _options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ner", help="as of pii_rules.Detector")


if __name__ == "__main__":
    packages = ("redactory", "presidio-analyzer", "spacy", "onnxruntime")
    serve(load, packages, options=_options)
