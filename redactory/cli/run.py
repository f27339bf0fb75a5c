"""``redactory run``: raw text in, a sealed and recorded dataset out."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from redactory.cli import options
from redactory.cli.output import MEGABYTE, errors, facts_table, meter, notice, out, print_json, warn

EXAMPLES = """
**Examples**

`redactory run notes/ --policy gdpr --output notes.dataset`

`redactory run notes/ -p gdpr -o notes.dataset --only-changed --on-deleted shred`

`redactory run 'mail-*.jsonl.gz' -p gdpr -o mail.dataset --id message_id --text subject --text body`

`redactory run letters.csv -p gdpr -o letters.dataset --recipient ml-team.pub.pem --workers 4`

`redactory run s3://raw/mail/ -o s3://sealed/mail --ledger mail.log --engine spark --master yarn`

`redactory run notes/ -p gdpr -o notes.dataset --dry-run --sample 500`
"""


def run_command(
    inputs: Annotated[
        list[str] | None, typer.Argument(metavar="INPUT...", help="Files, folders, globs, URLs.")
    ] = None,
    output: Annotated[str | None, typer.Option("--output", "-o", help="Dataset folder.")] = None,
    policy: Annotated[
        str | None, typer.Option("--policy", "-p", help="Built-in policy or TOML file.")
    ] = None,
    config: Annotated[
        str | None, typer.Option("--config", "-c", help="TOML file; options override it.")
    ] = None,
    scope: options.Scope = None,
    dataset_name: Annotated[
        str | None, typer.Option("--name", help="Name the dataset id derives from.")
    ] = None,
    input_format: options.InputFormat = None,
    text: options.Text = None,
    id_column: options.IdColumn = None,
    lang_column: options.LangColumn = None,
    subject_column: Annotated[
        str | None, typer.Option("--subject", help="Column that names a person across rows.")
    ] = None,
    label_column: Annotated[
        str | None, typer.Option("--label", help="Column of the class.")
    ] = None,
    pass_through: Annotated[
        list[str] | None, typer.Option("--carry", help="Further column to carry; repeatable.")
    ] = None,
    text_unit: Annotated[
        str | None, typer.Option("--text-unit", help="One record of a .txt: file or paragraph.")
    ] = None,
    encoding: options.Encoding = None,
    recipient: Annotated[
        list[str] | None,
        typer.Option("--recipient", help="Public key (PEM) that may read; repeatable."),
    ] = None,
    quarantine_recipient: Annotated[
        list[str] | None,
        typer.Option("--quarantine-recipient", help="Public key for the quarantine; repeatable."),
    ] = None,
    same_quarantine_key: Annotated[
        bool, typer.Option("--same-quarantine-key", help="Let readers open the quarantine too.")
    ] = False,
    rows_per_shard: Annotated[int | None, typer.Option(help="Records a shard at most.")] = None,
    bytes_per_shard: Annotated[int | None, typer.Option(help="Input bytes a shard.")] = None,
    max_record_bytes: Annotated[
        int | None, typer.Option(help="Longer records are quarantined.")
    ] = None,
    max_quarantine_share: Annotated[
        float | None, typer.Option(help="Publish only up to this share, e.g. 0.01.")
    ] = None,
    suppress_counts_below: Annotated[
        int | None, typer.Option(help="Leave smaller counts out of the log and of reports.")
    ] = None,
    publish_checkpoint: Annotated[
        list[str] | None,
        typer.Option(help="Copy the log's checkpoint to this URL or git:WORKTREE; repeatable."),
    ] = None,
    identity_map: Annotated[
        bool, typer.Option("--identity-map", help="Keep what was replaced, sealed apart.")
    ] = False,
    identity_recipient: Annotated[
        list[str] | None,
        typer.Option("--identity-recipient", help="Public key for the identity map; repeatable."),
    ] = None,
    canaries: Annotated[
        str | None, typer.Option(help="File of planted values that must not come out, one a line.")
    ] = None,
    labelled_sample: Annotated[
        str | None, typer.Option(help="Labelled JSON lines; the residual risk is measured on them.")
    ] = None,
    ner: Annotated[
        str | None,
        typer.Option(
            metavar="FINDER",
            help="What finds names: embedded, fast, none, spacy:PIPELINE, presidio:MODULE:NAME.",
        ),
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Worker processes; 0: as the input needs.")
    ] = None,
    engine: Annotated[
        str | None, typer.Option(help="What seals: local, or spark (see --master).")
    ] = None,
    master: Annotated[
        str | None,
        typer.Option(help="Spark's master, such as local[4]; default: as Spark is configured."),
    ] = None,
    only_changed: Annotated[
        bool,
        typer.Option(
            "--only-changed", help="Do not read what is, by time and size, as it was read last."
        ),
    ] = False,
    on_deleted: Annotated[
        str | None,
        typer.Option(
            metavar="KEEP|SHRED",
            help="Records of a source that was deleted or emptied: keep, or shred their keys.",
        ),
    ] = None,
    ledger: options.Ledger = None,
    resume: Annotated[bool, typer.Option("--resume", help="Finish an interrupted run.")] = False,
    discard: Annotated[bool, typer.Option("--discard", help="Drop an interrupted run.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show findings and an estimate; write nothing.")
    ] = False,
    sample: Annotated[int, typer.Option(min=1, help="Records a dry run looks at.")] = 200,
    as_json: options.Json = False,
) -> None:
    """Read, redact, seal and record raw text."""
    given: dict[str, Any] = {
        "input": inputs or None,
        "output": output,
        "policy": policy,
        "scope": scope,
        "dataset_name": dataset_name,
        "input_format": input_format,
        "text_columns": text or None,
        "id_column": id_column,
        "lang_column": lang_column,
        "subject_column": subject_column,
        "label_column": label_column,
        "pass_through": pass_through or None,
        "text_unit": text_unit,
        "encoding": encoding,
        "recipients": recipient or None,
        "quarantine_recipients": quarantine_recipient or None,
        "same_quarantine_key": same_quarantine_key or None,
        "rows_per_shard": rows_per_shard,
        "bytes_per_shard": bytes_per_shard,
        "max_record_bytes": max_record_bytes,
        "max_quarantine_share": max_quarantine_share,
        "identity_map": identity_map or None,
        "identity_recipients": identity_recipient or None,
        "canaries": canaries,
        "labelled_sample": labelled_sample,
        "ner": ner,
        "suppress_counts_below": suppress_counts_below,
        "publish_checkpoint": publish_checkpoint or None,
        "workers": workers,
        "engine": engine,
        "master": master,
        "ledger": ledger,
        "only_changed": only_changed or None,
        "on_deleted": on_deleted,
    }
    run_config = _configured(config, {k: v for k, v in given.items() if v is not None}, dry_run)
    if dry_run:
        _dry_run(run_config, sample, as_json=as_json)
        return
    from redactory.keys import KeyStore  # noqa: PLC0415
    from redactory.pipeline.listing import columns_left_out  # noqa: PLC0415
    from redactory.pipeline.run import run  # noqa: PLC0415
    from redactory.pipeline.setup import RunSetup  # noqa: PLC0415

    setup = RunSetup(run_config, KeyStore(notice=notice))
    listing = setup.check_input()
    left = columns_left_out(listing.sources, setup.options)
    try:
        with meter(quiet=as_json) as gauge:
            result = run(
                setup,
                resume=resume,
                discard=discard,
                progress=lambda outcome: gauge.add(outcome.rows_in, outcome.size),
                tick=gauge.tick,
                started=gauge.expect,
            )
    except KeyboardInterrupt:
        warn("interrupted; continue with the same command and --resume, or drop it with --discard")
        raise
    summary = {
        **result.published.as_json(),
        "shards": result.totals.shards,
        "quarantined": result.totals.quarantined,
        "records_in": result.totals.records_in,
        "records_out": result.totals.records_out,
        "adopted_shards": result.totals.adopted_shards,
        "entities": dict(sorted(result.totals.entities.items())),
        "reasons": dict(sorted(result.totals.reasons.items())),
        "columns_not_carried": left,
        "skipped_files": len(listing.skipped),
        "on_deleted": run_config.on_deleted,
        "output": setup.folder.url,
        "report": setup.folder.path(f"reports/{result.published.run_id}.html"),
    }
    if not result.published.new:
        summary.pop("report")
    if as_json:
        print_json(summary)
    else:
        _show(summary)
    if summary["quarantined"]:
        warn(
            f"{summary['quarantined']:,} records are in quarantine: redactory dataset read "
            f"{setup.folder.url} --quarantine"
        )


def _configured(path: str | None, given: dict[str, Any], dry_run: bool) -> Any:  # noqa: FBT001
    from redactory.config import RunConfig  # noqa: PLC0415

    if dry_run:
        given.setdefault("output", "unused-in-a-dry-run")
    if path is None:
        return RunConfig.parse(given, where="options")
    return RunConfig.from_toml(path, given)


def _show(summary: dict[str, Any]) -> None:
    state = "published" if summary["new"] else "nothing new; the dataset stays as it is"
    rows: dict[str, object] = {
        "records": f"{summary['records_in']:,} read = {summary['records_out']:,} released "
        f"+ {summary['quarantined']:,} quarantined",
        "shards": f"{summary['shards']:,}"
        + (f" ({summary['adopted_shards']:,} sealed before)" if summary["adopted_shards"] else ""),
        "removed": _counts(summary["entities"]) or "nothing was found",
    }
    if summary["reasons"]:
        rows["quarantine"] = _counts(summary["reasons"])
    if summary["columns_not_carried"]:
        rows["not carried"] = ", ".join(summary["columns_not_carried"])
    if summary["skipped_files"]:
        rows["skipped files"] = f"{summary['skipped_files']:,} of unknown suffix"
    if summary["departed"]:
        done = "keys destroyed" if summary["on_deleted"] == "shred" else "kept"
        rows["gone"] = f"{summary['departed']:,} sources deleted or emptied: their records {done}"
    rows["dataset"] = f"{summary['output']} (version {summary['dataset_version']})"
    rows["checkpoint"] = f"{summary['checkpoint_size']} statements, root {summary['root'][:32]}…"
    if "report" in summary:
        rows["report"] = summary["report"]
    out.print(f"[bold green]✔[/] run {summary['run_id']}: {state}")
    out.print(facts_table(rows))


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(
        f"{name} {count:,}" for name, count in sorted(counts.items(), key=lambda i: (-i[1], i[0]))
    )


def _dry_run(config: Any, sample: int, *, as_json: bool) -> None:
    from redactory.pipeline.dry_run import dry_run  # noqa: PLC0415

    with errors.status("looking at a sample…"):
        found = dry_run(config, sample)
    if as_json:
        print_json(found.as_json())
        return
    out.print(f"[bold]Dry run[/]: nothing was written. {found.records:,} records looked at.")
    rows: dict[str, object] = {
        "would remove": _counts(found.entities) or "nothing was found",
        "would quarantine": _counts(found.reasons) or "nothing",
        "input": f"{found.input_bytes / MEGABYTE:,.2f} MB in {found.files:,} files"
        + ("" if found.exact else " (compressed)"),
        "speed": f"{found.bytes_per_second / MEGABYTE:.2f} MB/s on one core",
        "estimate": found.estimate(),
    }
    if found.columns_not_carried:
        rows["not carried"] = ", ".join(found.columns_not_carried)
    out.print(facts_table(rows))
