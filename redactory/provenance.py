"""Who did it, for the log: the person at the command line, and the rules in force."""

from __future__ import annotations

import getpass
import re
from collections.abc import Mapping
from dataclasses import replace

from audit_ledger import Log, Provenance
from audit_ledger.statement import Rules
from redactory import __version__
from redactory.canonical import digest_of

_NOT_A_TOKEN = re.compile(r"[^A-Za-z0-9_.@-]+")


def account_name(user: str) -> str:
    """A user's login name as a statement may hold it: no blanks, 100 characters at most."""
    return _NOT_A_TOKEN.sub("-", user)[:100] or "unknown"


def cli_provenance(run_id: str | None) -> Provenance:
    """The user of this process, and the run if there is one."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no user name for this uid
        user = "unknown"
    return Provenance(
        actor_kind="cli",
        actor_name=account_name(user),
        run_id=run_id,
        code_version=__version__,
    )


def under_rules(
    provenance: Provenance, policy_sha256: str, detector: Mapping[str, str]
) -> Provenance:
    """The same, with the digests of the policy and of the detectors in force.

    Args:
        provenance: who states it.
        policy_sha256: digest of the policy's content.
        detector: names and versions or digests of the detectors.
    """
    return replace(
        provenance, policy_sha256=policy_sha256, detector_sha256=digest_of(dict(detector))
    )


def under_rules_of(provenance: Provenance, log: Log, dataset: str) -> Provenance:
    """The same, with the rules under which the dataset was last sealed or published.

    Args:
        provenance: who states it.
        log: the dataset's log.
        dataset: the dataset's id.
    """
    newest: Rules | None = None
    for kind in ("published", "sealed"):
        for entry in log.entries(kind=kind):
            if entry.statement.body.dataset == dataset:
                newest = entry.statement.predicate.rules
        if newest is not None:
            return replace(provenance, policy_sha256=newest.policy, detector_sha256=newest.detector)
    return provenance
