"""``redactory keys``: create and list key pairs."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from redactory.cli import custodians, options
from redactory.cli.output import notice, out, print_json

app = typer.Typer(
    help="Create, list, split and rebuild keys.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)
app.command("split", epilog=custodians.SPLIT_EXAMPLES)(custodians.split_command)
app.command("combine", epilog=custodians.COMBINE_EXAMPLES)(custodians.combine_command)


@app.command(
    epilog="**Examples:** `redactory keys create` · `redactory keys create ml-team --hybrid`"
)
def create(
    name: Annotated[
        str | None, typer.Argument(help="A further reader key; default: the standard keys.")
    ] = None,
    bits: Annotated[int, typer.Option(help="RSA size: 3072 or 4096.")] = 3072,
    hybrid: Annotated[
        bool, typer.Option("--hybrid", help="Also ML-KEM-768; both are needed to read.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Create the standard keys (reader, quarantine, log), or one more reader key."""
    from redactory.errors import InputError, KeyringError  # noqa: PLC0415
    from redactory.keys import LOG, QUARANTINE, READER, KeyStore  # noqa: PLC0415

    store = KeyStore(notice=notice)
    if name is None:
        store.ensure(READER, QUARANTINE, LOG)
    elif bits not in (3072, 4096):
        raise KeyringError("an RSA key has 3072 or 4096 bits")
    elif not name.replace("-", "").replace("_", "").isalnum() or len(name) > 64:
        raise InputError("a key's name has letters, digits, '-' and '_'")
    elif name in (READER, QUARANTINE, LOG):
        raise KeyringError("this name is for a standard key", hint="redactory keys create")
    else:
        store.create_reader(name, bits=bits, hybrid=hybrid)
    list_keys(as_json=as_json)


@app.command(name="list")
def list_keys(*, as_json: options.Json = False) -> None:
    """List your keys; shows nothing secret."""
    from redactory.keys import KeyStore  # noqa: PLC0415

    facts = KeyStore(notice=notice).facts()
    if as_json:
        print_json([vars(fact) for fact in facts])
        return
    if not facts:
        notice("no keys yet; they are made at first use, or by: redactory keys create")
        return
    table = Table("name", "kind", "fingerprint", "private half", "public file", box=None)
    table.columns[1].no_wrap = True
    for fact in facts:
        private = "here" if fact.private_here else "elsewhere"
        table.add_row(
            fact.name, fact.algorithm, f"{fact.fingerprint[:16]}…", private, fact.public_file
        )
    out.print(table)
