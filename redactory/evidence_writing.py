"""What an evidence bundle of a dataset encloses beside the log: documents, policies, pins."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from audit_ledger import Log
from pii_rules.policy import Policy, built_in_policies, load_policy
from redactory.bundle import Attachments
from redactory.canonical import canonical_json, sha256_hex
from redactory.durable import open_folder
from redactory.keys import KeyStore
from redactory.trust import CheckedLog, TrustStore
from redactory.verification import head_of, is_bare_log


def gather_attachments(
    path: str,
    checked: CheckedLog,
    *,
    policies: Sequence[str] = (),
    notice: Callable[[str], None] = lambda _: None,
) -> Attachments:
    """Find what belongs to a verified log.

    Args:
        path: the dataset, or a log alone.
        checked: its log, verified.
        policies: policy files to look into, beside the built-in ones.
        notice: told of policies that the statements speak of and nobody gave.
    """
    log = checked.log
    attachments = Attachments()
    if log is None:
        return attachments
    if not is_bare_log(path):
        attachments.folder = open_folder(path)
        attachments.head = head_of(path, checked.evidence())
    wanted = _policies_of(log)
    for name in (*built_in_policies(), *policies):
        raw = _content(load_policy(name))
        if sha256_hex(raw) in wanted:
            attachments.policies[sha256_hex(raw)] = raw
    for digest in sorted(wanted - attachments.policies.keys()):
        notice(f"the policy {digest} is not enclosed; name its file with --policy")
    pin = TrustStore(KeyStore().folder / "trust").pin(log.origin)
    if pin is not None:
        attachments.checkpoints["trusted"] = pin.checkpoint.encode()
    return attachments


def _policies_of(log: Log) -> set[str]:
    rules = (entry.statement.predicate.rules for entry in log.entries())
    return {rule.policy for rule in rules if rule is not None and rule.policy is not None}


def _content(policy: Policy) -> bytes:
    """The canonical JSON whose SHA-256 is the policy's digest."""
    return canonical_json(policy.content())
