"""Adapter of this project: the default detector, told the language of each record."""

import argparse

import pyarrow as pa
from adapter import Record, Search, Spans, serve

from pii_rules import Detector, Refused


def load(_: argparse.Namespace) -> Search:
    """The detector with its defaults."""
    detector = Detector()

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


if __name__ == "__main__":
    serve(load, ("redactory", "presidio-analyzer", "spacy", "onnxruntime"))
