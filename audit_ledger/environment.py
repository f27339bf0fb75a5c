"""What a log takes from the machine, injected so that tests can fix it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from audit_ledger.store import LOCK_SECONDS


@dataclass(frozen=True, slots=True)
class Environment:
    """Clock, randomness and patience.

    Attributes:
        clock: nanoseconds since the epoch.
        randomness: gives that many random bytes.
        lock_timeout: seconds to wait for another writer.
    """

    clock: Callable[[], int] = time.time_ns
    randomness: Callable[[int], bytes] = secrets.token_bytes
    lock_timeout: float = LOCK_SECONDS
