"""Parties that one user runs on one host: a simulation, and the job says so.

Each is a process of its own with its own folder and keys, and they talk over mutual TLS, as
parties on different hosts do. What is missing is only that nobody but the user runs them.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mpc_jobs.identity import PartyFolder, create_party
from redactory.errors import PartyError, RedactoryError
from sealed_shards.software import read_key_file, write_secret

PASSPHRASE_VARIABLE: Final = "REDACTORY_PASSPHRASE_FILE"  # noqa: S105 - a name
LOOPBACK: Final = "127.0.0.1"
_ERROR_BYTES = 2000
_ERROR = "error: "


def free_ports(count: int) -> list[int]:
    """Ports of the loopback interface that nobody listens at now."""
    sockets = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports = [int(s.getsockname()[1]) for s in sockets]
    for s in sockets:
        s.close()
    return ports


def create_local_parties(folder: Path, count: int) -> list[PartyFolder]:
    """Parties ``party-1`` … below ``folder``, under a passphrase drawn into a 0600 file."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_secret(folder / "passphrase", secrets.token_urlsafe(32).encode("ascii"))
    passphrase = read_key_file(folder / "passphrase")
    return [
        create_party(
            folder / f"party-{number}",
            f"party-{number}",
            host=LOOPBACK,
            port=port,
            passphrase=passphrase,
        )
        for number, port in enumerate(free_ports(count), start=1)
    ]


@dataclass
class PartyProcess:
    """A running party.

    Attributes:
        name: its name.
        process: its process.
    """

    name: str
    process: subprocess.Popen[bytes]


def start_party(
    party: Path,
    job: str,
    *,
    passphrase_file: Path,
    bind: str = "",
    arguments: Sequence[str] = (),
) -> PartyProcess:
    """Start the party in folder ``party`` on the job in folder ``job``."""
    command = [sys.executable, "-m", "mpc_jobs", str(party), job, *arguments]
    if bind:
        command += ["--bind", bind]
    process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={
            **os.environ,
            PASSPHRASE_VARIABLE: str(passphrase_file),
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        },
    )
    return PartyProcess(party.name, process)


def wait_for(
    parties: Sequence[PartyProcess],
    *,
    needed: int,
    watch: Callable[[], None] = lambda: None,
) -> list[str]:
    """Wait until all parties have ended; the names of those that failed.

    Args:
        parties: the processes.
        needed: how many must succeed.
        watch: called now and then.

    Raises:
        PartyError: fewer than ``needed`` succeeded; tells what the first to end said.
    """
    try:
        while any(p.process.poll() is None for p in parties):
            watch()
            time.sleep(0.1)
        failed = [p for p in parties if p.process.returncode != 0]
        if len(parties) - len(failed) < needed:
            raise _error_of(failed)
        return [p.name for p in failed]
    finally:
        for p in parties:
            if p.process.poll() is None:
                p.process.kill()
            p.process.wait()
            if p.process.stderr:
                p.process.stderr.close()


def _error_of(failed: Sequence[PartyProcess]) -> RedactoryError:
    lines = []
    for p in failed:
        said = p.process.stderr.read()[-_ERROR_BYTES:] if p.process.stderr else b""
        told = said.decode("utf-8", "replace").splitlines()
        errors = [line.removeprefix(_ERROR) for line in told if line.startswith(_ERROR)]
        lines += [f"{p.name} ended: {errors[-1]}"] if errors else []
    return PartyError(
        lines[0] if lines else "a party ended without a word",
        where=", ".join(p.name for p in failed),
        hint="start the job again; it resumes from the last checkpoint",
    )
