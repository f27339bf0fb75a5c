"""``redactory party``: be one of the parties that train on shares."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from redactory.cli import options
from redactory.cli.output import facts_table, notice, out, print_json

app = typer.Typer(
    help="Be a compute party: hold shares, and train together with others.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Folder = Annotated[Path, typer.Argument(metavar="FOLDER", help="The party's own folder.")]


@app.command(
    epilog="**Example:** `redactory party init ./party --name north --host mpc.north.example "
    "--port 7001`, then give `party/card.json` to whoever plans the job"
)
def init(
    folder: Folder,
    name: Annotated[str, typer.Option(help="Lower-case letters, digits and '-'.")],
    host: Annotated[str, typer.Option(help="Where other parties reach this one.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="TCP port.")] = 7001,
    as_json: options.Json = False,
) -> None:
    """Draw a party's keys and certificate; prints the card that others need."""
    from redactory.extras import require  # noqa: PLC0415

    require("train")
    from mpc_jobs.identity import create_party  # noqa: PLC0415
    from redactory.keys import KeyStore  # noqa: PLC0415

    passphrase = KeyStore(notice=notice).passphrase(new=True)
    party = create_party(folder, name, host=host, port=port, passphrase=passphrase)
    card = folder / "card.json"
    if as_json:
        print_json({"card": str(card), **party.card.model_dump(mode="json")})
        return
    out.print(f"[bold green]✔[/] party {name}")
    out.print(facts_table({"listens at": f"{host}:{port}", "card for the planner": card}))


@app.command(
    epilog="**Examples:** `redactory party serve ./party --job jobs/7` · `redactory party serve "
    "./party --job s3://bucket/job --bind 0.0.0.0:7001 --wait 3600`"
)
def serve(
    folder: Folder,
    job: Annotated[str, typer.Option(help="The job's folder or URL.")],
    bind: Annotated[
        str | None, typer.Option(help="HOST:PORT to listen at; default: as on the card.")
    ] = None,
    wait: Annotated[
        float, typer.Option(min=0, help="Seconds to wait until all owners have dealt.")
    ] = 0.0,
    memory: Annotated[
        int, typer.Option(min=1, help="MB of shares to keep in memory; the rest is read anew.")
    ] = 2048,
    as_json: options.Json = False,
) -> None:
    """Take part in a job until it is done; started again, it resumes from the last checkpoint."""
    from redactory.extras import require  # noqa: PLC0415

    require("train")
    from mpc_jobs.identity import PartyFolder  # noqa: PLC0415
    from mpc_jobs.party import run_job, wait_for_job  # noqa: PLC0415
    from redactory.durable import open_folder  # noqa: PLC0415
    from redactory.keys import KeyStore  # noqa: PLC0415

    address = _address(bind)
    party = PartyFolder(folder, KeyStore(notice=notice).passphrase())
    target = open_folder(job)
    wait_for_job(target, seconds=wait)
    receipt = run_job(party, target, notice=notice, bind=address, memory_bytes=memory * 1_000_000)
    if as_json:
        print_json(receipt.model_dump(mode="json"))
        return
    out.print(f"[bold green]✔[/] done: {receipt.epochs} epochs; the model was not seen here")
    opened = ", ".join(receipt.metrics) or "none"
    out.print(facts_table({"metrics that were opened": opened, "job": receipt.job}))


def _address(bind: str | None) -> tuple[str, int] | None:
    from redactory.errors import InputError  # noqa: PLC0415

    if bind is None:
        return None
    host, _, port = bind.rpartition(":")
    if not host or not port.isdigit() or int(port) > 65535:
        raise InputError("--bind is HOST:PORT", where=bind)
    return host, int(port)
