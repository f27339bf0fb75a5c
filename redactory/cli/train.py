"""``redactory train``: train a model on shares that no party can read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from redactory.cli import options
from redactory.cli.output import errors, facts_table, notice, out, print_json, warn

if TYPE_CHECKING:
    from redactory.training import OwnerData

app = typer.Typer(
    help="Train a model on secret-shared features.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Dataset = Annotated[str, typer.Argument(metavar="FEATURES", help="The feature dataset's folder.")]
Job = Annotated[str, typer.Argument(metavar="JOB", help="The job's folder or URL.")]
Owner = Annotated[str, typer.Option(help="Your name in the job.")]
Key = Annotated[str | None, typer.Option(help="Private key (PEM); default: your reader key.")]


@app.command(
    epilog="**Examples:** `redactory train plan notes.features --output job --assume-range "
    "--metric accuracy` (three parties on this machine) · `redactory train plan notes.features "
    "--output s3://b/job --owner north --with south.offer --card a.json --card b.json "
    "--card c.json`"
)
def plan(
    dataset: Dataset,
    output: Annotated[str, typer.Option("--output", "-o", help="The job's folder or URL.")],
    owner: Owner = "owner",
    others: Annotated[
        list[Path] | None, typer.Option("--with", help="Another owner's offer; repeatable.")
    ] = None,
    card: Annotated[
        list[Path] | None, typer.Option(help="A party's card.json, in order; repeatable.")
    ] = None,
    local: Annotated[int, typer.Option(min=3, max=7, help="Without cards: parties here.")] = 3,
    threshold: Annotated[
        int, typer.Option(min=1, max=3, help="How many parties together learn nothing.")
    ] = 1,
    config: Annotated[
        Path | None, typer.Option(help="TOML with the training section; options go over it.")
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(help="logistic, softmax or network; default: what goes with the classes."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Passes over the rows; usually 20.")
    ] = None,
    batch_rows: Annotated[
        int | None, typer.Option(min=1, help="Rows of a mini-batch; usually 64.")
    ] = None,
    learning_rate: Annotated[float | None, typer.Option(help="Step length; usually 3.")] = None,
    l2: Annotated[float | None, typer.Option(help="Penalty on the weights.")] = None,
    degree: Annotated[
        int | None, typer.Option(help="Of the sigmoid: 3, 5 or 7; usually 5.")
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(help="Opened at the end: accuracy, confusion, auc, squared_error."),
    ] = None,
    epoch_metric: Annotated[
        list[str] | None,
        typer.Option(
            help="Opened after every epoch: squared_error, accuracy; for the card's plot."
        ),
    ] = None,
    assume_range: Annotated[
        bool | None,
        typer.Option("--assume-range", help="Vouch that scores stay in range, unproven."),
    ] = None,
    commit: Annotated[
        bool, typer.Option("--commit", help="Commit to the model, for proofs of predictions.")
    ] = False,
    recipient: Annotated[
        Path | None, typer.Option(help="Public key (PEM) of who gets the model; default: yours.")
    ] = None,
    key: Key = None,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Write a job description. Its bounds are proven before anything is shared.

    A privacy budget, class weights and early stopping are in the training section: `--config`.
    """
    data = _owner_data(dataset, owner, key, ledger, log_key, trust_new_log=trust_new_log)
    from redactory.keys import KeyStore  # noqa: PLC0415
    from redactory.training import Plan, plan_job, read_offer, read_training  # noqa: PLC0415

    given = {
        "model": model,
        "epochs": epochs,
        "batch_rows": batch_rows,
        "learning_rate": learning_rate,
        "l2": l2,
        "sigmoid_degree": degree,
        "metrics": tuple(metric) if metric else None,
        "epoch_metrics": tuple(epoch_metric) if epoch_metric else None,
        "assume_range": assume_range,
    }
    job = plan_job(
        Plan(
            output=output,
            training=read_training(config, given, classes=len(data.offer.classes)),
            offers=[data.offer, *(read_offer(path) for path in others or ())],
            cards=card or (),
            threshold=threshold,
            local_parties=local,
            recipient_key=recipient,
            commitments=commit,
        ),
        KeyStore(notice=notice),
    )
    program = job.program()
    facts = {
        "job": job.digest,
        "parties": ", ".join(p.name for p in job.parties),
        "owners": ", ".join(o.name for o in job.owners),
        "model": job.training.model,
        "steps": job.steps,
        "width_bits": program.width,
        "mask_bits": job.scheme.mask_bits,
        "range_proven": program.range_proven,
        "simulation": job.simulation,
    }
    if as_json:
        print_json(facts)
        return
    out.print("[bold green]✔[/] planned; every owner now deals: redactory train deal")
    out.print(facts_table(facts))
    if job.simulation:
        warn("all parties run on this machine: a simulation, which protects nothing from its user")
    if not program.range_proven:
        warn("the range of scores is not proven; you vouch for it")


@app.command(
    epilog="**Example:** `redactory train offer notes.features --owner south -o south.offer`"
)
def offer(
    dataset: Dataset,
    owner: Owner,
    output: Annotated[Path, typer.Option("--output", "-o", help="The offer's file.")],
    key: Key = None,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
) -> None:
    """Say what you bring to a job that somebody else plans: counts, bounds and your key."""
    data = _owner_data(dataset, owner, key, ledger, log_key, trust_new_log=trust_new_log)
    output.write_bytes(data.offer.encode())
    out.print(f"[bold green]✔[/] give {output} to the planner", soft_wrap=True)


@app.command(epilog="**Example:** `redactory train deal job notes.features`")
def deal(
    job: Job,
    dataset: Dataset,
    owner: Owner = "owner",
    key: Key = None,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Sign a job, and seal shares of your rows to its parties."""
    data = _owner_data(dataset, owner, key, ledger, log_key, trust_new_log=trust_new_log)
    from redactory.keys import KeyStore  # noqa: PLC0415
    from redactory.training import deal_dataset  # noqa: PLC0415

    with errors.status("dealing…") as status:
        dealt = deal_dataset(
            job,
            data,
            KeyStore(notice=notice),
            progress=lambda rows: status.update(f"dealing… {rows:,} rows"),
        )
    rows = len(data.rows.x)
    facts = {"job": dealt.digest, "rows": rows, "unlabelled": data.unlabelled}
    if as_json:
        print_json(facts)
        return
    out.print(f"[bold green]✔[/] signed, and dealt {rows:,} rows to {len(dealt.parties)} parties")
    if data.unlabelled:
        warn(f"{data.unlabelled:,} rows have no label and were left out")


@app.command(epilog="**Example:** `redactory train run job`")
def run(job: Job, as_json: options.Json = False) -> None:
    """Run the parties of a local job; started again, they resume from the last checkpoint."""
    from redactory.extras import require  # noqa: PLC0415

    require("train")
    from mpc_jobs.job import read_signed_job  # noqa: PLC0415
    from mpc_jobs.outcome import read_receipts  # noqa: PLC0415
    from mpc_jobs.status import read_statuses  # noqa: PLC0415
    from mpc_jobs.warm_up import warm_up  # noqa: PLC0415
    from redactory.durable import open_folder  # noqa: PLC0415
    from redactory.keys import KeyStore  # noqa: PLC0415
    from redactory.training import run_local  # noqa: PLC0415

    folder = open_folder(job)
    described = read_signed_job(folder)
    warm_up(notice)
    with errors.status("starting the parties…") as status:

        def watch() -> None:
            told = read_statuses(described, folder).values()
            epochs = [s["facts"].get("epoch", 0) for s in told] or [0]
            status.update(f"training… epoch {min(epochs)} of {described.training.epochs}")

        failed = run_local(described, job, KeyStore(notice=notice), watch=watch)
    receipts = read_receipts(described, folder)
    first = next(iter(receipts.values()))
    if as_json:
        print_json({n: r.model_dump(mode="json") for n, r in receipts.items()})
        return
    out.print(f"[bold green]✔[/] trained {first.epochs} epochs; no party saw the model")
    rows = _metrics(first.metrics, described.labels.classes)
    out.print(facts_table({**rows, "next": "redactory train reveal"}))
    if failed:
        warn(f"the others went on without {', '.join(failed)}")


@app.command(epilog="**Example:** `redactory train status job`")
def status(job: Job, as_json: options.Json = False) -> None:
    """How far each party is, and who has dealt."""
    from redactory.extras import require  # noqa: PLC0415

    require("train")
    from mpc_jobs.deal_manifest import manifest_file  # noqa: PLC0415
    from mpc_jobs.job import read_job  # noqa: PLC0415
    from mpc_jobs.status import read_statuses  # noqa: PLC0415
    from redactory.durable import open_folder  # noqa: PLC0415

    folder = open_folder(job)
    described = read_job(folder)
    dealt = {o.name: folder.exists(manifest_file(o.name)) for o in described.owners}
    parties = read_statuses(described, folder)
    if as_json:
        print_json({"job": described.digest, "dealt": dealt, "parties": parties})
        return
    rows: dict[str, Any] = {
        f"owner {name}": "has dealt" if done else "has not dealt yet"
        for name, done in dealt.items()
    }
    for card in described.parties:
        told = parties.get(card.name)
        rows[f"party {card.name}"] = _progress(told) if told else "has not started yet"
    out.print(facts_table(rows))


@app.command(epilog="**Example:** `redactory train reveal job --output model`")
def reveal(
    job: Job,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the model.")],
    key: Key = None,
    as_json: options.Json = False,
) -> None:
    """Rebuild the model from the parties' shares; only its recipient can."""
    from redactory.extras import require  # noqa: PLC0415

    require("train")
    from redactory.keys import KeyStore  # noqa: PLC0415
    from redactory.reading import own_identity  # noqa: PLC0415
    from redactory.training_card import PAGE_FILE  # noqa: PLC0415
    from redactory.training_result import TRAINED_FILE  # noqa: PLC0415
    from redactory.training_result import reveal as open_model  # noqa: PLC0415
    from sealed_shards.layout import DATA  # noqa: PLC0415

    keys = KeyStore(notice=notice)
    revealed = open_model(job, output, own_identity(keys, DATA, key))
    facts = {
        "epochs": revealed.epochs,
        "files": list(revealed.files),
        "metrics": revealed.metrics,
        "model_id": revealed.model_id,
        "parties": list(revealed.parties),
        "privacy": revealed.privacy,
        "range_proven": revealed.range_proven,
        "simulation": revealed.job.simulation,
    }
    if as_json:
        print_json(facts)
        return
    out.print(f"[bold green]✔[/] model of {revealed.epochs} epochs in {output}", soft_wrap=True)
    rows: dict[str, Any] = {
        **_metrics(revealed.metrics, revealed.job.labels.classes),
        "model": revealed.model_id or "not committed to: predictions cannot be proven",
        "parties": ", ".join(revealed.parties),
        "privacy": (
            f"ε = {revealed.privacy['epsilon']:.3g}, δ = {revealed.privacy['delta']:.1g}"
            if revealed.privacy
            else "no budget: the model may remember records"
        ),
        "scores": "in range, proven" if revealed.range_proven else "in range, vouched for",
        "for all": f"{output / PAGE_FILE}, the model's card",
        "for you": f"{output / TRAINED_FILE}" + (", opening.json" if revealed.model_id else ""),
        "next": "redactory train record: the card's digest into the log of the rows",
    }
    out.print(facts_table(rows))


@app.command(epilog="**Example:** `redactory train record job notes.features`")
def record(
    job: Job,
    dataset: Dataset,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Put the card of a finished job beside the rows, and its digest into their log."""
    from redactory.extras import require  # noqa: PLC0415

    require("train")
    from redactory.training_record import record_training  # noqa: PLC0415

    trust = options.trust(ledger, log_key, trust_new_log)
    recorded = record_training(dataset, trust, job)
    if as_json:
        print_json(vars(recorded))
        return
    out.print("[bold green]✔[/] recorded what was trained")
    out.print(facts_table({"card": recorded.card, "SHA-256": recorded.card_sha256}))


def _metrics(metrics: dict[str, Any], classes: Sequence[str]) -> dict[str, str]:
    """What was opened at the end, in lines for a person."""
    if not metrics:
        return {"metrics": "none was opened; see --metric of redactory train plan"}
    lines = {}
    for name, value in metrics.items():
        if name == "confusion":
            names = classes or range(len(value))
            for true, row in zip(names, value, strict=True):
                told = ", ".join(f"{count:,} as {n}" for n, count in zip(names, row, strict=True))
                lines[f"true {true}"] = told
        elif name == "accuracy":
            lines[name] = f"{value:.1%} of held-out rows"
        else:
            lines[name.replace("_", " ")] = "none" if value is None else f"{value:.4f}"
    return lines


def _progress(told: dict[str, Any]) -> str:
    facts = told["facts"]
    if told["phase"] == "failed":
        return f"failed: {facts.get('error', '')}"
    return f"{told['phase']}, epoch {facts.get('epoch', 0)} of {told['epochs']}"


def _owner_data(
    dataset: str,
    owner: str,
    key: str | None,
    ledger: str | None,
    log_key: str | None,
    *,
    trust_new_log: bool,
) -> OwnerData:
    from redactory.extras import require  # noqa: PLC0415

    require("train")
    from redactory.training import owner_data  # noqa: PLC0415

    trust = options.trust(ledger, log_key, trust_new_log)
    with errors.status("reading features…"):
        return owner_data(dataset, owner, trust, key_file=key)
