"""Options that several commands share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from redactory.cli.output import notice

if TYPE_CHECKING:
    from redactory.reading import Trust

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Ledger = Annotated[
    str | None,
    typer.Option(help="Folder or database URL of the log, if it is not inside the dataset."),
]
LogKey = Annotated[
    str | None,
    typer.Option(help="File with the log's verifier key; default: what you trusted before."),
]
TrustNewLog = Annotated[
    bool, typer.Option("--trust-new-log", help="Trust this log from now on (first contact).")
]
Ner = Annotated[
    str,
    typer.Option(
        metavar="FINDER",
        help="What finds names: embedded, fast, none, spacy:PIPELINE, presidio:MODULE:NAME.",
    ),
]
Policy = Annotated[str, typer.Option("--policy", "-p", help="Built-in policy or TOML file.")]
Workers = Annotated[
    int, typer.Option(min=0, max=512, help="Worker processes; 0: as the input needs.")
]
Text = Annotated[
    list[str] | None, typer.Option("--text", help="Text column; repeatable. [default: text]")
]
IdColumn = Annotated[str | None, typer.Option("--id", help="Id column; default: id.")]
LangColumn = Annotated[str | None, typer.Option("--lang", help="Language column; default: lang.")]
InputFormat = Annotated[
    str | None,
    typer.Option("--format", help="txt, jsonl, csv, tsv or parquet; default: by suffix."),
]
TextUnit = Annotated[
    str, typer.Option("--text-unit", help="One record of a .txt: file or paragraph.")
]
Encoding = Annotated[str | None, typer.Option(help="Text encoding; default: detected.")]
Scope = Annotated[
    str | None, typer.Option(help="Pseudonym scope: who shares it gets the same tokens.")
]


def trust(ledger: str | None, log_key: str | None, trust_new: bool) -> Trust:  # noqa: FBT001
    """Which log to believe, from the options of these names."""
    from redactory.reading import Trust  # noqa: PLC0415

    return Trust(ledger=ledger, log_key=log_key, trust_new=trust_new, notice=notice)
