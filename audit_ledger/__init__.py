"""Tamper-evident record: statements in a Merkle log with signed checkpoints.

Write and read with :class:`Log`, check offline with :func:`verify_log`. A local folder
holds everything; no server and no network are involved.
"""

from audit_ledger.batch import Entry
from audit_ledger.checkpoint import Checkpoint
from audit_ledger.cosignature import CosignatureVerifier, Cosigner
from audit_ledger.draft import Draft, Provenance
from audit_ledger.environment import Environment
from audit_ledger.log import Log
from audit_ledger.note import LogSigner, LogVerifier
from audit_ledger.statement import Statement
from audit_ledger.verdict import LogVerdict, Problem
from audit_ledger.verify import verify_log

__all__ = [
    "Checkpoint",
    "CosignatureVerifier",
    "Cosigner",
    "Draft",
    "Entry",
    "Environment",
    "Log",
    "LogSigner",
    "LogVerdict",
    "LogVerifier",
    "Problem",
    "Provenance",
    "Statement",
    "verify_log",
]
