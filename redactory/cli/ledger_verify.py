"""``redactory ledger verify``: a dataset, a log, an evidence bundle, a single proof."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redactory.cli import options
from redactory.cli.output import out
from redactory.cli.verdict import show_verdict, verify

if TYPE_CHECKING:
    from redactory.trust import Expectations

What = Annotated[
    str,
    typer.Argument(
        metavar="DATASET",
        help="A dataset's folder, a log's, a database URL, an evidence.zip, or a .tlog-proof.",
    ),
]


def verify_command(
    path: What,
    pinned: Annotated[
        Path | None,
        typer.Option(help="File with a checkpoint that you kept, or an evidence.zip with one."),
    ] = None,
    witness: Annotated[
        list[str] | None,
        typer.Option(help="Verifier key of a witness (a line or a file); repeatable."),
    ] = None,
    quorum: Annotated[
        int | None, typer.Option(min=1, help="How many of the witnesses must have signed.")
    ] = None,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Check the log, and every file that it vouches for; needs no private key.

    Exit code 0: intact. 3: broken, and the output names the first broken thing. 5: consistent
    in itself, but no key that you trust vouches for it.
    """
    from redactory.bundle_check import is_bundle, verify_bundle  # noqa: PLC0415
    from redactory.trust import TrustStore  # noqa: PLC0415

    trust = options.trust(ledger, log_key, trust_new_log)
    expected = _expectations(trust.log_key, pinned, witness or [], quorum)
    if path.endswith(".tlog-proof"):
        _verify_proof(Path(path), expected)
    elif is_bundle(path):
        store = TrustStore(trust.keys().folder / "trust")
        show_verdict(verify_bundle(path, store, expected), as_json=as_json)
    else:
        show_verdict(verify(path, trust, expected=expected, quiet=as_json), as_json=as_json)


def _expectations(
    log_key: str | None, pinned: Path | None, witnesses: list[str], quorum: int | None
) -> Expectations:
    from redactory.trust import Expectations, load_log_key, load_pinned, load_witness  # noqa: PLC0415

    return Expectations(
        log_key=load_log_key(log_key) if log_key else None,
        pinned=load_pinned(pinned) if pinned else None,
        witnesses=tuple(map(load_witness, witnesses)),
        quorum=quorum,
    )


def _verify_proof(path: Path, expected: Expectations) -> None:
    from audit_ledger.proof import InclusionProof  # noqa: PLC0415
    from redactory.errors import KeyringError  # noqa: PLC0415

    if expected.log_key is None:
        raise KeyringError(
            "a proof alone does not say who signed it", hint="give the log's key with --log-key"
        )
    proof = InclusionProof.decode(path.read_bytes(), where=str(path))
    leaf = path.with_suffix(".json").read_bytes()
    checkpoint = proof.verify(leaf, expected.log_key, where=str(path))
    out.print(
        f"[bold green]✔ proven[/]: statement {proof.index} is in the log {checkpoint.origin} "
        f"of {checkpoint.size} statements",
        soft_wrap=True,
    )
