"""``redactory ledger``: look at the log, prove from it, verify it, carry evidence away."""

from __future__ import annotations

import typer

from redactory.cli.ledger_evidence import checkpoint, evidence, report, witness
from redactory.cli.ledger_reading import prove, search, show
from redactory.cli.ledger_verify import verify_command

app = typer.Typer(
    help="Show, search, prove and verify the tamper-evident log.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

app.command(epilog="**Example:** `redactory ledger show notes.dataset --kind published`")(show)
app.command(
    epilog="**Example:** `redactory ledger search notes.dataset --kind unwrapped --actor alice "
    "--since 2026-01-01`"
)(search)
app.command(
    "verify",
    epilog="**Examples:** `redactory ledger verify notes.dataset` · `redactory ledger verify "
    "evidence.zip --log-key log.vkey` · `redactory ledger verify notes.dataset --pinned kept`",
)(verify_command)
app.command(epilog="**Example:** `redactory ledger prove notes.dataset 17 --output leaf-17`")(prove)
app.command(
    epilog="**Examples:** `redactory ledger checkpoint notes.dataset > kept` · `redactory ledger "
    "checkpoint notes.dataset --publish s3://bucket/logs --publish git:../checkpoints`"
)(checkpoint)
app.command(
    epilog="**Example:** `redactory ledger witness notes.dataset --name audit.example.org/w1 "
    "--output cosigned`"
)(witness)
app.command(epilog="**Example:** `redactory ledger evidence notes.dataset evidence.zip`")(evidence)
app.command(epilog="**Example:** `redactory ledger report notes.dataset --output report`")(report)
