"""The evidence bundle: one zip for an auditor, which stands without us.

::

    README.txt              how to verify, with and without this program
    bundle.json             what is in here, with SHA-256 of each file
    ledger/…                the whole log: checkpoint, key, tiles, entries (C2SP tlog-tiles)
    statements.jsonl        the same statements, one a line, to read
    proofs/<leaf>.tlog-proof, proofs/<leaf>.json   each publication, with its inclusion proof
    checkpoints/…           older checkpoints that somebody kept
    dataset/…               dataset.json, manifests and run reports, as the log has their digests
    policies/<sha256>.json  policies whose digest the statements carry
    report/retention.*      worked out from the statements

It holds no data and no key. :mod:`redactory.bundle_check` verifies it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit_ledger import Log
from audit_ledger.place import Place, store_at
from audit_ledger.proof import InclusionProof
from audit_ledger.verdict import LogVerdict
from redactory import __version__, retention
from redactory.canonical import canonical_json, sha256_hex
from redactory.durable import Folder
from redactory.errors import LedgerError
from sealed_shards.access import DatasetHead
from sealed_shards.layout import DATASET_FILE, manifest_file, report_file

FORMAT = "redactory-evidence/v1"
INDEX = "bundle.json"
LEDGER = "ledger/"
STATEMENTS = "statements.jsonl"
DATASET = "dataset/"
_EPOCH = (1980, 1, 1, 0, 0, 0)

_README = """\
Evidence of the audit ledger {origin}
{size} statements; fingerprint of the log's key:
{fingerprint}

To verify, on any machine with Python:

    pip install redactory
    redactory ledger verify {name} --log-key log.vkey

where log.vkey holds the log's verifier key, which you got from its owner by another way
than this file (compare the fingerprint). A checkpoint that you kept earlier goes in with
--pinned FILE: then history cannot have been rewritten since.

Without this program: ledger/ is a log in the C2SP tlog-tiles layout with a signed
checkpoint (c2sp.org/tlog-tiles, c2sp.org/tlog-checkpoint), proofs/ holds C2SP tlog-proof
files; any tool for these formats reads them. Leaf hashes are SHA-256(0x00 || entry).

What a log cannot show: that something happened which nobody stated; that a statement's
author told the truth about the world outside; that the owner of the log key did not
rewrite history, unless a checkpoint was kept outside or witnessed.
"""


@dataclass
class Attachments:
    """What goes into a bundle beside the log.

    Attributes:
        folder: the dataset's folder, if there is one.
        head: what the log says about the dataset.
        policies: canonical JSON of policies, by digest.
        checkpoints: older checkpoint notes, by name.
    """

    folder: Folder | None = None
    head: DatasetHead | None = None
    policies: dict[str, bytes] = field(default_factory=dict)
    checkpoints: dict[str, bytes] = field(default_factory=dict)


def write_bundle(
    target: Path, place: Place, log: Log, verdict: LogVerdict, attachments: Attachments
) -> dict[str, Any]:
    """Write the evidence of a verified log.

    Args:
        target: the zip; an existing file is replaced.
        place: where the log lies.
        log: opened for reading.
        verdict: of its verification just now.
        attachments: what goes in beside it.

    Returns:
        The bundle's index.

    Raises:
        LedgerError: the log went on meanwhile, or a file is missing.
    """
    digests: dict[str, str] = {}
    unfinished = target.with_name(f".tmp-{target.name}")
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, raw in _members(target.name, place, log, verdict, attachments):
                digests[name] = sha256_hex(raw)
                archive.writestr(zipfile.ZipInfo(name, _EPOCH), raw, zipfile.ZIP_DEFLATED)
            index = {
                "format": FORMAT,
                "code_version": __version__,
                "origin": verdict.origin,
                "log_key_fingerprint": verdict.fingerprint,
                "checkpoint_size": verdict.size,
                "checkpoint_root": verdict.root.hex(),
                "dataset": attachments.head.dataset if attachments.head else None,
                "files": digests,
            }
            archive.writestr(zipfile.ZipInfo(INDEX, _EPOCH), canonical_json(index))
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return index


def _members(
    name: str, place: Place, log: Log, verdict: LogVerdict, attachments: Attachments
) -> Iterator[tuple[str, bytes]]:
    yield (
        "README.txt",
        _README.format(
            origin=verdict.origin, size=verdict.size, fingerprint=verdict.fingerprint, name=name
        ).encode(),
    )
    yield from _ledger(place, verdict)
    entries = list(log.entries())
    if len(entries) != verdict.size:
        raise LedgerError("the log went on meanwhile", where="ledger", hint="try again")
    yield STATEMENTS, b"".join(entry.raw + b"\n" for entry in entries)
    for entry in entries:
        if entry.kind == "published":
            proof = InclusionProof.of(log, entry.index)
            yield f"proofs/{entry.index}.tlog-proof", proof.encode()
            yield f"proofs/{entry.index}.json", entry.raw
    for known, note in sorted(attachments.checkpoints.items()):
        yield f"checkpoints/{known}", note
    if attachments.folder is not None and attachments.head is not None:
        yield from _documents(attachments.folder, attachments.head)
    for digest, policy in sorted(attachments.policies.items()):
        yield f"policies/{digest}.json", policy
    report = retention.retention(entries, verdict)
    yield "report/retention.json", retention.as_json(report).encode()
    yield "report/retention.md", retention.as_markdown(report).encode()
    yield "report/retention.html", retention.as_html(report).encode()


def _ledger(place: Place, verdict: LogVerdict) -> Iterator[tuple[str, bytes]]:
    source = store_at(place)
    with source.snapshot():
        names = [name for name in source.everything() if not name.startswith(".")]
        files = [(name, source.read(name)) for name in names]
    for name, raw in files:
        yield f"{LEDGER}{name}", raw
    if f"\n{verdict.size}\n".encode() not in dict(files)["checkpoint"]:
        raise LedgerError("the log went on meanwhile", where="ledger", hint="try again")


def documents_of(head: DatasetHead) -> Iterable[tuple[str, str]]:
    """Name and digest of each document that the log vouches for."""
    if head.dataset_sha256:
        yield DATASET_FILE, head.dataset_sha256
    for run_id, digest in head.manifests.items():
        yield manifest_file(run_id), digest
    for run_id, digest in head.reports.items():
        yield report_file(run_id), digest


def _documents(folder: Folder, head: DatasetHead) -> Iterator[tuple[str, bytes]]:
    for name, _ in documents_of(head):
        try:
            yield f"{DATASET}{name}", folder.read(name)
        except FileNotFoundError:
            raise LedgerError(
                "is on record and missing; there is no complete evidence without it", where=name
            ) from None
