"""``redactory redact``: redacted JSON lines, in the clear, for a look or for another tool."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import typer

from redactory.cli import options
from redactory.cli.output import meter, notice, print_json, warn

if TYPE_CHECKING:
    from collections.abc import Callable

    from redactory.config import RunConfig
    from redactory.sources import Batch

EXAMPLES = """
**Examples**

`redactory redact notes.jsonl --policy gdpr --output redacted.jsonl`

Tokens are those of `redactory run` with the same `--scope`. To store data, use
`redactory run`: its result is encrypted and on record.
"""


def redact_command(
    inputs: Annotated[list[str], typer.Argument(metavar="INPUT...", help="What to redact.")],
    output: Annotated[str, typer.Option("--output", "-o", help="JSON lines to write.")],
    policy: options.Policy = "gdpr",
    scope: options.Scope = None,
    text: options.Text = None,
    id_column: options.IdColumn = None,
    lang_column: options.LangColumn = None,
    input_format: options.InputFormat = None,
    text_unit: options.TextUnit = "file",
    encoding: options.Encoding = None,
    ner: options.Ner = "embedded",
    workers: options.Workers = 0,
    as_json: options.Json = False,
) -> None:
    """Write one redacted line for every record that may be released; ids stay as they are.

    Records that may not are listed by id and reason in OUTPUT.withheld.jsonl; their text is
    only where it was. Over the policy's share of such records nothing is written at all.
    """
    from redactory.cli.ordered import batches, replacing  # noqa: PLC0415
    from redactory.config import RunConfig  # noqa: PLC0415
    from redactory.errors import PolicyError  # noqa: PLC0415
    from redactory.extras import require  # noqa: PLC0415
    from redactory.keys import KeyStore  # noqa: PLC0415
    from redactory.pipeline.pool import ordered_map, worker_count  # noqa: PLC0415
    from redactory.pipeline.setup import RunSetup  # noqa: PLC0415
    from redactory.sources import list_sources  # noqa: PLC0415

    require("detect")
    given = {
        "input": tuple(inputs),
        "output": output,
        "policy": policy,
        "scope": scope,
        "ner": ner,
        "text_columns": tuple(text) if text else None,
        "id_column": id_column,
        "lang_column": lang_column,
        "text_unit": text_unit,
        "input_format": input_format,
        "encoding": encoding,
        "rows_per_shard": 256,
    }
    config = RunConfig.parse({k: v for k, v in given.items() if v is not None}, where="options")
    setup = RunSetup(config, KeyStore(notice=notice))
    keys = {name: setup.subkeys[name] for name in ("token", "surrogate", "shift")}
    listing = list_sources(inputs, format=input_format)
    count = worker_count(workers, sum(source.size for source in listing.sources))
    kept = withheld = 0
    with (
        meter(quiet=as_json) as gauge,
        replacing(f"{output}.withheld.jsonl") as aside,
        replacing(output) as file,
        ordered_map(_redactor, (config, keys), count) as mapped,
    ):
        for lines, refused, size in mapped(batches(listing, setup.options)):
            file.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
            aside.writelines(json.dumps(line, ensure_ascii=False) + "\n" for line in refused)
            kept += len(lines)
            withheld += len(refused)
            gauge.add(len(lines) + len(refused), size)
        if withheld > setup.policy.max_quarantine_share * (kept + withheld):
            raise PolicyError(
                f"{withheld} of {kept + withheld} records may not be released, over the limit "
                f"of {setup.policy.max_quarantine_share:.1%}; nothing was written",
                hint="redactory detect shows which records cannot be read",
            )
    if as_json:
        print_json({"kept": kept, "withheld": withheld, "output": output})
    else:
        notice(f"{kept:,} records → {output}")
    if withheld:
        warn(f"{withheld:,} records were withheld: see {output}.withheld.jsonl")


def _redactor(
    config: RunConfig, keys: dict[str, bytes]
) -> Callable[[Batch], tuple[list[dict[str, Any]], list[dict[str, Any]], int]]:
    from redactory.pipeline.sanitise import PolicySanitiser  # noqa: PLC0415

    sanitiser = PolicySanitiser(config, keys)

    def redact(batch: Batch) -> tuple[list[dict[str, Any]], list[dict[str, Any]], int]:
        done = sanitiser.sanitise(batch.records)
        lines = []
        for row in done.kept.to_pylist():
            row.pop("record_no")
            record = {"id": row.pop("record_id")} | row
            if record["lang"] is None:
                del record["lang"]
            lines.append(record)
        ids = batch.records.column("record_id")
        refused = [{"id": ids[row].as_py(), "reason": reason} for row, reason in done.refused]
        refused += [{"id": r.record_id, "reason": str(r.reason)} for r in batch.unreadable]
        return lines, refused, batch.bytes_read

    return redact
