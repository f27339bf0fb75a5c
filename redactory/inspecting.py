"""The periodic audit: is what was recorded still there, unchanged, and proven?

The dataset, its identity map and the feature datasets made from it are verified file by file
against their logs, and the proofs of the feature datasets as well. Each verdict becomes a
``verified`` statement, good or bad, unless the log itself is broken: then nothing more may be
written to it, and the caller hears of it.
"""

from __future__ import annotations

from collections.abc import Sized
from dataclasses import dataclass, replace
from typing import Any

from audit_ledger import Draft, Log
from redactory.areas import IDENTITY
from redactory.durable import open_folder
from redactory.errors import InputError, IntegrityError, ProofError
from redactory.keeping_config import AuditConfig
from redactory.proving_files import Recorder, readable_log, recorded_predictions
from redactory.reading import Trust, checked_head
from redactory.verdict import Verdict
from redactory.verification import locate_log, verify_dataset
from sealed_shards.layout import DATASET_FILE


@dataclass(frozen=True)
class Part:
    """Something to audit.

    Attributes:
        name: ``data``, ``identity``, or ``features-0`` and so on: no path.
        path: its folder.
        ledger: its log, if that is elsewhere.
    """

    name: str
    path: str
    ledger: str | None = None


@dataclass(frozen=True)
class Inspected:
    """The verdict on one part, in digests and counts only."""

    part: str
    dataset: str
    state: str
    checkpoint_size: int
    root: str
    shards: int
    proofs: int

    def as_json(self) -> dict[str, Any]:
        """For XCom."""
        return dict(vars(self))


def parts_of(config: AuditConfig) -> list[Part]:
    """What there is to audit."""
    parts = [Part("data", config.dataset, config.ledger)]
    if open_folder(config.dataset).exists(f"{IDENTITY}/{DATASET_FILE}"):
        path = open_folder(config.dataset).path(IDENTITY)
        ledger = config.ledger or str(locate_log(config.dataset, None))
        parts.append(Part("identity", path, ledger))
    return parts + [Part(f"features-{n}", path) for n, path in enumerate(config.features)]


def inspect(part: Part, trust: Trust) -> Inspected:
    """Verify one part, and state the verdict in its log.

    Args:
        part: what to verify.
        trust: whose trust counts, and who is at work; the log key must be here.

    Raises:
        InputError: nothing was published yet.
        IntegrityError: a file is not as recorded, which is stated; or the log is broken, and
            nothing was.
        ProofError: a proof does not hold; that is stated.
        KeyringError: the log is not trusted, or the log key is not here.
    """
    keys = trust.keys()
    trust = replace(trust, ledger=part.ledger)
    verdict = verify_dataset(part.path, keys, ledger=part.ledger)
    facts = verdict.facts
    if "dataset" not in facts:
        raise _broken(part, verdict) if verdict.problems else _nothing(part)
    checked, head = checked_head(part.path, trust, keys)
    body = {
        "checkpoint_size": facts["checkpoint_size"],
        "dataset": head.dataset,
        "verdict": verdict.state,
    }
    draft = Draft("verified", (("checkpoint", str(facts["checkpoint_root"])),), body)
    Recorder(checked, keys, head.dataset, trust.by).append(draft)
    if verdict.problems:
        raise _broken(part, verdict)
    return Inspected(
        part=part.name,
        dataset=head.dataset,
        state=verdict.state,
        checkpoint_size=int(facts["checkpoint_size"]),
        root=str(facts["checkpoint_root"]),
        shards=int(facts["shards"]),
        proofs=_proofs(part, trust, readable_log(checked), head.dataset),
    )


def _proofs(part: Part, trust: Trust, log: Log, dataset: str) -> int:
    """How many proofs the log names; all of them hold."""
    if not any(True for _ in recorded_predictions(log, dataset)):
        return 0
    from redactory.proving_audit import audit_dataset  # noqa: PLC0415 - only where there are any

    verdict = audit_dataset(part.path, trust, record=True)
    faults = [one for one in verdict.findings if one.fault]
    if faults:
        raise ProofError(f"{part.name}: {faults[0].place} {faults[0].fault}{_more(faults)}")
    return len(verdict.findings)


def _broken(part: Part, verdict: Verdict) -> IntegrityError:
    file, what = verdict.problems[0]
    return IntegrityError(
        f"{part.name}: {file} {what}{_more(verdict.problems)}",
        hint="the audit page shows everything that is wrong",
    )


def _nothing(part: Part) -> InputError:
    return InputError(f"{part.name}: nothing was published here yet")


def _more(found: Sized) -> str:
    return f", and {len(found) - 1} more" if len(found) > 1 else ""
