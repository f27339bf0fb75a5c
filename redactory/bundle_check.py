"""Verifying an evidence bundle on any machine, with the core package only.

1. The archive: plain names, each once, and exactly the files that ``bundle.json`` lists,
   with the digests it gives.
2. The log inside, as any log (:mod:`audit_ledger.verify`), against the caller's key,
   pinned checkpoint and witnesses.
3. ``statements.jsonl`` is what the log holds; every proof proves its statement.
4. Every document has the digest that the log states, and none is missing; every policy has
   the digest in its name, and the statements know it.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from audit_ledger import LogVerifier, verify_log
from audit_ledger.archive import ArchivedLog, read_member
from audit_ledger.batch import Entry
from audit_ledger.proof import InclusionProof
from audit_ledger.reader import LogReader, read_verifier
from redactory.bundle import DATASET, FORMAT, INDEX, LEDGER, STATEMENTS, documents_of
from redactory.canonical import parse_canonical_json, sha256_hex
from redactory.errors import InputError, IntegrityError, LedgerError
from redactory.evidence import Evidence
from redactory.trust import Expectations, TrustStore
from redactory.verdict import Verdict

_LARGEST = 1 << 30


def is_bundle(path: str) -> bool:
    """Whether a file looks like an evidence bundle."""
    return Path(path).is_file() and zipfile.is_zipfile(path)


def verify_bundle(path: str, trust_store: TrustStore, expected: Expectations) -> Verdict:
    """Verify an evidence bundle; the verdict names the first broken thing.

    Args:
        path: the zip.
        trust_store: logs that this user trusts already.
        expected: key, checkpoint and witnesses that the user brings along.

    Raises:
        InputError: not a zip archive.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return _verify(archive, trust_store, expected)
    except (zipfile.BadZipFile, zipfile.LargeZipFile):
        raise InputError("is not a zip archive", where=path) from None


def _verify(archive: zipfile.ZipFile, trust_store: TrustStore, expected: Expectations) -> Verdict:
    verdict = Verdict("broken")
    source = ArchivedLog(archive, LEDGER)
    pin = trust_store.pin(_origin(source))
    known = LogVerifier.from_vkey(pin.vkey, where="trust store") if pin else None
    verifier = expected.log_key or known
    kept = [expected.pinned] if expected.pinned is not None else []
    log = verify_log(
        source,
        verifier=verifier,
        pinned=kept,
        witnesses=expected.witnesses,
        quorum=expected.quorum,
    )
    verdict.problems += [(f"{LEDGER}{p.file}", p.what) for p in log.problems]
    verdict.facts |= {
        "log": log.origin,
        "log_key_fingerprint": log.fingerprint,
        "log_key_trusted": verifier is not None,
        "checkpoint_size": log.size,
        "checkpoint_root": log.root.hex(),
        "witnesses": list(log.witnessed),
    }
    try:
        verdict.problems += _index(archive, verdict)
        if log.ok:
            verdict.problems += _contents(archive, source, verdict)
    except (LedgerError, IntegrityError) as error:
        verdict.problems.append((error.where, error.what))
    except OSError as error:
        verdict.problems.append((INDEX, f"a file cannot be read ({error.strerror})"))
    if not verdict.problems:
        verdict.state = "intact" if verifier is not None or kept else "unproven"
    return verdict


def _origin(source: ArchivedLog) -> str:
    try:
        return source.read("log.vkey").decode("ascii").partition("+")[0]
    except (OSError, UnicodeDecodeError):
        return ""


def _index(archive: zipfile.ZipFile, verdict: Verdict) -> Iterator[tuple[str, str]]:
    """Step 1."""
    try:
        index: Any = parse_canonical_json(read_member(archive, INDEX, limit=_LARGEST), where=INDEX)
    except FileNotFoundError:
        yield INDEX, "is missing: this is no evidence bundle"
        return
    if not isinstance(index, dict) or index.get("format") != FORMAT:
        yield INDEX, "is of another format than this program knows"
        return
    listed = dict(index.get("files", {}))
    verdict.facts["dataset"] = index.get("dataset")
    counted = Counter(archive.namelist())
    for name, count in counted.items():
        if count > 1:
            yield name, "is in the archive more than once"
        elif name.startswith("/") or ".." in PurePosixPath(name).parts:
            yield name, "has a name that leads out of the archive"
        elif name != INDEX and name not in listed:
            yield name, "was added to the bundle after it was made"
    for name, digest in listed.items():
        if name not in counted:
            yield name, "was removed from the bundle"
        elif sha256_hex(read_member(archive, name, limit=_LARGEST)) != digest:
            yield name, "was changed after the bundle was made"


def _contents(
    archive: zipfile.ZipFile, source: ArchivedLog, verdict: Verdict
) -> Iterator[tuple[str, str]]:
    """Steps 3 and 4, on a log that verified."""
    key = read_verifier(source)
    reader = LogReader(source, key)
    entries = [Entry(i, raw) for i, raw in reader.entries(0, reader.checkpoint().size)]
    told = read_member(archive, STATEMENTS, limit=_LARGEST)
    if told != b"".join(entry.raw + b"\n" for entry in entries):
        yield STATEMENTS, "tells other statements than the log holds"
    for name in archive.namelist():
        if name.endswith(".tlog-proof"):
            proof = InclusionProof.decode(read_member(archive, name, limit=_LARGEST), where=name)
            leaf = read_member(archive, f"{name.removesuffix('.tlog-proof')}.json", limit=_LARGEST)
            proof.verify(leaf, key, where=name)
    yield from _documents(archive, Evidence.gather(entries), verdict)
    yield from _policies(archive, entries)


def _documents(
    archive: zipfile.ZipFile, evidence: Evidence, verdict: Verdict
) -> Iterator[tuple[str, str]]:
    dataset = verdict.facts.get("dataset")
    stated = dict(documents_of(evidence.head(dataset))) if isinstance(dataset, str) else {}
    here = {n.removeprefix(DATASET) for n in archive.namelist() if n.startswith(DATASET)}
    for name in sorted(here | stated.keys()):
        if name not in stated:
            yield f"{DATASET}{name}", "is not on record in the log"
        elif name not in here:
            yield f"{DATASET}{name}", "is on record in the log and missing here"
        elif sha256_hex(read_member(archive, f"{DATASET}{name}", limit=_LARGEST)) != stated[name]:
            yield f"{DATASET}{name}", "is not the document that is on record"
    verdict.facts["documents"] = len(stated)


def _policies(archive: zipfile.ZipFile, entries: list[Entry]) -> Iterator[tuple[str, str]]:
    named = {
        rules.policy
        for entry in entries
        if (rules := entry.statement.predicate.rules) is not None and rules.policy is not None
    }
    for name in archive.namelist():
        if name.startswith("policies/"):
            digest = PurePosixPath(name).stem
            if sha256_hex(read_member(archive, name, limit=_LARGEST)) != digest:
                yield name, "is not the policy that its name says"
            elif digest not in named:
                yield name, "is a policy that no statement speaks of"
