"""Starts programs in sessions of their own and ends all that came of them, by session.

A session id outlives changes of process groups, which Airflow makes, and the death of the
first process; and the kernel gives it to nobody else while one member lives. What was started
stands in a file, so that another shell can end it, also after the starter was killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

_POLL_SECONDS = 0.1


@dataclass(frozen=True)
class Service:
    """A started program.

    Attributes:
        name: also of its log file.
        session: the id of its session and of its first process.
        started: when that process began, in the kernel's ticks after boot.
        ends_on: the signal that asks it to end in order.
    """

    name: str
    session: int
    started: int
    ends_on: int = signal.SIGTERM

    def members(self) -> list[int]:
        """Ids of the processes that are alive in its session."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (facts := _facts(int(entry.name))):
                session, started = facts
                if session == self.session:
                    if int(entry.name) == self.session and started != self.started:
                        return []  # the id was given to somebody else, so nothing of ours is left
                    found.append(int(entry.name))
        return found

    def alive(self) -> bool:
        """Whether its first process is."""
        return _facts(self.session) == (self.session, self.started)


class Services:
    """The programs that run out of one folder.

    Args:
        folder: holds a record of each (``run/``) and its output (``logs/``).
    """

    def __init__(self, folder: Path) -> None:
        self._run = folder / "run"
        self.logs = folder / "logs"

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        environment: Mapping[str, str],
        *,
        where: Path,
        user: int | None = None,
        ends_on: int = signal.SIGTERM,
    ) -> Service:
        """Start a program; its output goes to a file."""
        self._run.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(
                list(map(str, command)),
                env=dict(environment),
                cwd=where,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=user,
            )
        facts = _facts(process.pid)
        service = Service(name, process.pid, facts[1] if facts else 0, int(ends_on))
        (self._run / f"{name}.json").write_text(json.dumps(asdict(service)), encoding="utf-8")
        return service

    def started(self) -> list[Service]:
        """What was started and not stopped, in the order of starting."""
        files = sorted(self._run.glob("*.json"), key=lambda file: file.stat().st_mtime_ns)
        return [Service(**json.loads(file.read_text(encoding="utf-8"))) for file in files]

    def stop(self, services: Iterable[Service], *, seconds: float) -> None:
        """End programs and all that they started: asked first, then killed."""
        stopping = list(services)
        for service in stopping:
            # A server that is asked through its first process ends its own children in order.
            members = service.members()
            first = [service.session] if service.session in members else members
            _signal(first, service.ends_on)
        if not _gone(stopping, seconds):
            _signal(_members(stopping), signal.SIGTERM)
            if not _gone(stopping, seconds / 2):
                _signal(_members(stopping), signal.SIGKILL)
                _gone(stopping, seconds)
        for service in stopping:
            (self._run / f"{service.name}.json").unlink(missing_ok=True)

    def last_lines(self, name: str, count: int = 20) -> str:
        """The end of a program's output."""
        try:
            text = (self.logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(text.splitlines()[-count:])


def _facts(pid: int) -> tuple[int, int] | None:
    """Session and starting time of a process; None where there is none, or only its remains."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    state, *fields = stat.rpartition(")")[2].split()
    return None if state in "ZX" else (int(fields[2]), int(fields[18]))


def _members(services: Iterable[Service]) -> list[int]:
    return [pid for service in services for pid in service.members()]


def _signal(processes: Iterable[int], number: int) -> None:
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _gone(services: Sequence[Service], seconds: float) -> bool:
    return any(not _members(services) for _ in ticks(seconds))


def ticks(seconds: float) -> Iterator[None]:
    """Go on, with short pauses, until the time is over; at least once."""
    end = time.monotonic() + seconds
    while True:
        yield
        if time.monotonic() > end:
            return
        time.sleep(_POLL_SECONDS)
