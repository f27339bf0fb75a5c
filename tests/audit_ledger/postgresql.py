"""A PostgreSQL server of the tests' own: unix socket only, stopped by its process id."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_START_SECONDS = 60
_STOP_SECONDS = 30


def server_program(name: str) -> str | None:
    """Path of a program of Debian's package, which keeps them out of PATH."""
    found = shutil.which(name)
    candidates = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return found or (str(candidates[-1]) if candidates else None)


def account() -> dict[str, int]:
    """The server refuses to run as root: then it runs as the package's own user."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    return {"user": entry.pw_uid, "group": entry.pw_gid}


@contextmanager
def running_server(*, fsync: bool = False) -> Iterator[Path]:
    """The folder with the socket of a fresh server; no power cut comes during a test."""
    # A socket's path must be short, and the server's user must reach it.
    folder = Path(tempfile.mkdtemp(prefix="redactory-pg-", dir="/tmp"))
    who = account()
    if who:
        os.chown(folder, who["user"], who["group"])
    options = ["--no-sync", "--auth=trust", "--username=redactory", "--encoding=UTF8", "--locale=C"]
    subprocess.run(
        [server_program("initdb"), "-D", str(folder / "data"), *options],
        check=True,
        capture_output=True,
        cwd=folder,
        **who,
    )
    command = [server_program("postgres"), "-D", str(folder / "data"), "-k", str(folder)]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "-c", "listen_addresses=", "-c", f"fsync={'on' if fsync else 'off'}"],
            stdout=log,
            stderr=log,
            cwd=folder,
            **who,
        )
    try:
        _wait_for(server, folder)
        yield folder
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        shutil.rmtree(folder, ignore_errors=True)


def url(folder: Path, database: str) -> str:
    """SQLAlchemy's URL of a database of the server."""
    return f"postgresql+pg8000://redactory@/{database}?unix_sock={folder}/.s.PGSQL.5432"


def _wait_for(server: subprocess.Popen[bytes], folder: Path) -> None:
    import sqlalchemy as sa

    deadline = time.monotonic() + _START_SECONDS
    while True:
        engine = sa.create_engine(url(folder, "postgres"))
        try:
            with engine.connect():
                return
        except sa.exc.SQLAlchemyError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((folder / "log").read_text()) from None
            time.sleep(0.1)
        finally:
            engine.dispose()
