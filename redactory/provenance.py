"""Who did it, for the log: the person at the command line."""

from __future__ import annotations

import getpass
import re

from audit_ledger import Provenance
from redactory import __version__

_NOT_A_TOKEN = re.compile(r"[^A-Za-z0-9_.@-]+")


def cli_provenance(run_id: str | None) -> Provenance:
    """The user of this process, and the run if there is one."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no user name for this uid
        user = "unknown"
    return Provenance(
        actor_kind="cli",
        actor_name=_NOT_A_TOKEN.sub("-", user)[:100] or "unknown",
        run_id=run_id,
        code_version=__version__,
    )
