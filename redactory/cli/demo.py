"""``redactory demo``: the whole flow on the bundled corpus, then a look at the result."""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.panel import Panel
from rich.rule import Rule
from rich.text import Text

from redactory.cli import options
from redactory.cli.output import facts_table, meter, notice, out, print_json

if TYPE_CHECKING:
    from redactory.pipeline.run import RunResult
    from redactory.pipeline.setup import RunSetup
    from redactory.verdict import Verdict

EXAMPLES = """
**Example:** `redactory demo --output /tmp/redactory-demo`
"""

_REPLACEMENT = r"<[A-Z][A-Z_]+(:[0-9a-f]+)?>"
_SHOWN_DOMAINS = (("clinical", "en"), ("bank", "zh"), ("support", "en"))


def demo_command(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the dataset and its keys.")
    ] = Path("demo-output"),
    as_json: options.Json = False,
) -> None:
    """Run everything on the bundled corpus: invented people, English and Chinese.

    Keys and trust go into the output folder too; your own are not touched. Run it again
    and it finds that everything is sealed already.
    """
    from redactory.demo_corpus import corpus_path  # noqa: PLC0415
    from redactory.extras import require  # noqa: PLC0415
    from redactory.home import ENVIRONMENT_VARIABLE  # noqa: PLC0415

    require("detect")
    out.quiet = as_json
    began = time.monotonic()
    home, dataset = output.absolute() / "home", output.absolute() / "dataset"
    os.environ[ENVIRONMENT_VARIABLE] = str(home)
    corpus = Path(str(corpus_path()))

    _step(1, "Read, redact, seal and record the bundled corpus")
    notice(f"$ redactory run {corpus.name} --policy gdpr --subject subject --label label")
    setup, result = _run(corpus, dataset)
    _show_run(result)

    _step(2, "Verify the log and every file, without any private key")
    notice("$ redactory dataset verify dataset")
    verdict = _verify(dataset)

    _step(3, "Open it with the reader's key (the access goes on record first)")
    rows = _read(dataset)
    _before_and_after(setup, corpus, rows)

    out.quiet = False
    if as_json:
        facts = {"output": str(dataset), "home": str(home), "state": verdict.state}
        print_json({**result.published.as_json(), **vars(result.totals), **facts})
        raise typer.Exit(verdict.exit_code)
    out.print(Rule(style="dim"))
    out.print(
        facts_table(
            {
                "dataset": dataset,
                "report": dataset / "reports" / f"{_newest_report(dataset)}",
                "keys and trust": home,
                "log": f"{verdict.facts['checkpoint_size']} statements before this reading",
                "took": f"{time.monotonic() - began:.0f} s",
            }
        )
    )
    out.print(f"\nLook further:  export {ENVIRONMENT_VARIABLE}={home}", soft_wrap=True)
    program = "redactory" if shutil.which("redactory") else sys.argv[0]
    for command in ("dataset show", "ledger show", "dataset read --limit 3"):
        out.print(f"  {program} {command} {dataset}", soft_wrap=True, markup=False)
    raise typer.Exit(verdict.exit_code)


def _step(number: int, title: str) -> None:
    out.print()
    out.print(Rule(f"[bold]{number}. {title}[/]", align="left"))


def _run(corpus: Path, dataset: Path) -> tuple[RunSetup, RunResult]:
    from redactory.config import RunConfig  # noqa: PLC0415
    from redactory.keys import KeyStore  # noqa: PLC0415
    from redactory.pipeline.run import run  # noqa: PLC0415
    from redactory.pipeline.setup import RunSetup  # noqa: PLC0415

    config = RunConfig(
        input=(str(corpus),),
        output=str(dataset),
        policy="gdpr",
        dataset_name="redactory demo",
        subject_column="subject",
        label_column="label",
        rows_per_shard=100,
    )
    keys = KeyStore(notice=notice)
    keys.draw_passphrase()  # a demonstration asks nobody for one
    setup = RunSetup(config, keys)
    with meter() as gauge:
        result = run(
            setup,
            resume=True,
            progress=lambda outcome: gauge.add(outcome.rows_in, outcome.size),
            tick=gauge.tick,
            started=gauge.expect,
        )
    return setup, result


def _show_run(result: RunResult) -> None:
    totals = result.totals
    found = sorted(totals.entities.items(), key=lambda item: -item[1])
    out.print(
        facts_table(
            {
                "records": f"{totals.records_in} read = {totals.records_out} released "
                f"+ {totals.quarantined} quarantined",
                "removed": ", ".join(f"{name} {count}" for name, count in found),
                "shards": f"{totals.shards}"
                + (" (all sealed before)" if not result.published.new else ""),
                "checkpoint": f"{result.published.checkpoint_size} statements, "
                f"root {result.published.root[:32]}…",
            }
        )
    )


def _verify(dataset: Path) -> Verdict:
    from redactory.keys import KeyStore  # noqa: PLC0415
    from redactory.verification import verify_dataset  # noqa: PLC0415

    verdict = verify_dataset(str(dataset), KeyStore(notice=notice))
    if verdict.state == "intact":
        out.print("[bold green]✔ intact[/]: every byte is as it was recorded, by a log you trust")
    for file, what in verdict.problems:
        out.print(f"[bold red]✘[/] {file}: {what}")
    return verdict


def _read(dataset: Path) -> list[dict[str, Any]]:
    from redactory.reading import Trust, open_verified  # noqa: PLC0415

    opened = open_verified(str(dataset), Trust(notice=notice), purpose="demo")
    return list(opened.rows())


def _before_and_after(setup: RunSetup, corpus: Path, rows: list[dict[str, Any]]) -> None:
    import json  # noqa: PLC0415

    from redactory.pseudonym import pseudonym  # noqa: PLC0415

    after = {row["record_id"]: row["text"] for row in rows}
    wanted = list(_SHOWN_DOMAINS)
    for line in corpus.read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        kind = (record["domain"], record["lang"])
        token = pseudonym(setup.subkeys["token"], "record_id", record["id"])
        if kind not in wanted or token not in after:
            continue
        wanted.remove(kind)
        title = f"{record['id']} · {record['domain']} · {record['lang']}"
        out.print(Panel(Text(record["text"]), title=f"before  {title}", title_align="left"))
        released = Text(after[token])
        released.highlight_regex(_REPLACEMENT, "bold green")
        out.print(
            Panel(
                released,
                title=f"after  {token[:16]}…",
                title_align="left",
                border_style="green",
            )
        )
    notice(
        "What stays readable above is what neither rules nor name model found: "
        "`redactory explain` tells why anything was found."
    )


def _newest_report(dataset: Path) -> str:
    return max(path.name for path in (dataset / "reports").glob("*.html"))
