"""Starts, shows and stops Airflow with this repository's DAGs on this machine.

python scripts/services start     PostgreSQL, Redis, Celery workers for each queue (services.sh)
python scripts/services status    what runs and how it is
python scripts/services stop      ends all of it, also what a killed starter left behind
python scripts/services up        SQLite and no workers, in the foreground (make up)
python scripts/services divide    key folders for workers elsewhere
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from health import airflow_health, missing_workers
from homes import divide
from processes import Services, ticks
from stores import postgres_folder, redis_socket, start_stores
from topology import (
    AIRFLOW,
    FIRST_PORT,
    ROOT,
    WORKERS,
    airflow_settings,
    celery_settings,
    free_port,
)

from redactory.errors import RedactoryError
from redactory.home import home

BIN = Path(sys.executable).parent
_STORES = ("postgres", "redis")
_STOP_SECONDS = 20


class Deployment:
    """One state folder, and what runs out of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()
        self.services = Services(self.folder)
        self._told = self.folder / "run" / "url"

    @property
    def url(self) -> str:
        """Where the UI is, if it was ever started."""
        return self._told.read_text(encoding="utf-8") if self._told.exists() else ""

    def start(self, *, port: int, cluster: bool) -> None:
        """Start everything; returns before it is healthy."""
        if any(service.members() for service in self.services.started()):
            raise SystemExit(f"error: something runs in {self.folder} already; stop it first")
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        port = free_port(port)
        environment = airflow_settings(self.folder, port, os.environ)
        environment["PATH"] = os.pathsep.join([str(BIN), environment.get("PATH", os.defpath)])
        self._write_standing_configuration(Path(environment["REDACTORY_CONFIG"]))
        if cluster:
            environment |= celery_settings(postgres_folder(self.folder), redis_socket(self.folder))
            start_stores(self.services, self.folder, environment)
            self._make_keys(environment)
        self._migrate(environment)
        self._told.parent.mkdir(parents=True, exist_ok=True)
        self._told.write_text(f"http://127.0.0.1:{port}", encoding="utf-8")
        for name, arguments in AIRFLOW.items():
            self._airflow(name, arguments, environment)
        for worker in WORKERS if cluster else ():
            arguments = ["--queues", worker.queues, "--concurrency", str(worker.tasks)]
            arguments += ["--celery-hostname", f"{worker.name}@%h", "--skip-serve-logs"]
            home = {"REDACTORY_HOME": str(self.folder / "homes" / worker.keys)}
            self._airflow(worker.name, ["celery", "worker", *arguments], environment | home)

    def wait(self, seconds: float) -> None:
        """Until everything is healthy.

        Raises:
            SystemExit: something ended, or the time is over.
        """
        for _ in ticks(seconds):
            self._nothing_ended()
            if not self.ill():
                return
            time.sleep(1)
        raise SystemExit(f"error: not healthy after {seconds:.0f} s: {', '.join(self.ill())}")

    def ill(self) -> list[str]:
        """What is not well, of what was started."""
        told = airflow_health(self.url) if self.url else {}
        ill = [part for part, state in told.items() if state != "healthy"]
        workers = {s.name for s in self.services.started() if s.name.startswith("worker-")}
        if workers and not ill:  # Airflow's word costs less than the workers'
            broker = f"redis+socket://{redis_socket(self.folder)}"
            ill = sorted(missing_workers(broker, workers))
        return ill

    def stop(self) -> None:
        """End everything that runs here."""
        self._told.unlink(missing_ok=True)  # so whoever follows knows that this is wanted
        running = self.services.started()
        # The stores last: what still writes would complain.
        self.services.stop([s for s in running if s.name not in _STORES], seconds=_STOP_SECONDS)
        self.services.stop([s for s in running if s.name in _STORES], seconds=_STOP_SECONDS)

    def follow(self) -> None:
        """Until something ends.

        Raises:
            SystemExit: something ended that nobody had stopped.
        """
        while self.services.started() and self._told.exists():
            self._nothing_ended()
            time.sleep(1)

    def passwords(self) -> dict[str, str]:
        """Log-ins of the UI that Airflow has drawn."""
        file = self.folder / "simple_auth_manager_passwords.json.generated"
        return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}

    def _nothing_ended(self) -> None:
        for service in self.services.started():
            if not service.alive() and self._told.exists():
                raise SystemExit(
                    f"error: {service.name} ended; the last lines of its log in "
                    f"{self.services.logs}:\n{self.services.last_lines(service.name)}"
                )

    def _airflow(self, name: str, arguments: list[str], environment: dict[str, str]) -> None:
        command = [BIN / "airflow", *arguments]
        self.services.start(name, command, environment, where=self.folder)

    def _migrate(self, environment: dict[str, str]) -> None:
        self.services.logs.mkdir(exist_ok=True)
        with (self.services.logs / "migrate.log").open("ab") as log:
            done = subprocess.run(
                [BIN / "airflow", "db", "migrate"],
                env=environment,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=False,
            )
        if done.returncode:
            raise SystemExit(
                f"error: Airflow's database cannot be made:\n{self.services.last_lines('migrate')}"
            )

    def _make_keys(self, environment: dict[str, str]) -> None:
        subprocess.run(
            [BIN / "redactory", "keys", "create"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            check=True,
        )
        divide(home(), self.folder / "homes", link=True)

    def _write_standing_configuration(self, file: Path) -> None:
        if not file.exists():
            file.write_text(
                "# What redactory_ingest reads unless the trigger form says otherwise.\n"
                f"input = [{json.dumps(str(ROOT / 'redactory/demo_corpus/corpus.jsonl'))}]\n"
                f"output = {json.dumps(str(self.folder / 'dataset'))}\n"
                'policy = "gdpr"\n'
                'label_column = "label"\n\n'
                "# What redactory_train does with it: owners vouch for the range of scores.\n"
                "[train]\n"
                "assume_range = true\n",
                encoding="utf-8",
            )


def main() -> None:
    """Do what the command line says."""
    os.umask(0o077)
    arguments = _parser().parse_args()
    if arguments.command == "divide":
        try:
            divide(arguments.home, arguments.into, link=False)
        except RedactoryError as error:
            raise SystemExit(f"error: {error}") from None
        return
    deployment = Deployment(arguments.folder)
    if arguments.command == "start":
        _start(deployment, arguments.port, arguments.wait, cluster=True)
        _tell(deployment)
        print(f"Stop it with: scripts/services.sh stop --folder {deployment.folder}")
    elif arguments.command == "stop":
        deployment.stop()
    elif arguments.command == "status":
        _status(deployment, as_json=arguments.json)
    else:
        _up(deployment, arguments.port, arguments.wait)


def _start(deployment: Deployment, port: int, wait: float, *, cluster: bool) -> None:
    print(f"Starting Airflow (a minute or two; its output goes to {deployment.services.logs})")
    try:
        deployment.start(port=port, cluster=cluster)
        deployment.wait(wait)
    except BaseException:
        deployment.stop()
        raise


def _up(deployment: Deployment, port: int, wait: float) -> None:
    def end(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
        raise SystemExit(128 + number)

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    _start(deployment, port, wait, cluster=False)
    try:
        _tell(deployment)
        print("Ctrl-C ends it, as does `make down` in another shell.", flush=True)
        deployment.follow()
    finally:
        deployment.stop()


def _tell(deployment: Deployment) -> None:
    print(f"Airflow is ready: {deployment.url}")
    for user, password in deployment.passwords().items():
        print(f"  log in as {user:<8} password {password}")
    print("DAGs are switched off at first: switch on redactory_ingest, then trigger it.")


def _status(deployment: Deployment, *, as_json: bool) -> None:
    services = {s.name: s for s in deployment.services.started()}
    ill = deployment.ill()
    states = {name: "runs" if s.alive() else "ended" for name, s in services.items()}
    well = bool(services) and not ill and set(states.values()) == {"runs"}
    if as_json:
        sessions = {name: s.session for name, s in services.items()}
        told = {"healthy": well, "ill": ill, "services": states, "sessions": sessions}
        print(json.dumps(told | {"url": deployment.url}))
    else:
        for name, state in states.items():
            print(f"{name:<16}{state}")
        print(f"healthy at {deployment.url}" if well else f"not healthy: {', '.join(ill) or 'off'}")
    sys.exit(0 if well else 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="services",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, said in {
        "start": "PostgreSQL, Redis, Airflow and Celery workers; returns when all are healthy",
        "status": "what runs; exit code 0 if all of it is healthy",
        "stop": "end everything that was started in the folder",
        "up": "SQLite, without workers; stays until Ctrl-C or `stop`",
    }.items():
        command = commands.add_parser(name, help=said, description=said)
        command.add_argument(
            "--folder",
            type=Path,
            default=Path(os.environ.get("AIRFLOW_HOME", ROOT / ".airflow")),
            help="the state: databases, logs, sockets, secrets (default: AIRFLOW_HOME or .airflow)",
        )
        if name in {"start", "up"}:
            command.add_argument(
                "--port",
                type=int,
                default=int(os.environ.get("PORT", FIRST_PORT)),
                help="of the UI on 127.0.0.1; the next free one is taken (default: 18080)",
            )
            command.add_argument(
                "--wait", type=float, default=300, help="seconds to become healthy in"
            )
        if name == "status":
            command.add_argument("--json", action="store_true", help="one JSON object")
    command = commands.add_parser("divide", help="copy keys into a folder for each kind of worker")
    command.add_argument("home", type=Path, help="a REDACTORY_HOME with all keys")
    command.add_argument("into", type=Path, help="gets seal, record, unseal and party, made anew")
    return parser


if __name__ == "__main__":
    main()
