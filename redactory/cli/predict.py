"""``redactory predict``: labels for the rows of a feature dataset, with proofs if wanted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from redactory.cli import options
from redactory.cli.output import errors, facts_table, notice, out, print_json, warn

if TYPE_CHECKING:
    from redactory.proving import Predicted

EXAMPLES = """
**Examples**

`redactory predict notes.features --model triage.model --output labels.jsonl`

`redactory predict notes.features --model triage.model --prove --output labels.jsonl`

`redactory predict notes.features --model triage.model --prove --only-new -o new.jsonl`

`redactory predict notes.features --model triage.model --prove --record 4711 -o label.jsonl`

`redactory predict notes.features --model triage.model --prove --labels committed \\
--label-keys keys.json -o labels.jsonl`
"""


def predict_command(
    dataset: Annotated[
        str, typer.Argument(metavar="DATASET", help="The feature dataset's folder.")
    ],
    model: Annotated[
        str, typer.Option(help="Folder with model.json and opening.json (redactory proof model).")
    ],
    output: Annotated[
        str, typer.Option("--output", "-o", help="JSON lines: record_id, and class name or place.")
    ],
    prove: Annotated[
        bool, typer.Option("--prove", help="Also prove every shard, in the dataset's folder.")
    ] = False,
    scores: Annotated[
        str, typer.Option(help="What the proofs show of scores: hidden or revealed.")
    ] = "hidden",
    labels: Annotated[
        str,
        typer.Option(help="What the proofs show of labels: public or committed."),
    ] = "public",
    label_keys: Annotated[
        str | None,
        typer.Option(help="File for what opens committed labels; an audit needs it."),
    ] = None,
    record: Annotated[
        str | None, typer.Option(help="Only the row with this record id; its proof is short.")
    ] = None,
    only_new: Annotated[
        bool,
        typer.Option(
            "--only-new", help="With --prove: only shards that this model has no proof for yet."
        ),
    ] = False,
    run: Annotated[
        str | None, typer.Option(help="Name of this prediction run; default: the time.")
    ] = None,
    key: Annotated[
        str | None, typer.Option(help="Private key (PEM) that opens the rows; default: your own.")
    ] = None,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Label every row of a feature dataset with a committed model.

    With `--prove` anybody who has the dataset's folder (not the keys, not the model's
    parameters) can check that these labels are what the committed model gives on the
    committed rows: `redactory proof audit`. Rows that are not committed to yet are committed
    to first. The access, and each proof, is recorded in the dataset's log.

    With `--only-new` an interrupted run is continued (give its `--run`), and a dataset that has
    grown is caught up with.
    """
    from redactory.cli.ordered import replacing  # noqa: PLC0415
    from redactory.errors import InputError  # noqa: PLC0415
    from redactory.extras import require  # noqa: PLC0415

    require("prove")
    if scores not in {"hidden", "revealed"} or labels not in {"public", "committed"}:
        raise InputError("--scores is hidden or revealed, --labels is public or committed")
    if (labels == "committed") != (label_keys is not None) or (scores, labels) == (
        "revealed",
        "committed",
    ):
        raise InputError("--label-keys goes with committed labels, which need hidden scores")
    from redactory.pipeline.run import new_run_id  # noqa: PLC0415
    from redactory.proving import Predicting, predict  # noqa: PLC0415
    from redactory.proving_models import load_model  # noqa: PLC0415
    from redactory.reading import ONE_WORD  # noqa: PLC0415
    from zk_proofs.engine import default_engine  # noqa: PLC0415
    from zk_proofs.shards import Request  # noqa: PLC0415

    if only_new and (record is not None or not prove):
        raise InputError("--only-new goes with --prove, and without --record")
    run = run or new_run_id()
    if not ONE_WORD.fullmatch(run) or "/" in run:
        raise InputError("the name of a run is one word", hint="such as: 2026-11-23")
    default_engine(notice)
    own = load_model(model)
    found: dict[str, dict[str, object]] = {}
    shards: list[Predicted] = []
    with errors.status("predicting…") as status, replacing(output) as file:
        task = Predicting(
            dataset,
            run,
            options.trust(ledger, log_key, trust_new_log),
            key,
            Request(scores=scores, labels=labels),
            record,
            only_new,
            progress=lambda done, count: status.update(f"shard {done:,} of {count:,}"),
        )
        for part in predict(task, own, prove=prove):
            for record_id, label in zip(part.record_ids, part.labels, strict=True):
                name = part.classes[label] if part.classes else label
                line = {"label": name, "record_id": record_id}
                file.write(json.dumps(line, ensure_ascii=False) + "\n")
            shards.append(part)
            if part.salt:
                found[part.proof] = {"labels": part.labels, "salt": part.salt.hex()}
    if label_keys is not None:
        with replacing(label_keys) as file:
            file.write(json.dumps(found, sort_keys=True) + "\n")
    _show(shards, run, own.model.model_id, as_json=as_json)
    if not prove:
        warn("these labels are not proven; --prove does that")


def _show(shards: list[Predicted], run: str, model_id: str, *, as_json: bool) -> None:
    facts = {
        "run": run,
        "model_id": model_id,
        "rows": sum(len(part.labels) for part in shards),
        "shards": len(shards),
        "proofs": [part.proof for part in shards if part.proof],
    }
    if as_json:
        print_json(facts)
        return
    out.print(f"[bold green]✔[/] predicted: run {run}")
    proofs = f"{sum(bool(part.proof) for part in shards):,}"
    shown = {**facts, "proofs": proofs}
    out.print(facts_table({name.replace("_", " "): value for name, value in shown.items()}))
