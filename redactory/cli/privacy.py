"""``redactory privacy``: what a model tells about its records, and what a budget costs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table

from redactory.cli import options
from redactory.cli.output import errors, facts_table, out, print_json

if TYPE_CHECKING:
    from redactory.privacy_audit import PrivacyReport

app = typer.Typer(
    help="Attack models as a test, and count privacy budgets.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
)


@app.command(
    epilog="**Examples:** `redactory privacy audit notes.jsonl -p gdpr --label topic` · "
    "`redactory privacy audit notes.jsonl -p gdpr --label topic --epsilon 4 --output audit.html`"
)
def audit(
    inputs: Annotated[
        list[str], typer.Argument(metavar="INPUT...", help="Labelled raw text, as for `run`.")
    ],
    label: Annotated[str, typer.Option("--label", help="Column of the class.")],
    policy: options.Policy = "gdpr",
    text: options.Text = None,
    id_column: options.IdColumn = None,
    lang_column: options.LangColumn = None,
    input_format: options.InputFormat = None,
    ner: options.Ner = "embedded",
    epsilon: Annotated[
        list[float] | None, typer.Option(help="Privacy budget to try; repeatable. [default: 8, 1]")
    ] = None,
    delta: Annotated[float, typer.Option(help="δ of the budgets.")] = 1e-5,
    epochs: Annotated[int, typer.Option(min=1, max=1000, help="Passes over the records.")] = 20,
    models: Annotated[int, typer.Option(min=8, max=512, help="Shadow models, even.")] = 32,
    rows: Annotated[int, typer.Option(min=20, help="Records at most.")] = 4000,
    spec: Annotated[
        str, typer.Option(help="Feature spec (TOML or JSON), or 'default'.")
    ] = "default",
    seed: Annotated[int, typer.Option(min=0, help="Of the canaries and of the split.")] = 0,
    output: Annotated[
        str | None, typer.Option("--output", "-o", help="Also write a page (.html).")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Attack models on raw and on redacted texts, with and without differential privacy.

    For whoever may read the raw texts: they are read in the clear, redacted in memory, and not
    stored. The result holds numbers only.
    """
    from mpc_jobs.privacy.audit.shadows import Recipe  # noqa: PLC0415
    from redactory.cli.features import load_spec  # noqa: PLC0415
    from redactory.config import RunConfig  # noqa: PLC0415
    from redactory.extras import require  # noqa: PLC0415
    from redactory.privacy_audit import AuditSettings, audit_privacy  # noqa: PLC0415

    require("train")
    given: dict[str, Any] = {
        "input": inputs,
        "output": "unused-in-an-audit",
        "policy": policy,
        "label_column": label,
        "text_columns": text or None,
        "id_column": id_column,
        "lang_column": lang_column,
        "input_format": input_format,
        "ner": ner,
    }
    config = RunConfig.parse({k: v for k, v in given.items() if v is not None}, where="options")
    settings = AuditSettings(
        spec=load_spec(spec),
        recipe=Recipe(epochs=epochs, delta=delta),
        epsilons=tuple(epsilon or (8.0, 1.0)),
        models=models,
        most_rows=rows,
        seed=seed,
    )
    with errors.status("starting…") as status:
        report = audit_privacy(config, settings, progress=lambda step: status.update(f"{step}…"))
    if output is not None:
        Path(output).write_bytes(report.page())
    if as_json:
        print_json(report.as_json())
    else:
        _show(report)


@app.command(epilog="**Example:** `redactory privacy budget --epsilon 2 --delta 1e-6 --epochs 10`")
def budget(
    epochs: Annotated[int, typer.Option(min=1, help="How often each record is used.")],
    epsilon: Annotated[
        float | None, typer.Option(help="Wanted ε: tells the noise that it takes.")
    ] = None,
    multiplier: Annotated[
        float | None, typer.Option(help="Noise over sensitivity: tells the ε that it gives.")
    ] = None,
    delta: Annotated[float, typer.Option(help="δ.")] = 1e-5,
    as_json: options.Json = False,
) -> None:
    """Count a privacy budget: the noise for an ε, or the ε of a noise."""
    from mpc_jobs.privacy.accounting import confirm, multiplier_for, rho_of, spent  # noqa: PLC0415
    from redactory.errors import InputError  # noqa: PLC0415

    if (epsilon is None) == (multiplier is None):
        raise InputError("give --epsilon or --multiplier, one of them")
    if epsilon is not None:
        multiplier = multiplier_for(epsilon, delta, epochs)
    total = spent(rho_of(multiplier or 0.0, epochs), delta)
    confirmed = confirm(total)
    facts = {
        "noise_multiplier": multiplier,
        "rho": total.rho,
        "epsilon": total.epsilon,
        "delta": total.delta,
        "dp_accounting_epsilon": confirmed,
    }
    if as_json:
        print_json(facts)
        return
    rows: dict[str, object] = {
        "noise": f"{multiplier:.4g} times the sensitivity, in each of {epochs:,} epochs",
        "costs": f"ε = {total.epsilon:.4g} at δ = {delta:g} (ρ = {total.rho:.4g})",
        "confirmed": "by dp-accounting" if confirmed is not None else "no: dp-accounting is absent",
    }
    out.print(facts_table(rows))


def _show(report: PrivacyReport) -> None:
    table = Table("texts", "ε", "accuracy", "AUC", "found at 1 %", "exposure", "read out", box=None)
    for finding in report.findings:
        ratio = finding.likelihood_ratio
        exposures = finding.exposures
        table.add_row(
            finding.texts,
            "no noise" if finding.epsilon is None else f"{finding.epsilon:g}",
            f"{finding.accuracy:.1%}",
            f"{ratio.auc:.3f}",
            f"{ratio.found_at_1_percent:.1%}",
            " / ".join(f"{each.mean:.1f}" for each in exposures),
            " / ".join(str(each.read_out) for each in exposures),
        )
    counts = " / ".join(str(each.repeated) for each in report.findings[0].exposures)
    out.print(table)
    out.print(
        f"{report.rows:,} records, {report.settings.models} models. AUC 0.5 is guessing; exposure "
        f"and read-out for names planted {counts} times, where guessing gives 1.4."
    )
