"""Where a user's keys and trust decisions live: ``REDACTORY_HOME``.

Default: the user's configuration folder. Below it::

    keys/    reader, quarantine and log key pairs (private halves encrypted, 0600)
    scopes/  pseudonym keys, one file a scope, named by a digest of the scope's name
    trust/   log keys this user trusts, each with the newest checkpoint seen
"""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_config_path

ENVIRONMENT_VARIABLE = "REDACTORY_HOME"


def home() -> Path:
    """The folder named by ``REDACTORY_HOME``, or the user's configuration folder."""
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    return Path(named).expanduser().absolute() if named else user_config_path("redactory")
