"""Checks docker-compose.yml without a container engine: its schema, and rules of ours.

Compose itself reads the file (``docker-compose config``, which needs no engine) and so refuses
unknown keys, missing anchors and wrong types. What it hands back, with every variable replaced
by a marker of its own, is then held against the rules: each is a function that yields sentences.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
FILES = (ROOT / "docker-compose.yml", ROOT / "deploy" / "party.compose.yml")
_VARIABLE = re.compile(r"(?<!\$)\$(?:\{([A-Za-z0-9_]+)([^}]*)\}|([A-Za-z0-9_]+))")
_PINNED = re.compile(r"[\w./-]+:v?\d+\.\d+[\w.-]*")
_SECRET = re.compile(r"PASSWORD|SECRET|KEY\b|_KEY_|TOKEN|FERNET|JWT")
# Settings that only Airflow's own services may know; a worker that has them rules everything.
_CONTROL_ONLY = ("JWT_SECRET", "FERNET_KEY", "SQL_ALCHEMY_CONN", "API__SECRET_KEY", "KEYCLOAK")
_PRIVATE = ("REDACTORY_RECORD_KEYS", "REDACTORY_UNSEAL_KEYS")

Service = dict[str, Any]


def problems(file: Path) -> list[str]:
    """What is wrong with a compose file; one sentence each."""
    source = file.read_text(encoding="utf-8")
    found = list(_variables(source))
    program = compose_program()
    if program is None:
        return [*found, "docker-compose is not installed, so the schema was not checked"]
    names = {a or b for a, _, b in _VARIABLE.findall(source)}
    read = subprocess.run(
        [program, "--file", file, "config", "--format", "json"],
        env={"PATH": os.defpath, "HOME": str(file.parent), **{n: marker(n) for n in names}},
        capture_output=True,
        text=True,
        check=False,
    )
    if read.returncode:
        return [*found, read.stderr.strip()]
    services = json.loads(read.stdout)["services"]
    for name, service in services.items():
        found += [f"{name}: {p}" for p in (*_confinement(service), *_operation(service))]
    if file == FILES[0]:
        found += _secrets(services)
        found += _queues(services)
    return found


def compose_program() -> str | None:
    """Path of docker-compose: that of this environment, or what is in PATH."""
    here = Path(sys.executable).with_name("docker-compose")
    return str(here) if here.exists() else shutil.which("docker-compose")


def marker(variable: str) -> str:
    """A value that no other variable has; it also passes for a path."""
    return f"/marked/{variable}/"


def _variables(source: str) -> Iterator[str]:
    """Every variable must be given: nothing that is secret, or says where data lies, defaults."""
    lines = [line.partition(" #")[0] for line in source.splitlines() if line.strip()[:1] != "#"]
    for name, rest, bare in _VARIABLE.findall("\n".join(lines)):
        if rest != ":?":
            yield f"the variable {name or bare} must be written ${{{name or bare}:?}}"


def _confinement(service: Service) -> Iterator[str]:
    """What no service may do."""
    if service.get("read_only") is not True:
        yield "its file system can be written to"
    if service.get("user", "0").partition(":")[0] in {"0", "root"}:
        yield "it runs as root"
    if service.get("cap_drop") != ["ALL"] or service.get("privileged") or service.get("cap_add"):
        yield "it has capabilities"
    if "no-new-privileges:true" not in service.get("security_opt", ()):
        yield "it may gain privileges"
    if "party" not in (service.get("command") or ()):  # which others must reach
        for port in service.get("ports", ()):
            if port.get("host_ip") != "127.0.0.1":
                yield f"port {port.get('published')} is open to the network"


def _operation(service: Service) -> Iterator[str]:
    """What every service must have."""
    image = service.get("image", "")
    if not _PINNED.fullmatch(image):
        yield f"the image {image or '(none)'} is not pinned to a version"
    limits = service.get("deploy", {}).get("resources", {}).get("limits", {})
    yield from (f"it has no limit of {what}" for what in ("cpus", "memory", "pids") - limits.keys())
    one_shot = service.get("restart") == "no"
    if not one_shot and not service.get("healthcheck", {}).get("test"):
        yield "nobody checks its health"
    for key, value in service.get("environment", {}).items():
        if _SECRET.search(key) and value and "/marked/" not in value and not key.endswith("_FILE"):
            yield f"{key} has a value in the file"


def _secrets(services: dict[str, Service]) -> Iterator[str]:
    """Who may hold what."""
    for name, service in services.items():
        worker = _queues_of(service)
        told = service.get("environment", {})
        if worker:
            known = [key for key in told if any(part in key for part in _CONTROL_ONLY)]
            yield from (f"{name}: a worker must not know {key}" for key in known)
        mounted = {volume["source"] for volume in service.get("volumes", ())}
        for variable in _PRIVATE:
            queue = variable.split("_")[1].lower()
            if _mounts(mounted, variable) and worker != {queue}:
                yield f"{name}: only the queue {queue} may have {variable}"
        for number in range(1, 4):
            if _mounts(mounted, f"REDACTORY_PARTY_{number}") and worker != {f"party-{number}"}:
                yield f"{name}: only party-{number} may have its folder"
        if service.get("secrets") and worker in ({"default"}, set()) and name != "objects":
            yield f"{name}: needs no passphrase"
        if worker == {"default"} and any(
            volume["target"] == "/keys" and not volume.get("read_only")
            for volume in service.get("volumes", ())
        ):
            yield f"{name}: may write its keys"


def _queues(services: dict[str, Service]) -> Iterator[str]:
    """The queues that the DAGs name, and no others, have workers."""
    asked = {"default"}
    for dag in (ROOT / "dags").glob("*.py"):
        for queue in re.findall(r'queue=f?"([^"]+)"', dag.read_text(encoding="utf-8")):
            numbered = [queue.replace("{number}", str(number)) for number in range(1, 4)]
            asked |= set(numbered)
    served = set().union(*map(_queues_of, services.values()))
    yield from (f"no worker takes tasks from the queue {queue}" for queue in sorted(asked - served))
    yield from (f"no DAG uses the queue {queue}" for queue in sorted(served - asked))


def _queues_of(service: Service) -> set[str]:
    command = service.get("command") or []
    if "--queues" not in command:
        return set()
    return set(command[command.index("--queues") + 1].split(","))


def _mounts(sources: set[str], variable: str) -> bool:
    return marker(variable).rstrip("/") in {source.rstrip("/") for source in sources}


def main() -> int:
    """Print what is wrong; exit code 1 if anything is."""
    found = [(file, problem) for file in FILES for problem in problems(file)]
    for file, problem in found:
        print(f"{file.relative_to(ROOT)}: {problem}", file=sys.stderr)
    if not found:
        print(f"✔ {' and '.join(str(file.relative_to(ROOT)) for file in FILES)}")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
