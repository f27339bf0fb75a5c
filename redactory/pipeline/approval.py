"""A person's release of a run whose quarantine should be looked at before it is published.

Approval becomes a ``released`` statement, refusal a ``decided`` one about the ``release``. Both
are about the digest of what the seal step left, so a release holds for exactly that and for
nothing that is sealed again later. A refused run is dropped: what it recorded stays on record,
nothing of it is published, and the next run meets its input again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from audit_ledger import Draft, Log, Provenance
from pii_rules.spans import LEAK
from redactory.canonical import digest_of
from redactory.errors import PolicyError
from redactory.evidence import Evidence
from redactory.exclusive import one_writer
from redactory.pipeline.leftovers import discard
from redactory.pipeline.outcome import BatchResult
from redactory.pipeline.recording import open_log
from redactory.pipeline.setup import RunSetup
from redactory.pipeline.state import RunState
from redactory.provenance import under_rules
from redactory.suppression import suppressed

ABOUT: Final = "release"
Decision = Literal["approved", "refused"]


@dataclass(frozen=True)
class Doubt:
    """Why a run should not be published without a look.

    Attributes:
        rows_in: records read.
        quarantined: of them withheld.
        reasons: withheld records by reason; counts too small to tell are left out.
        limit: the largest share that may be withheld.
        over_limit: whether it is more than that.
    """

    rows_in: int
    quarantined: int
    reasons: Mapping[str, int]
    limit: float
    over_limit: bool

    def refusal(self) -> PolicyError:
        """The error where there is nobody to ask."""
        listed = ", ".join(f"{code} {count}" for code, count in sorted(self.reasons.items()))
        return PolicyError(
            f"{self.quarantined} of {self.rows_in} records went to quarantine, over the limit of "
            f"{self.limit:.1%}; nothing was published",
            hint=f"reasons: {listed}; mend the input, or raise --max-quarantine-share",
        )


def doubt(setup: RunSetup, batches: Sequence[BatchResult]) -> Doubt | None:
    """What speaks against publishing, by the configuration's ``approval``; None for nothing."""
    outcomes = [outcome for batch in batches for outcome in batch.outcomes]
    rows_in = sum(o.rows_in for o in outcomes)
    quarantined = sum(o.quarantined for o in outcomes)
    reasons: Counter[str] = Counter()
    for outcome in outcomes:
        reasons.update(outcome.reasons)
    limit = setup.config.max_quarantine_share
    limit = setup.policy.max_quarantine_share if limit is None else limit
    over = quarantined > limit * rows_in
    if not over and not (setup.config.approval == "review" and reasons[LEAK]):
        return None
    told = suppressed({"reasons": reasons}, setup.suppress_below)["reasons"]
    return Doubt(rows_in, quarantined, told, limit, over)


def question(setup: RunSetup, run_id: str, results: Sequence[Mapping[str, Any]]) -> Doubt | None:
    """What a person must be asked before the run may be published; None for nothing.

    Raises:
        PolicyError: too much is in quarantine, and by the configuration nobody is asked.
    """
    state = RunState(setup.folder, run_id)
    if not state.exists():
        return None  # nothing to publish, or published before
    found = doubt(setup, [state.read_result(result) for result in results])
    if found is None or is_released(setup, run_id, results):
        return None
    if setup.config.approval == "never":
        raise found.refusal()
    return found


def decide(
    setup: RunSetup,
    run_id: str,
    results: Sequence[Mapping[str, Any]],
    decision: Decision,
    provenance: Provenance,
) -> None:
    """State what a person decided; a refused run is dropped.

    Args:
        setup: of the run.
        run_id: the run.
        results: what the seal step returned, one a batch.
        decision: the person's.
        provenance: names the person.

    Raises:
        KeyringError: the log key is not here.
        LedgerError: the log cannot be written.
    """
    log = open_log(setup)
    with one_writer(setup.ledger_folder):
        if not _is_stated(log, setup.dataset, run_id, results):
            draft = _draft(setup, log, run_id, results, decision)
            log.append([draft], under_rules(provenance, setup.policy.digest, setup.detector))
    if decision == "refused":
        discard(setup, run_id)


def is_released(setup: RunSetup, run_id: str, results: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the log has a person's release of exactly this."""
    if not setup.has_log():
        return False
    log = Log.open(setup.ledger_folder)
    return "released" in _is_stated(log, setup.dataset, run_id, results)


def _draft(
    setup: RunSetup,
    log: Log,
    run_id: str,
    results: Sequence[Mapping[str, Any]],
    decision: Decision,
) -> Draft:
    body = {
        "dataset": setup.dataset,
        "run_id": run_id,
        "rows_in": sum(result["rows_in"] for result in results),
        "quarantined": sum(result["quarantined"] for result in results),
    }
    subject = ((f"results/{run_id}", _digest(results)),)
    if decision == "refused":
        body |= {"about": ABOUT, "decision": decision}
        return Draft(kind="decided", subject=subject, body=body)
    version = Evidence.gather(log.entries()).head(setup.dataset).version + 1
    # The results are part of the key: what is sealed again is released again.
    key = f"{run_id}:{_digest(results)[:16]}"
    return Draft(kind="released", subject=subject, body=body | {"version": version}, shard_key=key)


def _is_stated(
    log: Log, dataset: str, run_id: str, results: Sequence[Mapping[str, Any]]
) -> set[str]:
    """Kinds of the statements on the release of exactly this."""
    return {
        kind
        for kind in ("released", "decided")
        for entry in log.entries(kind=kind)
        if entry.statement.body.dataset == dataset
        and getattr(entry.statement.body, "run_id", None) == run_id
        and _digest(results) in entry.statement.digests()
    }


def _digest(results: Sequence[Mapping[str, Any]]) -> str:
    return digest_of(sorted(str(result["sha256"]) for result in results))
