"""PostgreSQL and Redis of our own: sockets below the state folder, no port, no password."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from processes import Services, ticks

_START_SECONDS = 60
_LONGEST_SOCKET = 100  # bytes; the kernel's limit is a little above


def start_stores(services: Services, folder: Path, environment: Mapping[str, str]) -> None:
    """Start both, and make the database where it is new.

    Args:
        services: to start them with.
        folder: the state folder; its sockets are ``postgres/.s.PGSQL.5432`` and ``redis/socket``.
        environment: of the programs.
    """
    if len(str(redis_socket(folder))) > _LONGEST_SOCKET:
        raise SystemExit(f"error: {folder} is too long a path for sockets; name a shorter --folder")
    redis = folder / "redis"
    redis.mkdir(mode=0o700, exist_ok=True)
    options = ["--port", "0", "--unixsocket", redis_socket(folder), "--unixsocketperm", "700"]
    # Nothing is kept: the database knows every task, and a restarted scheduler asks it.
    command = [_program("redis-server"), *options, "--save", "", "--dir", redis]
    services.start("redis", command, environment, where=redis)
    _start_postgres(services, folder, environment)
    for _ in ticks(_START_SECONDS):
        if redis_socket(folder).exists():
            return
    raise SystemExit(f"error: Redis did not start:\n{services.last_lines('redis')}")


def postgres_folder(folder: Path) -> Path:
    """Where the database's socket is."""
    return folder / "postgres"


def redis_socket(folder: Path) -> Path:
    """The broker's socket."""
    return folder / "redis" / "socket"


def _start_postgres(services: Services, folder: Path, environment: Mapping[str, str]) -> None:
    home = postgres_folder(folder)
    home.mkdir(mode=0o700, exist_ok=True)
    user = None
    if os.geteuid() == 0:  # the server refuses to run as root: then as its package's own user
        user = _postgres_user()
        os.chown(home, user, -1)
        folder.chmod(0o711)
    data = home / "data"
    if not (data / "PG_VERSION").exists():
        options = ["--auth=trust", "--username=airflow", "--encoding=UTF8", "--locale=C"]
        made = subprocess.run(
            [_program("initdb"), "-D", data, *options],
            cwd="/",
            user=user,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode:
            reason = (made.stderr.strip() or "no reason given").splitlines()[-1]
            hint = "" if user is None else "; its user must reach that folder (see --folder)"
            raise SystemExit(f"error: PostgreSQL cannot use {home}: {reason}{hint}")
    command = [_program("postgres"), "-D", data, "-k", home, "-c", "listen_addresses="]
    services.start(
        "postgres",
        [*command, "-c", "max_connections=200"],
        environment,
        where=Path("/"),
        user=user,
        ends_on=signal.SIGINT,  # "fast": without waiting for its clients
    )
    ready = [_program("pg_isready"), "-q", "-h", home, "-U", "airflow", "-d", "postgres"]
    for _ in ticks(_START_SECONDS):
        if subprocess.run(ready, check=False).returncode == 0:
            break
    else:
        raise SystemExit(f"error: PostgreSQL did not start:\n{services.last_lines('postgres')}")
    ask = [_program("psql"), "-qAt", "-h", home, "-U", "airflow", "-d", "postgres", "-c"]
    there = subprocess.run(
        [*ask, "SELECT 1 FROM pg_database WHERE datname = 'airflow'"],
        capture_output=True,
        check=True,
    )
    if not there.stdout.strip():
        subprocess.run([*ask, "CREATE DATABASE airflow"], check=True)


def _postgres_user() -> int:
    try:
        return pwd.getpwnam("postgres").pw_uid
    except KeyError:
        raise SystemExit("error: there is no user postgres for PostgreSQL to run as") from None


def _program(name: str) -> str:
    """Path of a program; Debian keeps the server's out of PATH."""
    found = shutil.which(name)
    packaged = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if not found and not packaged:
        package = "redis-server" if name.startswith("redis") else "postgresql"
        raise SystemExit(f"error: {name} is not installed (Debian: apt-get install {package})")
    return found or str(packaged[-1])
