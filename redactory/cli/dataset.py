"""``redactory dataset``: look at, read and verify a dataset."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.table import Table

from redactory.cli import lifecycle, options
from redactory.cli.output import facts_table, notice, out, print_json
from redactory.cli.verdict import show_verdict, verify

app = typer.Typer(
    help="Show, read, verify and look after sealed datasets.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
for _command in lifecycle.COMMANDS:
    app.command(_command.name, epilog=_command.example)(_command.run)

_SHOWN = 20
Folder = Annotated[str, typer.Argument(metavar="DATASET", help="The dataset's folder.")]


@app.command(epilog="**Example:** `redactory dataset show notes.dataset`")
def show(
    path: Folder,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """What is in a dataset, from its verified log; needs no private key."""
    from redactory.reading import describe  # noqa: PLC0415

    facts = describe(path, options.trust(ledger, log_key, trust_new_log))
    if as_json:
        print_json(facts)
        return
    shards = facts.pop("shards")
    runs = facts.pop("runs")
    out.print(facts_table({name.replace("_", " "): value for name, value in facts.items()}))
    table = Table("run", "policy", "records", "quarantined", "shards", box=None, pad_edge=False)
    for run in runs:
        table.add_row(
            run["run_id"],
            run["policy"],
            f"{run['records']:,}",
            f"{run['quarantined']:,}",
            f"{run['shards']:,}",
        )
    out.print(table)
    table = Table("shard", "version", "rows", "bytes", "state", box=None, pad_edge=False)
    for shard in shards[:_SHOWN]:
        table.add_row(
            shard["shard"],
            str(shard["version"]),
            f"{shard['rows']:,}",
            f"{shard['bytes']:,}",
            shard["state"],
        )
    out.print(table)
    if len(shards) > _SHOWN:
        out.print(f"and {len(shards) - _SHOWN:,} more shards (--json shows all)")


@app.command(
    epilog="**Examples:** `redactory dataset read notes.dataset --limit 3` · "
    "`redactory dataset read notes.dataset --quarantine --output withheld.jsonl`"
)
def read(
    path: Folder,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="JSON lines; default: the terminal.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Rows at most.")] = None,
    column: Annotated[
        list[str] | None, typer.Option("--column", help="Only this column; repeatable.")
    ] = None,
    shard: Annotated[str | None, typer.Option(help="Only this shard.")] = None,
    quarantine: Annotated[
        bool, typer.Option("--quarantine", help="The withheld records instead.")
    ] = False,
    sources: Annotated[
        bool, typer.Option("--sources", help="The files that source ids stand for instead.")
    ] = False,
    key: Annotated[
        str | None,
        typer.Option(help="Private key (PEM or name); default: your own for this area."),
    ] = None,
    purpose: Annotated[str, typer.Option(help="One word for the record: why.")] = "read",
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON array instead of JSON lines.")
    ] = False,
) -> None:
    """Decrypt rows as JSON lines. The access is recorded before any key is used."""
    from redactory.cli.ordered import replacing  # noqa: PLC0415
    from redactory.errors import InputError  # noqa: PLC0415
    from redactory.reading import open_verified  # noqa: PLC0415
    from sealed_shards.layout import DATA, QUARANTINE, SOURCES  # noqa: PLC0415

    if quarantine and sources:
        raise InputError("choose --quarantine or --sources, not both")
    area = QUARANTINE if quarantine else SOURCES if sources else DATA
    dataset = open_verified(
        path,
        options.trust(ledger, log_key, trust_new_log),
        area=area,
        key_file=key,
        purpose=purpose,
        shard=shard,
        columns=column,
    )
    rows = dataset.rows(columns=column, limit=limit)
    if as_json and output is None:
        print_json([_printable(row) for row in rows])
        return
    if output is None:
        for row in rows:
            typer.echo(json.dumps(row, ensure_ascii=False, default=_bytes_as_text))
        return
    count = 0
    with replacing(output) as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, default=_bytes_as_text) + "\n")
            count += 1
    notice(f"{count:,} rows → {output}")


@app.command(name="verify", epilog="**Example:** `redactory dataset verify notes.dataset`")
def verify_command(
    path: Folder,
    key: Annotated[
        str | None,
        typer.Option(help="Private key (PEM or name): also decrypt what is sealed for it."),
    ] = None,
    with_key: Annotated[
        bool, typer.Option("--decrypt", help="Also decrypt with your own reader key.")
    ] = False,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Check every byte of a dataset against its log; needs no private key.

    Exit code 0: intact. 3: broken, and the output names the file. 5: consistent in itself,
    but no key that you trust vouches for it.
    """
    verdict = verify(
        path,
        options.trust(ledger, log_key, trust_new_log),
        key_file=key,
        own_key=with_key,
        quiet=as_json,
    )
    show_verdict(verdict, as_json=as_json)


def _printable(row: dict[str, Any]) -> dict[str, Any]:
    return {k: _bytes_as_text(v) if isinstance(v, bytes) else v for k, v in row.items()}


def _bytes_as_text(value: Any) -> str:
    """Quarantined bytes for JSON: text where it is UTF-8, else escaped bytes."""
    return bytes(value).decode("utf-8", errors="backslashreplace")
