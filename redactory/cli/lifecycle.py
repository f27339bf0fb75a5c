"""``redactory dataset``: grant, revoke, rotate, reseal, shred, expire and settle."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from redactory.cli import options
from redactory.cli.output import notice, print_json, warn

if TYPE_CHECKING:
    from redactory.keys import KeyStore
    from redactory.lifecycle import Changed
    from sealed_shards.key_files import AnyIdentity, AnyRecipient

Folder = Annotated[str, typer.Argument(metavar="DATASET", help="The dataset's folder.")]
Recipients = Annotated[
    list[str] | None,
    typer.Option("--recipient", help="Public key (PEM), or a key's name; repeatable."),
]
Key = Annotated[
    str | None,
    typer.Option(help="Private key (PEM or name) that opens it now; default: your own."),
]
Quarantine = Annotated[
    bool, typer.Option("--quarantine", help="Quarantine and source lists, not the data.")
]
Shard = Annotated[str | None, typer.Option(help="Only this shard.")]


def grant_command(
    path: Folder,
    recipient: Recipients = None,
    key: Key = None,
    shard: Shard = None,
    quarantine: Quarantine = False,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Let further keys read; the shards themselves are not touched."""
    from redactory.errors import InputError  # noqa: PLC0415
    from redactory.lifecycle import grant  # noqa: PLC0415

    if not recipient:
        raise InputError("nobody to grant to", hint="give --recipient KEY.pub.pem")
    trust = options.trust(ledger, log_key, trust_new_log)
    done = grant(
        path,
        trust,
        _identity(trust.keys(), key, quarantine=quarantine),
        [_recipient(trust.keys(), each) for each in recipient],
        areas=_areas(quarantine=quarantine),
        shard=shard,
    )
    _tell("granted", done, as_json=as_json)


def revoke_command(
    path: Folder,
    recipient: Recipients = None,
    kid: Annotated[
        list[str] | None, typer.Option("--kid", help="Key id, 64 hex digits; repeatable.")
    ] = None,
    shard: Shard = None,
    quarantine: Quarantine = False,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Take keys' access away through this store; needs none of those keys.

    Who kept a copy of the wraps and of their key can still open old copies. After a key was
    stolen, use `reseal`.
    """
    from redactory.errors import InputError  # noqa: PLC0415
    from redactory.lifecycle import revoke  # noqa: PLC0415

    trust = options.trust(ledger, log_key, trust_new_log)
    kids = [*(kid or []), *(_recipient(trust.keys(), each).kid for each in recipient or [])]
    if not kids:
        raise InputError("nobody to revoke", hint="give --recipient KEY.pub.pem or --kid")
    done = revoke(path, trust, kids, areas=_areas(quarantine=quarantine), shard=shard)
    if not done.shards and not as_json:
        warn("no shard was sealed for that key")
    _tell("revoked", done, as_json=as_json)


def rotate_command(
    path: Folder,
    to: Annotated[str, typer.Option("--to", help="The new key: public PEM, or a key's name.")],
    key: Key = None,
    quarantine: Quarantine = False,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Replace your key by a new one; other readers and the shards themselves stay."""
    from redactory.lifecycle import rotate  # noqa: PLC0415

    trust = options.trust(ledger, log_key, trust_new_log)
    done = rotate(
        path,
        trust,
        _identity(trust.keys(), key, quarantine=quarantine),
        _recipient(trust.keys(), to),
        areas=_areas(quarantine=quarantine),
    )
    _tell("rotated", done, as_json=as_json)


def reseal_command(
    path: Folder,
    recipient: Recipients = None,
    key: Key = None,
    shard: Shard = None,
    quarantine: Quarantine = False,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Seal again under new data keys, for the named recipients only (default: your own key).

    The remedy after a key was stolen: every shard becomes a new version, and the keys and bytes
    of the old one are destroyed here. Copies that were made elsewhere remain what they are.
    """
    from redactory.lifecycle import reseal_shards  # noqa: PLC0415

    trust = options.trust(ledger, log_key, trust_new_log)
    identity = _identity(trust.keys(), key, quarantine=quarantine)
    recipients = [_recipient(trust.keys(), each) for each in recipient or []]
    done = reseal_shards(
        path,
        trust,
        identity,
        recipients or [identity.recipient],
        areas=_areas(quarantine=quarantine),
        shard=shard,
        progress=lambda done, total: None if as_json else notice(f"{done:,} of {total:,} shards"),
    )
    _tell("resealed", done, as_json=as_json)


def shred_command(
    path: Folder,
    shard: Annotated[str | None, typer.Option(help="This shard.")] = None,
    run: Annotated[str | None, typer.Option(help="All that this run made.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole dataset.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Destroy data keys, and the bytes that nobody can read then. There is no way back.

    Backups of the wraps, and data keys that somebody unwrapped before, are out of its reach.
    """
    from redactory.errors import InputError  # noqa: PLC0415
    from redactory.lifecycle import shred  # noqa: PLC0415

    if (shard is not None) + (run is not None) + everything != 1:
        raise InputError("say what to shred", hint="one of --shard ID, --run ID and --all")
    what = f"shard {shard}" if shard else f"run {run}" if run else "the whole dataset"
    if not yes:
        if not sys.stdin.isatty():
            raise InputError("nobody is here to ask", hint="--yes shreds without asking")
        typer.confirm(f"Destroy the keys of {what} for ever?", abort=True, err=True)
    done = shred(path, options.trust(ledger, log_key, trust_new_log), shard=shard, run=run)
    _tell("shredded", done, as_json=as_json)


def expire_command(
    path: Folder,
    data_days: Annotated[
        int | None,
        typer.Option(min=1, help="Shred data, identity map and source lists after so many days."),
    ] = None,
    superseded_days: Annotated[
        int, typer.Option(min=0, help="Shred what a later run superseded, after so many days.")
    ] = 30,
    quarantine_days: Annotated[
        int, typer.Option(min=1, help="Shred withheld records after so many days.")
    ] = 90,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what is due.")] = False,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Shred what is older than it may be; ages count from a shard's first statement in the log."""
    from redactory.expiring import expire  # noqa: PLC0415
    from redactory.keeping_config import RetentionConfig  # noqa: PLC0415

    config = RetentionConfig(
        dataset=path,
        data_days=data_days,
        superseded_days=superseded_days,
        quarantine_days=quarantine_days,
        dry_run=dry_run,
    )
    done = expire(config, options.trust(ledger, log_key, trust_new_log))
    if as_json:
        print_json(vars(done))
        return
    parts = {k: v for k, v in vars(done).items() if v and k != "dry_run"}
    listed = ", ".join(f"{name} {count:,}" for name, count in parts.items())
    verb = "are due" if dry_run else "shredded"
    notice(f"{done.shards:,} shards {verb}" + (f": {listed}" if listed else ""))


def settle_command(
    path: Folder,
    ledger: options.Ledger = None,
    log_key: options.LogKey = None,
    trust_new_log: options.TrustNewLog = False,
    as_json: options.Json = False,
) -> None:
    """Finish a change of keys that was interrupted; every later change does this first too."""
    from redactory.lifecycle import finish_changes  # noqa: PLC0415

    _tell(
        "settled",
        finish_changes(path, options.trust(ledger, log_key, trust_new_log)),
        as_json=as_json,
    )


class Command(NamedTuple):
    """A command and its example."""

    name: str
    run: Callable[..., None]
    example: str


COMMANDS = (
    Command(
        "grant",
        grant_command,
        "**Example:** `redactory dataset grant notes.dataset --recipient ml-team.pub.pem`",
    ),
    Command(
        "revoke",
        revoke_command,
        "**Example:** `redactory dataset revoke notes.dataset --recipient ml-team.pub.pem`",
    ),
    Command(
        "rotate",
        rotate_command,
        "**Example:** `redactory dataset rotate notes.dataset --to reader-2027`",
    ),
    Command(
        "reseal",
        reseal_command,
        "**Example:** `redactory dataset reseal notes.dataset --recipient reader-2027`",
    ),
    Command(
        "shred",
        shred_command,
        "**Example:** `redactory dataset shred notes.dataset --run 20260101T000000Z-ab12cd34`",
    ),
    Command(
        "expire",
        expire_command,
        "**Example:** `redactory dataset expire notes.dataset --data-days 365 --dry-run`",
    ),
    Command("settle", settle_command, "**Example:** `redactory dataset settle notes.dataset`"),
)


def _tell(verb: str, done: Changed, *, as_json: bool) -> None:
    if as_json:
        facts: dict[str, Any] = {"shards": done.shards, "lost": done.lost, "settled": done.settled}
        print_json(facts)
        return
    if done.settled:
        notice(f"an interrupted change was settled first: {len(done.settled):,} files")
    notice(f"{done.shards:,} shards {verb}" if verb != "settled" else "nothing is unfinished")
    for kid in done.lost:
        notice(f"key {kid[:16]}… reads no more through this store")


def _areas(*, quarantine: bool) -> tuple[str, ...]:
    from redactory.lifecycle import DATA_AREAS, WITHHELD_AREAS  # noqa: PLC0415

    return WITHHELD_AREAS if quarantine else DATA_AREAS


def _identity(keys: KeyStore, key: str | None, *, quarantine: bool) -> AnyIdentity:
    from redactory.reading import own_identity  # noqa: PLC0415
    from sealed_shards.layout import DATA, QUARANTINE  # noqa: PLC0415

    return own_identity(keys, QUARANTINE if quarantine else DATA, key)


def _recipient(keys: KeyStore, given: str) -> AnyRecipient:
    from redactory.rotating import named_recipient  # noqa: PLC0415

    return named_recipient(keys, given)
