"""All commands, gathered. Each module imports what it needs when its command runs."""

from __future__ import annotations

from typing import Annotated

import typer

from redactory import __version__
from redactory.cli import (
    dataset,
    demo,
    detect,
    erase,
    explain,
    features,
    keys,
    ledger,
    party,
    policy,
    predict,
    privacy,
    proof,
    redact,
    reidentify,
    reprocess,
    review,
    run,
    train,
)

app = typer.Typer(
    name="redactory",
    help="Turn raw text full of personal data into sealed, audited data.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(value: bool) -> None:  # noqa: FBT001 - Typer's form of a callback
    if value:
        typer.echo(f"redactory {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    _show_version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
) -> None:
    pass


app.command("run", epilog=run.EXAMPLES)(run.run_command)
app.command("detect", epilog=detect.EXAMPLES)(detect.detect_command)
app.command("explain", epilog=explain.EXAMPLES)(explain.explain_command)
app.command("redact", epilog=redact.EXAMPLES)(redact.redact_command)
app.command("demo", epilog=demo.EXAMPLES)(demo.demo_command)
app.command("reidentify", epilog=reidentify.EXAMPLES)(reidentify.reidentify_command)
app.command("review", epilog=review.EXAMPLES)(review.review_command)
app.command("erase-subject", epilog=erase.EXAMPLES)(erase.erase_command)
app.command("predict", epilog=predict.EXAMPLES)(predict.predict_command)
dataset.app.command("reprocess", epilog=reprocess.EXAMPLES)(reprocess.reprocess_command)
app.add_typer(dataset.app, name="dataset")
app.add_typer(ledger.app, name="ledger")
app.add_typer(keys.app, name="keys")
app.add_typer(features.app, name="features")
app.add_typer(policy.app, name="policy")
app.add_typer(privacy.app, name="privacy")
app.add_typer(proof.app, name="proof")
app.add_typer(party.app, name="party")
app.add_typer(train.app, name="train")
