"""What commands on the identity map share: its private key, and whose records are meant.

The key is a file, or the shares of enough custodians. Records and subjects are named as they were
released, or as they stand in the sources.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redactory.reading import Trust
    from redactory.reidentify import Role
    from sealed_shards.custodians import Custody, Share
    from sealed_shards.key_files import AnyIdentity

Key = Annotated[
    str | None,
    typer.Option("--key", help="Private key (PEM or name) of the identity map; default: your own."),
]
Shares = Annotated[
    list[Path] | None,
    typer.Option("--share", help="A custodian's share file; repeatable, instead of --key."),
]

AsInSource = Annotated[
    bool,
    typer.Option(
        "--as-in-source",
        help="Record and subject are given as they stand in the sources; needs the scope's key.",
    ),
]
Scope = Annotated[str, typer.Option(help="The dataset's pseudonym scope, for --as-in-source.")]


def released(trust: Trust, scope: str, role: Role, name: str, *, as_in_source: bool) -> str:
    """How a record or subject is named in the released data."""
    from redactory.reidentify import as_released  # noqa: PLC0415

    return as_released(trust.keys(), scope, role, name) if as_in_source else name


def map_key(trust: Trust, key: str | None, shares: Sequence[Path] | None) -> AnyIdentity:
    """The identity that opens the identity map, from a file, the keyring, or in memory.

    Raises:
        KeyringError: wrong, mixed or too few shares, or no such key.
        InputError: both a key and shares are given.
    """
    from redactory.errors import InputError  # noqa: PLC0415
    from redactory.reidentify import map_identity  # noqa: PLC0415
    from sealed_shards.custodians import combine_shares  # noqa: PLC0415
    from sealed_shards.key_files import identity_of  # noqa: PLC0415

    if not shares:
        return map_identity(trust, key)
    if key is not None:
        raise InputError("give --key or --share, not both")
    found = [_read(path) for path in shares]
    named = [(str(path), share) for path, (_, share) in zip(shares, found, strict=True)]
    return identity_of(combine_shares(found[0][0], named), where="custodians")


def _read(path: Path) -> tuple[Custody, Share]:
    from sealed_shards.custodians import Share, ShareFile  # noqa: PLC0415
    from sealed_shards.software import read_key_file  # noqa: PLC0415

    document = ShareFile.decode(read_key_file(path), where=str(path))
    return document.custody, Share.from_words(document.words, where=str(path))
