"""Whether a failed task is tried again: by the class of what it raised, in this one place.

A second try cannot mend a policy, a key, an input, a proof or a digest, and must not be a way
past the leak gate. It may well mend storage that was away, a log that another run was writing
to, a party that was restarted, or a lost worker.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryAction, RetryRule

from operators.failures import StorageError
from redactory.errors import (
    InputError,
    IntegrityError,
    KeyringError,
    LeakError,
    LedgerError,
    PartyError,
    PolicyError,
    ProofError,
)

FINAL = (InputError, IntegrityError, KeyringError, LeakError, PolicyError, ProofError)
PASSING = (LedgerError, PartyError, StorageError)

RETRY_POLICY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=list(FINAL),
            action=RetryAction.FAIL,
            reason="another try would meet the same",
        ),
        RetryRule(exception=list(PASSING), action=RetryAction.RETRY, reason="may pass"),
    ]
)
"""In force for every operator here; what no rule names goes by the task's ``retries``."""


def default_args(**others: Any) -> dict[str, Any]:
    """What the DAGs give to their tasks: two more tries, half a minute and a minute later."""
    return {
        "retries": 2,
        "retry_delay": timedelta(seconds=30),
        "retry_exponential_backoff": True,
        **others,
    }
