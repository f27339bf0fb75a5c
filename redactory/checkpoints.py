"""Copies of checkpoints outside: what catches an owner who writes history anew.

A target is any fsspec URL or path (an object store with object lock, a share of another
department), or ``git:<work tree>``. Below it, in a folder named after the log::

    log.vkey                            the log's key, written once
    checkpoints/00000000000000000520    each published checkpoint under its size, written once
    checkpoint                          the newest one

Nothing is published that does not extend what was published before.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

from audit_ledger import Checkpoint, Log
from audit_ledger.merkle import verify_consistency
from redactory.cosigning import co_sign, has_cosigner
from redactory.durable import Folder, open_folder
from redactory.errors import InputError, LedgerError
from redactory.keys import KeyStore

_GIT = "git:"
_GIT_SECONDS = 120
_UNSAFE = re.compile(r"[^A-Za-z0-9.-]+")
_IDENTITY = ("-c", "user.name=redactory", "-c", "user.email=redactory@localhost")


def publish_run_checkpoint(log: Log, keys: KeyStore, targets: Iterable[str]) -> None:
    """After a run: co-sign the newest checkpoint if a key for that is here, and publish it.

    Raises:
        InputError: a target cannot be written; the log itself is complete.
        LedgerError: a target holds another history of this log.
    """
    if has_cosigner(keys, log.origin, "ml-dsa-44"):
        co_sign(log, keys)
    for target in targets:
        publish_checkpoint(log, target)


def publish_checkpoint(log: Log, target: str) -> str:
    """Publish the newest checkpoint; again and again does no harm.

    Args:
        log: the log.
        target: fsspec URL, path, or ``git:<work tree>``.

    Returns:
        Where it lies now.

    Raises:
        LedgerError: what was published before is not the beginning of this log.
        InputError: the target cannot be written.
    """
    work_tree = Path(target.removeprefix(_GIT)) if target.startswith(_GIT) else None
    if work_tree is not None and not (work_tree / ".git").exists():
        raise InputError("is not the work tree of a git repository", where=target)
    name = folder_name(log.origin)
    root = open_folder(target if work_tree is None else work_tree)
    checkpoint = log.checkpoint
    try:
        written = _publish(root, name, log, checkpoint)
    except OSError as error:
        raise InputError(
            f"the checkpoint cannot be published: {error.strerror or 'input/output error'}",
            where=target,
            hint="the log itself is complete; repeat with: redactory ledger checkpoint --publish",
        ) from None
    if work_tree is not None:
        _commit(work_tree, written, f"Checkpoint of {log.origin} at {checkpoint.size}")
    return f"{target.rstrip('/')}/{name}/checkpoint"


def folder_name(origin: str) -> str:
    """Name of a log's folder at a target."""
    return _UNSAFE.sub("-", origin).strip("-.") or "log"


def _publish(root: Folder, name: str, log: Log, checkpoint: Checkpoint) -> list[str]:
    newest = f"{name}/checkpoint"
    if root.exists(newest):
        _refuse_other_history(log, checkpoint, root.read(newest))
    key, vkey = f"{name}/log.vkey", f"{log.verifier.vkey()}\n".encode()
    _create(root, key, vkey)
    own = f"{name}/checkpoints/{checkpoint.size:020d}"
    if not _create(root, own, checkpoint.note):
        published = Checkpoint.open(root.read(own), log.verifier, where=own)
        if published.root != checkpoint.root:
            raise _forked(checkpoint.size)
    root.replace(newest, checkpoint.note)
    return [key, own, newest]


def _create(root: Folder, name: str, data: bytes) -> bool:
    try:
        root.create(name, data)
    except FileExistsError:
        return False
    return True


def _refuse_other_history(log: Log, checkpoint: Checkpoint, raw: bytes) -> None:
    published = Checkpoint.open(raw, log.verifier, where="published checkpoint")
    if published.size > checkpoint.size:
        raise LedgerError(
            f"the log was rolled back: {published.size} statements were published, "
            f"{checkpoint.size} are there",
            where="ledger/checkpoint",
            hint="restore the ledger from a backup",
        )
    proof = log.consistency(published.size, at=checkpoint)
    sizes, roots = (published.size, checkpoint.size), (published.root, checkpoint.root)
    if not verify_consistency(*sizes, proof, *roots):
        raise _forked(published.size)


def _forked(size: int) -> LedgerError:
    return LedgerError(
        f"the log was forked: its first {size} statements are not those that were published",
        where="ledger/checkpoint",
    )


def _commit(work_tree: Path, files: list[str], message: str) -> None:
    _git(work_tree, "add", "--", *files)
    if _git(work_tree, "status", "--porcelain", "--", *files):
        _git(work_tree, *_IDENTITY, "commit", "--quiet", "-m", message, "--", *files)
    if "# branch.upstream " in _git(work_tree, "status", "--porcelain=v2", "--branch"):
        _git(work_tree, "push", "--quiet")


def _git(work_tree: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - arguments are ours; the work tree is the user's
            ["git", "-C", str(work_tree), *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            check=True,
            timeout=_GIT_SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.SubprocessError):
        raise InputError(
            f"git {arguments[0] if arguments[0] != '-c' else 'commit'} failed",
            where=f"{_GIT}{work_tree}",
            hint="the log itself is complete; mend the repository and publish again",
        ) from None
    return done.stdout.decode(errors="replace")
