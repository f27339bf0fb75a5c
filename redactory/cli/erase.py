"""``redactory erase-subject``: one subject's entries leave the identity map for good."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redactory.cli import custody, options
from redactory.cli.output import facts_table, out, print_json

if TYPE_CHECKING:
    from redactory.reidentify import Role

EXAMPLES = """
**Examples**

`redactory erase-subject notes.dataset --subject 5d0e…`

`redactory erase-subject notes.dataset --subject customer-0815 --as-in-source`

`redactory erase-subject notes.dataset --record 8c1f… --recipient privacy-office.pub.pem`
"""


def erase_command(
    path: Annotated[str, typer.Argument(metavar="DATASET", help="The dataset's folder.")],
    subject: Annotated[
        list[str] | None, typer.Option(help="A subject, as it was released; repeatable.")
    ] = None,
    record: Annotated[
        list[str] | None, typer.Option(help="A record id, as it was released; repeatable.")
    ] = None,
    as_in_source: custody.AsInSource = False,
    scope: custody.Scope = "default",
    key: custody.Key = None,
    share: custody.Shares = None,
    recipient: Annotated[
        list[Path] | None,
        typer.Option(help="Public key (PEM) that may open the map from now on; repeatable."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Erase a subject from the identity map, and prove it. There is no way back.

    The map's shards that hold the subject are sealed again without it, and the old ones are
    shredded. Released data is not touched: it holds no original value. Copies made elsewhere are
    out of reach.
    """
    from redactory.erasing import erase_subject  # noqa: PLC0415
    from redactory.errors import InputError  # noqa: PLC0415
    from sealed_shards.key_files import load_recipient  # noqa: PLC0415

    if not (subject or record):
        raise InputError("nobody to erase", hint="give --subject or --record")
    if not yes:
        if not sys.stdin.isatty():
            raise InputError("nobody is here to ask", hint="--yes erases without asking")
        typer.confirm("Erase them from the identity map for ever?", abort=True, err=True)
    trust = options.trust(ledger, log_key, trust_new_log)
    given: list[tuple[Role, str]] = [("subject", name) for name in subject or ()]
    given += [("record_id", name) for name in record or ()]
    names = [
        custody.released(trust, scope, role, name, as_in_source=as_in_source)
        for role, name in given
    ]
    done = erase_subject(
        path,
        trust,
        custody.map_key(trust, key, share),
        names,
        recipients=[load_recipient(each) for each in recipient or []],
    )
    if as_json:
        print_json(vars(done))
        return
    out.print("[bold green]✔[/] erased; the new versions were read back and hold nothing of it")
    out.print(
        facts_table(
            {
                "entries": f"{done.entries:,} in {done.shards:,} shards",
                "shredded": "\n".join(done.gone),
                "in their place": "\n".join(done.new),
                "on record": f"{done.checkpoint_size:,} statements; redactory ledger evidence",
            }
        )
    )
