"""Verifying a dataset: the log, then every file against the log. Needs no private key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from audit_ledger import LogVerifier
from audit_ledger.place import is_database
from redactory.canonical import digest_of
from redactory.durable import Folder, LocalFolder, open_folder
from redactory.errors import InputError, LedgerError
from redactory.evidence import Evidence
from redactory.keys import KeyStore
from redactory.ledger_access import DatasetLog
from redactory.trust import CheckedLog, Expectations, TrustStore, check_log
from redactory.verdict import Verdict
from redactory.watermark import first_changed
from sealed_shards.access import DatasetHead, RecordedShard
from sealed_shards.layout import DATA, DATASET_FILE, LEDGER_FOLDER, RUNS_FOLDER
from sealed_shards.manifest import DatasetInfo
from sealed_shards.recipients import Identity
from sealed_shards.verify import verify_files

_TRIES = 3


def locate_ledger(path: str, ledger: str | None) -> Path:
    """The log's folder of the dataset (or bare log) at ``path``.

    Raises:
        InputError: nothing is there, or a remote dataset without a named ledger.
    """
    if ledger is not None:
        return Path(ledger)
    folder = open_folder(path)
    if not isinstance(folder, LocalFolder):
        raise InputError("the log of a remote dataset is local", hint="name it with --ledger")
    if not folder.root.is_dir():
        raise InputError("there is no dataset here", where=path)
    return folder.root if _is_bare_log(folder) else folder.root / LEDGER_FOLDER


def locate_log(path: str, ledger: str | None) -> Path | str:
    """The same, where the log may also lie in a database, named by its URL.

    Raises:
        InputError: nothing is there, or a remote dataset without a named ledger.
    """
    named = ledger or path
    return named if is_database(named) else locate_ledger(path, ledger)


def is_bare_log(path: str) -> bool:
    """Whether there is only a log at ``path``, and no dataset."""
    return is_database(path) or _is_bare_log(open_folder(path))


def _is_bare_log(folder: Folder) -> bool:
    return folder.exists("log.vkey") and not folder.exists(LEDGER_FOLDER)


def verify_dataset(
    path: str,
    keys: KeyStore,
    *,
    ledger: str | None = None,
    log_key: LogVerifier | None = None,
    trust_new: bool = False,
    identity: Identity | None = None,
    expected: Expectations | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Verdict:
    """Verify the log and every file of the dataset at ``path``.

    Args:
        path: the dataset's folder.
        keys: whose trust decisions count.
        ledger: the log's folder, if it is not inside the dataset.
        log_key: a verifier key; wins over what is pinned.
        trust_new: pin a log that is seen for the first time.
        identity: also decrypts every shard that is sealed for it; recorded first.
        expected: a pinned checkpoint and witnesses, and a key that wins over ``log_key``.
        progress: told how many shards of how many are done.

    Raises:
        InputError: there is no dataset.
        LedgerError: there is no log, or (with ``identity``) the access cannot be recorded.
    """
    store = TrustStore(keys.folder / "trust")
    place = locate_log(path, ledger)
    for _ in range(_TRIES):
        checked = check_log(place, store, log_key=log_key, trust_new=trust_new, expected=expected)
        verdict = _verify(path, keys, checked, identity, progress)
        if not verdict.problems or not checked.has_grown(own=int(identity is not None)):
            break  # else a run may have published meanwhile: judge by what it recorded
    return verdict


def _verify(
    path: str,
    keys: KeyStore,
    checked: CheckedLog,
    identity: Identity | None,
    progress: Callable[[int, int], None],
) -> Verdict:
    verdict = Verdict("broken", facts=_log_facts(checked))
    verdict.problems += [(f"{LEDGER_FOLDER}/{p.file}", p.what) for p in checked.verdict.problems]
    if not checked.verdict.ok or checked.log is None:
        return verdict
    try:
        evidence = checked.evidence()
        head = head_of(path, evidence)
    except LedgerError as error:
        verdict.problems.append((error.where or LEDGER_FOLDER, error.what))
        return verdict
    if head is not None:
        if identity is not None:
            DatasetLog(keys, checked, head).unwrapped(
                dataset=head.dataset,
                purpose="verify",
                shard_set_sha256=digest_of([s.header.stem for s in head.shards.values()]),
                shards=len(head.shards),
                kid=identity.kid,
            )
        _check_files(path, head, verdict, identity, progress)
        changed = first_changed(open_folder(path), head.dataset, keys.scopes)
        if changed is not None:
            verdict.problems.append((changed, "the watermark was changed"))
    if not verdict.problems:
        verdict.state = "intact" if checked.trusted else "unproven"
    return verdict


def _check_files(
    path: str,
    head: DatasetHead,
    verdict: Verdict,
    identity: Identity | None,
    progress: Callable[[int, int], None],
) -> None:
    done = 0

    def count(_: RecordedShard) -> None:
        nonlocal done
        done += 1
        progress(done, len(head.shards))

    folder = open_folder(path)
    for problem in verify_files(folder, head, identity=identity, progress=count):
        verdict.problems.append((problem.file, problem.what))
    areas = Counter(area or "data" for area, _ in head.shards)
    data = [shard for (area, _), shard in head.shards.items() if area == DATA]
    verdict.facts |= {
        "dataset": head.dataset,
        "version": head.version,
        "manifests": len(head.manifests),
        "shards": areas["data"],
        "quarantine_shards": areas["quarantine"],
        "source_lists": areas["sources"],
        "rows": sum(shard.header.rows for shard in data if not shard.shredded),
        "shredded_shards": sum(shard.shredded for shard in head.shards.values()),
        "shredded_rows": sum(shard.header.rows for shard in data if shard.shredded),
        "opened": identity is not None,
        "unfinished_runs": len({name.split("/")[1] for name in folder.names(RUNS_FOLDER)}),
    }


def head_of(path: str, evidence: Evidence) -> DatasetHead | None:
    """The head of the dataset that lies at ``path``; None where only a log lies."""
    if is_bare_log(path):
        return None
    folder = open_folder(path)
    known = evidence.datasets()
    if folder.exists(DATASET_FILE):
        try:
            named = DatasetInfo.decode(folder.read(DATASET_FILE), where=DATASET_FILE).id
        except Exception:  # noqa: BLE001 - it is broken; the digest check will name it
            named = ""
        if named in known:
            return evidence.head(named)
    if len(known) == 1:
        return evidence.head(known[0])
    if not known:
        return None
    raise LedgerError("the log holds several datasets, none of which lies here", where=DATASET_FILE)


def _log_facts(checked: CheckedLog) -> dict[str, Any]:
    verdict = checked.verdict
    return {
        "log": verdict.origin,
        "log_key_fingerprint": verdict.fingerprint,
        "log_key_trusted": checked.trusted,
        "checkpoint_size": verdict.size,
        "checkpoint_root": verdict.root.hex(),
        "witnesses": list(verdict.witnessed),
    }
