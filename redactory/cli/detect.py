"""``redactory detect``: where personal data stands, without changing anything."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from redactory.cli import options
from redactory.cli.output import meter, notice, print_json

if TYPE_CHECKING:
    from collections.abc import Callable

    from redactory.sources import Batch

EXAMPLES = """
**Examples**

`redactory detect notes.jsonl --output found.jsonl`

`redactory detect letters.csv --text body --output found.jsonl --workers 4`
"""


def detect_command(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="What to search.")],
    output: Annotated[str, typer.Option("--output", "-o", help="JSON lines to write.")],
    text: options.Text = None,
    id_column: options.IdColumn = None,
    lang_column: options.LangColumn = None,
    input_format: options.InputFormat = None,
    text_unit: options.TextUnit = "file",
    encoding: options.Encoding = None,
    workers: options.Workers = 0,
    ner: options.Ner = "embedded",
    no_ner: Annotated[bool, typer.Option("--no-ner", help="Rules only; as --ner none.")] = False,
    as_json: options.Json = False,
) -> None:
    """Write `{"id", "spans": [...]}` for every record, in order.

    Every entity type at its default threshold; offsets are code points of the original
    text. A record that cannot be read or searched has `"error"` and no spans.
    """
    from redactory.cli.ordered import batches, replacing  # noqa: PLC0415
    from redactory.extras import require  # noqa: PLC0415
    from redactory.pipeline.pool import ordered_map, worker_count  # noqa: PLC0415
    from redactory.sources import ReadOptions, list_sources  # noqa: PLC0415

    require("detect")
    listing = list_sources(inputs, format=input_format)
    reading = ReadOptions(
        text_columns=tuple(text or ["text"]),
        id_column=id_column,
        lang_column=lang_column,
        text_unit=text_unit,  # type: ignore[arg-type]  # checked by ReadOptions
        encoding=encoding,
        batch_rows=256,
    )
    count = worker_count(workers, sum(source.size for source in listing.sources))
    records = spans = failed = 0
    with (
        meter(quiet=as_json) as gauge,
        replacing(output) as file,
        ordered_map(_searcher, (reading.text_columns, "none" if no_ner else ner), count) as mapped,
    ):
        for lines, size in mapped(batches(listing, reading)):
            for line in lines:
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
                spans += len(line["spans"])
                failed += "error" in line
            records += len(lines)
            gauge.add(len(lines), size)
    if as_json:
        print_json({"records": records, "spans": spans, "failed": failed, "output": output})
    else:
        notice(f"{records:,} records, {spans:,} findings, {failed:,} not searched → {output}")


def _searcher(
    columns: tuple[str, ...], ner: str
) -> Callable[[Batch], tuple[list[dict[str, Any]], int]]:
    from pii_rules import Detector, Refused  # noqa: PLC0415
    from redactory.cli.ordered import in_record_order  # noqa: PLC0415

    detector = Detector(ner=ner)

    def detect(batch: Batch) -> tuple[list[dict[str, Any]], int]:
        lines: list[tuple[int, dict[str, Any]]] = [
            (record.record_no, {"id": record.record_id, "spans": [], "error": str(record.reason)})
            for record in batch.unreadable
        ]
        numbers = batch.records.column("record_no").to_pylist()
        ids = batch.records.column("record_id").to_pylist()
        found = detector.detect(batch.records, columns)
        for number, record_id, spans in zip(numbers, ids, found, strict=True):
            line: dict[str, Any] = {"id": record_id, "spans": []}
            if isinstance(spans, Refused):
                line["error"] = spans.reason_code
            else:
                line["spans"] = [span.as_json() for span in spans]
            lines.append((number, line))
        return in_record_order(lines), batch.bytes_read

    return detect
