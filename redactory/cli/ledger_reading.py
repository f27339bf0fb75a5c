"""``redactory ledger show``, ``search`` and ``prove``."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from redactory.cli import options
from redactory.cli.output import notice, out, print_json

if TYPE_CHECKING:
    from audit_ledger import Entry, Log

Place = Annotated[
    str, typer.Argument(metavar="DATASET", help="A dataset's folder, a log's, or a database URL.")
]
Kind = Annotated[str | None, typer.Option(help="Only statements of this kind.")]
Limit = Annotated[int, typer.Option(min=1, help="Newest statements shown.")]


def show(
    path: Place,
    kind: Kind = None,
    limit: Limit = 50,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> None:
    """List statements, newest last. This looks; `ledger verify` checks."""
    from collections import deque  # noqa: PLC0415

    _check_kind(kind)
    log = open_log(path, ledger)
    _print(log, deque(log.entries(kind=kind), maxlen=limit), as_json=as_json)


def search(
    path: Place,
    kind: Kind = None,
    actor: Annotated[str | None, typer.Option(help="Who stated it.")] = None,
    run: Annotated[str | None, typer.Option(help="Id of the run.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Id of the dataset.")] = None,
    shard: Annotated[str | None, typer.Option(help="Id of the shard, or its beginning.")] = None,
    digest: Annotated[str | None, typer.Option(help="A digest that it holds anywhere.")] = None,
    since: Annotated[str | None, typer.Option(help="From this time on (UTC, ISO 8601).")] = None,
    until: Annotated[str | None, typer.Option(help="Before this time.")] = None,
    limit: Limit = 1000,
    ledger: options.Ledger = None,
    as_json: options.Json = False,
) -> None:
    """Find statements by kind, actor, run, dataset, shard, digest and time."""
    from collections import deque  # noqa: PLC0415

    from audit_ledger.search import Query  # noqa: PLC0415

    _check_kind(kind)
    query = Query(
        kind=kind,
        actor=actor,
        run=run,
        dataset=dataset,
        shard=shard,
        digest=digest,
        since=since,
        until=until,
    )
    log = open_log(path, ledger)
    _print(log, deque(query.among(log.entries(kind=kind)), maxlen=limit), as_json=as_json)


def prove(
    path: Place,
    leaf: Annotated[
        int | None, typer.Argument(min=0, help="Number of the statement, as `show` lists it.")
    ] = None,
    pinned: Annotated[
        Path | None,
        typer.Option(help="Prove instead that the log extends the checkpoint in this file."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write OUTPUT.json (the leaf) and OUTPUT.tlog-proof."),
    ] = None,
    ledger: options.Ledger = None,
) -> None:
    """Prove that a statement is in the log, or that the log only grew.

    The inclusion proof is a C2SP tlog-proof; `redactory ledger verify FILE.tlog-proof` checks
    it anywhere. The consistency proof is that of RFC 9162, as JSON.
    """
    from audit_ledger import Checkpoint  # noqa: PLC0415
    from audit_ledger.proof import InclusionProof  # noqa: PLC0415
    from redactory.errors import InputError  # noqa: PLC0415

    log = open_log(path, ledger)
    if pinned is not None:
        old = Checkpoint.open(pinned.read_bytes(), log.verifier, where=str(pinned))
        now = log.checkpoint
        hashes = [hash_.hex() for hash_ in log.consistency(old.size, at=now)]
        print_json(
            {
                "old_size": old.size,
                "old_root": old.root.hex(),
                "size": now.size,
                "root": now.root.hex(),
                "proof": hashes,
            }
        )
        return
    if leaf is None:
        raise InputError("name a statement by its number, or a checkpoint with --pinned")
    proof = InclusionProof.of(log, leaf).encode()
    if output is None:
        typer.echo(proof.decode(), nl=False)
        return
    output.with_name(f"{output.name}.json").write_bytes(log.entry(leaf).raw)
    output.with_name(f"{output.name}.tlog-proof").write_bytes(proof)
    notice(f"statement {leaf} → {output}.json, its proof → {output}.tlog-proof")


def open_log(path: str, ledger: str | None) -> Log:
    """The log at ``path``, for reading."""
    from audit_ledger import Log  # noqa: PLC0415
    from redactory.verification import locate_log  # noqa: PLC0415

    return Log.open(locate_log(path, ledger))


def _check_kind(kind: str | None) -> None:
    from audit_ledger.statement import KINDS  # noqa: PLC0415
    from redactory.errors import InputError  # noqa: PLC0415

    if kind is not None and kind not in KINDS:
        raise InputError(
            "there is no such kind of statement", hint=f"one of {', '.join(sorted(KINDS))}"
        )


def _print(log: Log, entries: Iterable[Entry], *, as_json: bool) -> None:
    if as_json:
        print_json([{"index": e.index, **json.loads(e.raw)} for e in entries])
        return
    table = Table("leaf", "time", "kind", "who", "what", box=None, pad_edge=False)
    for entry in entries:
        statement = entry.statement
        actor = statement.predicate.actor
        table.add_row(
            str(entry.index),
            statement.time[:19].replace("T", " "),
            statement.kind,
            f"{actor.name} ({actor.kind})",
            statement.subject[0].name if statement.subject else "",
        )
    out.print(table)
    notice(f"{log.origin}, {log.checkpoint.size} statements")
