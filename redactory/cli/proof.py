"""``redactory proof``: check proofs of predictions, and make the models that can be proven."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from redactory.cli import options
from redactory.cli.output import facts_table, notice, out, print_json

if TYPE_CHECKING:
    from redactory.proving_audit import ProofVerdict

app = typer.Typer(
    help="Check proofs of predictions; make models that predictions can be proven with.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)

Dataset = Annotated[str, typer.Argument(metavar="DATASET", help="The feature dataset's folder.")]
LabelKeys = Annotated[
    str | None, typer.Option(help="File that opens committed labels (redactory predict).")
]
_ASSUMED = (
    "that each row of integers is the feature vector of its text, and within the model's "
    "bounds: this rests on whoever committed the rows"
)


@app.command(
    epilog="**Examples:** `redactory proof audit notes.features` · "
    "`redactory proof audit notes.features --run 2026-11-23 --record`"
)
def audit(
    dataset: Dataset,
    run: Annotated[str | None, typer.Option(help="Only this prediction run.")] = None,
    record: Annotated[
        bool, typer.Option("--record", help="Append the verdict to the log (needs the log key).")
    ] = False,
    label_keys: LabelKeys = None,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Verify all proofs of a feature dataset, and that they cover every row.

    Needs no key, no model parameters and no rows. Exit code 0: everything is proven. 7: the
    output names what is not.
    """
    from redactory.proving_audit import audit_dataset  # noqa: PLC0415

    verdict = audit_dataset(
        dataset,
        options.trust(ledger, log_key, trust_new_log),
        run=run,
        record=record,
        label_keys=label_keys,
        notice=notice,
    )
    _conclude(verdict, as_json=as_json)


@app.command(
    epilog="**Example:** `redactory proof verify notes.features proofs/2026-11-23/0c0c….proof`"
)
def verify(
    dataset: Dataset,
    proof: Annotated[str, typer.Argument(help="Proof file, relative to the dataset's folder.")],
    label_keys: LabelKeys = None,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Verify one proof file against what the log says it is about.

    Exit code 0: it proves what the log says. 7: it does not.
    """
    from redactory.proving_audit import audit_dataset  # noqa: PLC0415

    trust = options.trust(ledger, log_key, trust_new_log)
    verdict = audit_dataset(dataset, trust, proof=proof, label_keys=label_keys, notice=notice)
    _conclude(verdict, as_json=as_json)


@app.command(epilog="**Example:** `redactory proof show notes.features/proofs/…/0c0c….proof`")
def show(
    proof: Annotated[Path, typer.Argument(help="A proof file.")],
    as_json: options.Json = False,
) -> None:
    """What a proof file claims to be about, and what no proof of this kind shows.

    Nothing is verified here: the file is read as it is.
    """
    from redactory.errors import InputError  # noqa: PLC0415
    from zk_proofs.proof_file import ProofFile  # noqa: PLC0415

    try:
        raw = proof.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=str(proof)) from None
    file = ProofFile.decode(raw, where=str(proof))
    facts = {
        **vars(file.context),
        "blocks": len(file.blocks),
        "proof_bytes": sum(len(block.proof) for block in file.blocks),
        "file_bytes": len(raw),
        "does_not_show": _ASSUMED,
    }
    if as_json:
        print_json(facts)
        return
    held = {name.replace("_", " "): value for name, value in facts.items() if value != ""}
    out.print(facts_table(held))


@app.command(
    epilog="**Example:** `redactory proof model parameters.json --features notes.features "
    "--output triage.model`"
)
def model(
    parameters: Annotated[
        str,
        typer.Argument(
            help='JSON: {"layers": [{"weights": [[…]], "biases": […]}], "activation": "none"}.'
        ),
    ],
    output: Annotated[str, typer.Option("--output", "-o", help="Folder of the model.")],
    features: Annotated[str, typer.Option(help="Feature dataset that the model was trained on.")],
    bits: Annotated[
        int | None,
        typer.Option(
            "--weight-bits", min=4, max=24, help="Bits a weight; default: as many as fit, up to 16."
        ),
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="Anybody may know the parameters.")
    ] = False,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Quantise a model, commit to it, and prove that its weights are within bounds.

    Writes `model.json`, which is public, and `opening.json`, which holds the parameters and
    blindings and must stay with the model's owner (mode 0600).
    """
    from redactory.extras import require  # noqa: PLC0415

    require("prove")
    from redactory.featurising.opening import describe_features  # noqa: PLC0415
    from redactory.proving_models import (  # noqa: PLC0415
        Parameters,
        commit_model,
        quantise,
        save_model,
    )
    from zk_proofs.engine import default_engine  # noqa: PLC0415

    info = describe_features(features, options.trust(ledger, log_key, trust_new_log))
    integers = quantise(
        Parameters.load(parameters), scale_bits=info.spec.scale_bits, weight_bits=bits
    )
    default_engine(notice)
    own = commit_model(integers, spec_digest=info.spec_digest, public=public)
    save_model(own, output)
    facts = {
        "model_id": own.model.model_id,
        "inputs": integers.policy.inputs,
        "labels": integers.policy.labels,
        "weight_bits": integers.policy.layers[0].weight.high.bit_length() + 1,
        "score_digits": integers.policy.score_digits,
        "public": public,
    }
    if as_json:
        print_json(facts)
        return
    out.print(f"[bold green]✔[/] model: {output}")
    out.print(facts_table({name.replace("_", " "): value for name, value in facts.items()}))


@app.command(epilog="**Example:** `redactory proof commit notes.features`")
def commit(
    dataset: Dataset,
    key: Annotated[
        str | None, typer.Option(help="Private key (PEM) that opens the rows; default: your own.")
    ] = None,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Commit to the rows of a feature dataset, so that predictions on them can be proven.

    Best done by whoever made the dataset, right after: what proofs say rests on these
    commitments. Shards that are committed to already stay as they are.
    """
    from redactory.extras import require  # noqa: PLC0415

    require("prove")
    from redactory.proving import Predicting, commit_rows  # noqa: PLC0415
    from zk_proofs.engine import default_engine  # noqa: PLC0415

    default_engine(notice)
    task = Predicting(dataset, "commit", options.trust(ledger, log_key, trust_new_log), key)
    made, before = commit_rows(task)
    if as_json:
        print_json({"committed": made, "before": before})
    else:
        out.print(f"[bold green]✔[/] committed to {made:,} shards, {before:,} there before")


def _conclude(verdict: ProofVerdict, *, as_json: bool) -> None:
    """Print a verdict; a bad one ends with exit code 7."""
    from redactory.errors import ProofError  # noqa: PLC0415

    if as_json:
        print_json(verdict.as_json())
        if not verdict.ok:
            raise typer.Exit(ProofError.exit_code)
        return
    table = Table("run", "proof", "rows", "verdict", box=None, pad_edge=False)
    for one in verdict.findings:
        state = f"[red]✘ {one.fault}[/]" if one.fault else "[green]✔ proven[/]"
        table.add_row(one.run, one.place, f"{one.rows:,}", state)
    out.print(table)
    bad = [one for one in verdict.findings if one.fault]
    if bad:
        raise ProofError(
            f"{len(bad):,} of {len(verdict.findings):,} findings are faults", where=bad[0].place
        )
    rows = sum(one.rows for one in verdict.findings)
    out.print(
        f"[bold green]✔[/] {rows:,} predictions are proven, as of checkpoint "
        f"{verdict.checkpoint_size:,}"
    )
    out.print(f"not shown by any proof: {_ASSUMED}", style="dim")
