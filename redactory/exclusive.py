"""One writer at a time on what lies beside the log: manifests, ``dataset.json``, wraps files.

The log has a lock of its own for appending. This one is held around it, where a statement and
the files that it speaks of belong together.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def one_writer(ledger: Path | str) -> Iterator[None]:
    """Wait until no other process is inside, then keep others out.

    Args:
        ledger: the log's folder, which must exist, or the URL of its database.
    """
    if isinstance(ledger, str):
        from audit_ledger.sql.engine import one_at_a_time  # noqa: PLC0415 - an extra

        with one_at_a_time(ledger):
            yield
        return
    descriptor = os.open(ledger, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
