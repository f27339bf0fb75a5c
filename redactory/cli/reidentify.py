"""``redactory reidentify``: released records with what redaction took out put back."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from redactory.cli import custody, options
from redactory.cli.output import notice, print_json, warn

EXAMPLES = """
**Examples**

`redactory reidentify notes.dataset --purpose complaint --record 8c1f… --output record.jsonl`

`redactory reidentify notes.dataset --purpose access --subject customer-0815 --as-in-source`

`redactory reidentify notes.dataset --purpose audit --share anna.json --share ben.json -o all.jsonl`

The run must have been made with `--identity-map`. The log says who did it and why, before
anything is opened.
"""


def reidentify_command(
    path: Annotated[str, typer.Argument(metavar="DATASET", help="The dataset's folder.")],
    purpose: Annotated[str, typer.Option(help="One word for the record: why.")],
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="JSON lines; default: the terminal.")
    ] = None,
    record: Annotated[
        str | None, typer.Option(help="Only this record id, as it was released.")
    ] = None,
    subject: Annotated[
        str | None, typer.Option(help="Only this subject, as it was released.")
    ] = None,
    as_in_source: custody.AsInSource = False,
    scope: custody.Scope = "default",
    key: custody.Key = None,
    share: custody.Shares = None,
    data_key: Annotated[
        str | None,
        typer.Option(help="Private key (PEM or name) of the data; default: your own."),
    ] = None,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Undo redaction for named records, on record. The output holds personal data in the clear."""
    from redactory.cli.ordered import replacing  # noqa: PLC0415
    from redactory.reidentify import Wanted, reidentify  # noqa: PLC0415

    trust = options.trust(ledger, log_key, trust_new_log)
    if record is not None:
        record = custody.released(trust, scope, "record_id", record, as_in_source=as_in_source)
    if subject is not None:
        subject = custody.released(trust, scope, "subject", subject, as_in_source=as_in_source)
    rows = reidentify(
        path,
        trust,
        custody.map_key(trust, key, share),
        purpose=purpose,
        wanted=Wanted(record, subject),
        key_file=data_key,
    )
    if output is None:
        if as_json:
            print_json(list(rows))
        else:
            for row in rows:
                typer.echo(json.dumps(row, ensure_ascii=False))
        return
    count = 0
    with replacing(output) as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    if as_json:
        print_json({"records": count, "output": output})
    else:
        notice(f"{count:,} records → {output}")
        warn(f"{output} holds personal data in the clear")
