"""``redactory ledger``: look at and verify the log."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from redactory.cli import options
from redactory.cli.output import notice, out, print_json
from redactory.cli.verdict import show_verdict, verify

app = typer.Typer(
    help="Show and verify the tamper-evident log.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Folder = Annotated[str, typer.Argument(metavar="DATASET", help="A dataset's folder, or a log's.")]


@app.command(epilog="**Example:** `redactory ledger show notes.dataset --kind published`")
def show(
    path: Folder,
    kind: Annotated[str | None, typer.Option(help="Only statements of this kind.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="Newest statements shown.")] = 50,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> None:
    """List statements, newest last. This looks; `ledger verify` checks."""
    from collections import deque  # noqa: PLC0415

    from audit_ledger import Log  # noqa: PLC0415
    from audit_ledger.statement import EVENT_KINDS, PRODUCTION_KINDS  # noqa: PLC0415
    from redactory.errors import InputError  # noqa: PLC0415
    from redactory.verification import locate_ledger  # noqa: PLC0415

    known = sorted(PRODUCTION_KINDS | EVENT_KINDS)
    if kind is not None and kind not in known:
        raise InputError("there is no such kind of statement", hint=f"one of {', '.join(known)}")
    log = Log.open(locate_ledger(path, ledger))
    entries = deque(log.entries(kind=kind), maxlen=limit)
    if as_json:
        print_json(
            [
                {"index": e.index, **e.statement.model_dump(mode="json", by_alias=True)}
                for e in entries
            ]
        )
        return
    table = Table("leaf", "time", "kind", "who", "what", box=None, pad_edge=False)
    for entry in entries:
        statement = entry.statement
        subject = statement.subject[0].name if statement.subject else ""
        table.add_row(
            str(entry.index),
            statement.time[:19].replace("T", " "),
            statement.kind,
            statement.predicate.actor.name,
            subject,
        )
    out.print(table)
    notice(f"{log.origin}, {log.checkpoint.size} statements")


@app.command(name="verify", epilog="**Example:** `redactory ledger verify notes.dataset`")
def verify_command(
    path: Folder,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Check the log, and every file that it vouches for; needs no private key.

    Exit code 0: intact. 3: broken, and the output names the file. 5: consistent in itself,
    but no key that you trust vouches for it.
    """
    from redactory.reading import Trust  # noqa: PLC0415

    trust = Trust(ledger=ledger, log_key=log_key, trust_new=trust_new_log, notice=notice)
    show_verdict(verify(path, trust, quiet=as_json), as_json=as_json)
