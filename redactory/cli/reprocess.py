"""``redactory dataset reprocess``: the same sources under another policy."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from redactory.cli import options
from redactory.cli.output import facts_table, meter, notice, out, print_json

EXAMPLES = """
**Examples**

`redactory dataset reprocess notes.dataset --policy hipaa-safe-harbor`

`redactory dataset reprocess mail.dataset --policy ours.toml --id message_id --subject sender`

The columns of text and those carried stay; name the others as you did for the first run. The old
shards are superseded, not destroyed: `redactory dataset shred --run` does that.
"""


def reprocess_command(
    path: Annotated[str, typer.Argument(metavar="DATASET", help="The dataset's folder.")],
    policy: options.Policy,
    scope: options.Scope = None,
    id_column: options.IdColumn = None,
    lang_column: options.LangColumn = None,
    subject_column: Annotated[
        str | None, typer.Option("--subject", help="Column that names a person across rows.")
    ] = None,
    label_column: Annotated[
        str | None, typer.Option("--label", help="Column of the class.")
    ] = None,
    text_unit: options.TextUnit = "file",
    ner: options.Ner = "embedded",
    identity_map: Annotated[
        bool, typer.Option("--identity-map", help="Keep what is replaced, sealed apart.")
    ] = False,
    workers: options.Workers = 0,
    key: Annotated[
        str | None,
        typer.Option(help="Private key (PEM or name) of the source list; default: your own."),
    ] = None,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Make a dataset again from its sources under another policy; old shards are superseded."""
    from redactory.keys import KeyStore  # noqa: PLC0415
    from redactory.pipeline.run import run  # noqa: PLC0415
    from redactory.pipeline.setup import RunSetup  # noqa: PLC0415
    from redactory.reprocessing import reprocess_config  # noqa: PLC0415

    trust = options.trust(ledger, log_key, trust_new_log)
    given: dict[str, Any] = {
        "policy": policy,
        "scope": scope,
        "id_column": id_column,
        "lang_column": lang_column,
        "subject_column": subject_column,
        "label_column": label_column,
        "text_unit": text_unit,
        "ner": ner,
        "identity_map": identity_map or None,
        "workers": workers,
        "ledger": ledger,
    }
    chosen = {name: value for name, value in given.items() if value is not None}
    config = reprocess_config(path, trust, chosen, key_file=key)
    setup = RunSetup(config, KeyStore(notice=notice))
    with meter(quiet=as_json) as gauge:
        result = run(
            setup,
            progress=lambda outcome: gauge.add(outcome.rows_in, outcome.size),
            tick=gauge.tick,
            started=gauge.expect,
        )
    facts = {
        **result.published.as_json(),
        "sources": len(config.input),
        "records_in": result.totals.records_in,
        "records_out": result.totals.records_out,
    }
    if as_json:
        print_json(facts)
        return
    state = "published" if result.published.new else "nothing new; the dataset stays as it is"
    out.print(f"[bold green]✔[/] run {facts['run_id']}: {state}")
    out.print(
        facts_table(
            {
                "sources": f"{facts['sources']:,} read again",
                "records": f"{facts['records_in']:,} read = {facts['records_out']:,} released "
                f"+ {result.totals.quarantined:,} quarantined",
                "dataset": f"{path} (version {facts['dataset_version']})",
            }
        )
    )
