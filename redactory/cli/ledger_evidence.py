"""``redactory ledger checkpoint``, ``witness``, ``evidence`` and ``report``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from redactory.cli import options
from redactory.cli.ledger_reading import Place, open_log
from redactory.cli.output import facts_table, notice, out, print_json

if TYPE_CHECKING:
    from redactory.trust import CheckedLog

Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="File to write; default: the terminal.")
]


def checkpoint(
    path: Place,
    output: Output = None,
    publish: Annotated[
        list[str] | None,
        typer.Option(help="Put a copy there: a path, fsspec URL or git:WORKTREE; repeatable."),
    ] = None,
    co_sign: Annotated[
        bool, typer.Option("--co-sign", help="Add the owner's ML-DSA-44 signature first.")
    ] = False,
    attach: Annotated[
        Path | None, typer.Option(help="Take over a witness's signature from this file first.")
    ] = None,
    ledger: options.Ledger = None,
) -> None:
    """Print the newest checkpoint, to be kept elsewhere; publish copies of it."""
    from redactory import cosigning  # noqa: PLC0415
    from redactory.checkpoints import publish_checkpoint  # noqa: PLC0415
    from redactory.keys import KeyStore  # noqa: PLC0415

    log = open_log(path, ledger)
    if attach is not None:
        log.attach(attach.read_bytes())
    if co_sign:
        cosigning.co_sign(log, KeyStore(notice=notice))
    note = log.checkpoint.note
    for target in publish or []:
        notice(f"published → {publish_checkpoint(log, target)}")
    if output is not None:
        output.write_bytes(note)
        notice(f"checkpoint of {log.checkpoint.size} statements → {output}")
    elif not publish:
        typer.echo(note.decode(), nl=False)


def witness(
    path: Place,
    name: Annotated[str, typer.Option(help="Your name as a witness, such as a URL.")],
    output: Output = None,
    attach: Annotated[
        bool, typer.Option("--attach", help="Put the signature into the log's own checkpoint.")
    ] = False,
    post_quantum: Annotated[
        bool, typer.Option("--post-quantum", help="Sign with ML-DSA-44 instead of Ed25519.")
    ] = False,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
) -> None:
    """Verify the whole log, then sign its newest checkpoint as a witness.

    Your trust store keeps what you signed, so you never sign a log that was rolled back or
    forked since. Whoever relies on you verifies with `--witness` and your verifier key.
    """
    from audit_ledger import Log  # noqa: PLC0415
    from redactory import cosigning  # noqa: PLC0415
    from redactory.keys import KeyStore  # noqa: PLC0415
    from redactory.trust import Expectations, load_log_key  # noqa: PLC0415
    from redactory.verification import locate_log  # noqa: PLC0415

    place = locate_log(path, ledger)
    signed = cosigning.witness(
        place,
        KeyStore(notice=notice),
        name,
        algorithm="ml-dsa-44" if post_quantum else "ed25519",
        trust_new=trust_new_log,
        expected=Expectations(log_key=load_log_key(log_key) if log_key else None),
    )
    if attach:
        Log.open(place).attach(signed.note)
    if output is not None:
        output.write_bytes(signed.note)
    elif not attach:
        typer.echo(signed.note.decode(), nl=False)
    notice(f"signed at {signed.checkpoint.size} statements; your verifier key:")
    notice(signed.vkey)


def evidence(
    path: Place,
    target: Annotated[Path, typer.Argument(metavar="ZIP", help="The file to write.")],
    policy: Annotated[
        list[str] | None,
        typer.Option(help="Policy file to enclose, beside the built-in ones; repeatable."),
    ] = None,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Write everything an auditor needs into one zip: log, proofs, policies, reports.

    It holds no data and no key. `redactory ledger verify ZIP` checks it on any machine.
    """
    from redactory.bundle import write_bundle  # noqa: PLC0415
    from redactory.evidence_writing import gather_attachments  # noqa: PLC0415

    checked = _checked(path, ledger, log_key, trust_new=trust_new_log)
    log = checked.log
    if log is None:
        raise _broken(checked)
    attachments = gather_attachments(path, checked, policies=policy or [], notice=notice)
    index = write_bundle(target, checked.folder, log, checked.verdict, attachments)
    if as_json:
        print_json(index)
        return
    facts: dict[str, Any] = {
        "evidence": str(target),
        "log": f"{index['origin']} ({index['checkpoint_size']} statements)",
        "files": len(index["files"]),
        "key's fingerprint": index["log_key_fingerprint"],
    }
    out.print(facts_table(facts))
    notice("give the log's key and this fingerprint to the auditor by another way than this file")


def report(
    path: Place,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write OUTPUT.md, OUTPUT.html and OUTPUT.json."),
    ] = None,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """The retention report: who can read what since when, rotations, shredding, quarantine."""
    from redactory import retention  # noqa: PLC0415

    checked = _checked(path, ledger, log_key, trust_new=trust_new_log)
    if checked.log is None:
        raise _broken(checked)
    facts = retention.retention(checked.log.entries(), checked.verdict)
    if output is not None:
        renderings = {
            "md": retention.as_markdown(facts),
            "html": retention.as_html(facts),
            "json": retention.as_json(facts),
        }
        for suffix, text in renderings.items():
            output.with_name(f"{output.name}.{suffix}").write_text(text, encoding="utf-8")
        notice(f"retention report → {output}.md, {output}.html, {output}.json")
    elif as_json:
        print_json(facts)
    else:
        typer.echo(retention.as_markdown(facts), nl=False)


def _checked(path: str, ledger: str | None, log_key: str | None, *, trust_new: bool) -> CheckedLog:
    from redactory.keys import KeyStore  # noqa: PLC0415
    from redactory.trust import TrustStore, check_log, load_log_key  # noqa: PLC0415
    from redactory.verification import locate_log  # noqa: PLC0415

    return check_log(
        locate_log(path, ledger),
        TrustStore(KeyStore(notice=notice).folder / "trust"),
        log_key=load_log_key(log_key) if log_key else None,
        trust_new=trust_new,
    )


def _broken(checked: CheckedLog) -> Exception:
    from redactory.errors import LedgerError  # noqa: PLC0415
    from redactory.trust import first_problem  # noqa: PLC0415

    return LedgerError(f"the log is broken: {first_problem(checked.verdict)}", where="ledger")
