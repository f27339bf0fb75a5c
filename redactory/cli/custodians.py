"""``redactory keys split`` and ``combine``: a private key in the hands of several people."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from redactory.cli import options
from redactory.cli.output import notice, print_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sealed_shards.custodians import Custody, Share

SPLIT_EXAMPLES = (
    "**Examples:** `redactory keys split quarantine --shares 5 --threshold 3 --remove` · "
    "`redactory keys split quarantine --form qr -o sheets`"
)
COMBINE_EXAMPLES = (
    "**Examples:** `redactory keys combine quarantine-share-*.json --name quarantine` · "
    "`redactory keys combine typed-1.txt typed-2.txt --custody quarantine-custody.json`"
)
_WORDS_A_LINE = 9


class Form(StrEnum):
    """What a custodian is given."""

    FILE = "file"
    WORDS = "words"
    QR = "qr"


def split_command(
    name: Annotated[str, typer.Argument(help="The key to split.")] = "reader",
    shares: Annotated[int, typer.Option(help="How many custodians.")] = 5,
    threshold: Annotated[int, typer.Option(help="How many of them rebuild the key.")] = 3,
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the shares.")] = Path(),
    form: Annotated[
        list[Form],
        typer.Option(help="What to make of each share; repeatable. qr is a PNG of the words."),
    ] = [Form.FILE, Form.WORDS],  # noqa: B006 - Typer copies it
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove the private half here afterwards.")
    ] = False,
    as_json: options.Json = False,
) -> None:
    """Split a private key between custodians, as files, as words or as QR codes for paper.

    Give each custodian one share file or one sheet, and nobody two. The custody document holds
    nothing secret; keep it where the words can find it again. A QR code holds the words.
    """
    from redactory.keys import KeyStore  # noqa: PLC0415
    from sealed_shards.custodians import combine_shares  # noqa: PLC0415

    store = KeyStore(notice=notice)
    custody, made = store.split(name, shares=shares, threshold=threshold)
    combine_shares(custody, [(str(share.number), share) for share in made])  # before it counts
    files = _write(output, name, custody, made, form)
    if remove:
        store.keyring.remove_private(name)
    if as_json:
        print_json({"kid": custody.head.kid, "files": [str(path) for path in files]})
        return
    for path in files:
        notice(str(path))
    notice(f"any {threshold} of these {shares} shares rebuild the private key of {name}")
    if not remove:
        notice("the private key is still here as well; --remove leaves it to the custodians")


def combine_command(
    shares: Annotated[list[Path], typer.Argument(help="Share files, or text files with words.")],
    name: Annotated[str, typer.Option(help="Name of the key here.")] = "reader",
    custody: Annotated[
        Path | None, typer.Option(help="The custody document; share files hold a copy.")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Rebuild a private key from its custodians' shares and put it into your keyring."""
    from redactory.errors import KeyringError  # noqa: PLC0415
    from redactory.keys import KeyStore  # noqa: PLC0415
    from sealed_shards.custodians import Custody  # noqa: PLC0415

    found = [_read(path) for path in shares]
    documents = [document for document, _ in found if document is not None]
    if custody is not None:
        documents.insert(0, Custody.decode(_bytes(custody), where=str(custody)))
    if not documents:
        raise KeyringError(
            "words alone do not hold the encrypted key", hint="give --custody NAME-custody.json"
        )
    store = KeyStore(notice=notice)
    given = [(str(path), share) for path, (_, share) in zip(shares, found, strict=True)]
    store.restore(name, documents[0], given)
    kid = documents[0].head.kid
    if as_json:
        print_json({"name": name, "kid": kid})
    else:
        notice(f"the private key {kid[:16]}… is in your keyring as {name}")


def _write(
    folder: Path, name: str, custody: Custody, shares: Sequence[Share], forms: Sequence[Form]
) -> list[Path]:
    from redactory.errors import InputError  # noqa: PLC0415
    from sealed_shards.software import write_secret  # noqa: PLC0415

    files = {folder / f"{name}-custody.json": custody.encode()}
    for share in shares:
        for form in forms:
            suffix, data = _formed(form, name, custody, share)
            files[folder / f"{name}-share-{share.number}{suffix}"] = data
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, data in files.items():
            write_secret(path, data)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=str(folder)) from None
    return list(files)


def _formed(form: Form, name: str, custody: Custody, share: Share) -> tuple[str, bytes]:
    """Suffix and content of the file that gives a share in this form."""
    from sealed_shards.custodians import ShareFile  # noqa: PLC0415
    from sealed_shards.qr_form import to_qr_png  # noqa: PLC0415

    if form is Form.FILE:
        return ".json", ShareFile(custody=custody, words=" ".join(share.words())).encode()
    if form is Form.WORDS:
        return ".txt", _sheet(name, custody, share).encode()
    return ".png", to_qr_png(share.words())


def _sheet(name: str, custody: Custody, share: Share) -> str:
    words = share.words()
    lines = [words[i : i + _WORDS_A_LINE] for i in range(0, len(words), _WORDS_A_LINE)]
    return "\n".join(
        [
            f"# Share {share.number} of {len(custody.head.shares)} of the private key '{name}'",
            f"# key id {custody.head.kid}",
            f"# set {share.set_id.hex()}",
            f"# {share.threshold} shares and the custody document rebuild it:",
            f"# redactory keys combine FILE… --custody {name}-custody.json",
            *(" ".join(line) for line in lines),
            "",
        ]
    )


def _read(path: Path) -> tuple[Custody | None, Share]:
    from sealed_shards.custodians import Share, ShareFile  # noqa: PLC0415

    raw = _bytes(path)
    if raw.startswith(b"{"):
        document = ShareFile.decode(raw, where=str(path))
        return document.custody, Share.from_words(document.words, where=str(path))
    text = raw.decode("utf-8", errors="replace")
    words = [line for line in text.splitlines() if not line.startswith("#")]
    return None, Share.from_words(" ".join(words), where=str(path))


def _bytes(path: Path) -> bytes:
    from sealed_shards.software import read_key_file  # noqa: PLC0415

    return read_key_file(path)
