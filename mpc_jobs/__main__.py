"""One compute party as a process: ``python -m mpc_jobs PARTY_FOLDER JOB_FOLDER``.

The passphrase of the party's keys is read from the file that ``REDACTORY_PASSPHRASE_FILE``
names. ``redactory party serve`` is the same for people.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from mpc_jobs.identity import PartyFolder
from mpc_jobs.local import PASSPHRASE_VARIABLE
from mpc_jobs.party import DEFAULT_MEMORY_BYTES, run_job
from redactory.durable import open_folder
from redactory.errors import RedactoryError


def main() -> int:
    """Run one job; the exit code is the error's."""
    parser = argparse.ArgumentParser(prog="python -m mpc_jobs")
    parser.add_argument("party", type=Path)
    parser.add_argument("job")
    parser.add_argument("--bind", default="", help="host:port to listen at")
    parser.add_argument("--memory-bytes", type=int, default=DEFAULT_MEMORY_BYTES)
    options = parser.parse_args()
    host, _, port = options.bind.rpartition(":")
    passphrase = Path(os.environ[PASSPHRASE_VARIABLE]).read_bytes().rstrip(b"\r\n")
    try:
        run_job(
            PartyFolder(options.party, passphrase),
            open_folder(options.job),
            notice=lambda line: print(line, file=sys.stderr, flush=True),
            bind=(host, int(port)) if port else None,
            memory_bytes=options.memory_bytes,
        )
    except RedactoryError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
