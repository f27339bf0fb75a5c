"""`make compose-check` finds nothing, and would find what it is there for."""

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def check(unavailable):
    path = ROOT / "scripts" / "compose_check.py"
    spec = importlib.util.spec_from_file_location("compose_check", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    if module.compose_program() is None:
        unavailable("docker-compose", "docker-compose is not installed")
    return module


def test_the_files_pass(check, capsys):
    assert check.main() == 0, capsys.readouterr().err


def test_the_image_is_of_this_version():
    from redactory import __version__

    for file in (ROOT / "docker-compose.yml", ROOT / "deploy" / "party.compose.yml"):
        used = re.findall(r"image: redactory-airflow:(.+)", file.read_text(encoding="utf-8"))
        assert set(used) == {__version__}


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ("    cap_drop: [ALL]\n", "    cap_drops: [ALL]\n", "cap_drops"),
        ("redis:7.2.11-bookworm", "redis:latest", "redis: the image redis:latest is not pinned"),
        ("redis:7.2.11-bookworm", "redis:7", "redis: the image redis:7 is not pinned"),
        ("    read_only: true\n", "", "postgres: its file system can be written to"),
        ('    user: "999:999"\n', "", "postgres: it runs as root"),
        ("    cap_drop: [ALL]\n", "", "postgres: it has capabilities"),
        ("memory: 1G, ", "", "postgres: it has no limit of memory"),
        ("127.0.0.1:8080:8080", "8080:8080", "api-server: port 8080 is open to the network"),
        ("${POSTGRES_PASSWORD:?}", "${POSTGRES_PASSWORD:-airflow}", "must be written"),
        ("${AIRFLOW_JWT_SECRET:?}", "changeme", "JWT_SECRET has a value in the file"),
        ("--queues, unseal", "--queues, sealed", "no worker takes tasks from the queue unseal"),
        (
            "${REDACTORY_SEAL_KEYS:?}",
            "${REDACTORY_UNSEAL_KEYS:?}",
            "worker-seal: only the queue unseal may have REDACTORY_UNSEAL_KEYS",
        ),
        ("/keys:ro", "/keys", "worker-seal: may write its keys"),
        (
            "  environment: &worker-environment\n",
            (
                "  environment: &worker-environment\n"
                "    AIRFLOW__CORE__FERNET_KEY: ${AIRFLOW_FERNET_KEY:?}\n"
            ),
            "worker-record: a worker must not know AIRFLOW__CORE__FERNET_KEY",
        ),
        (
            "${REDACTORY_PARTY_2:?}",
            "${REDACTORY_PARTY_1:?}",
            "party-2: only party-1 may have its folder",
        ),
    ],
)
def test_what_the_check_is_there_for(check, tmp_path, monkeypatch, before, after, problem):
    assert before in SOURCE
    changed = tmp_path / "docker-compose.yml"
    changed.write_text(SOURCE.replace(before, after, 1), encoding="utf-8")
    monkeypatch.setattr(check, "FILES", (changed,))
    assert problem in "\n".join(check.problems(changed))


def test_the_image_takes_in_no_key_and_checks_every_hash():
    recipe = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes" in recipe
    assert re.search(r"^USER 50000:0$", recipe, re.MULTILINE)
    assert all(re.fullmatch(r".+:\d+\.\d+\.\d+-.+", i.split()[1]) for i in _lines(recipe, "FROM"))
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert {".*", "**/*.pem", "**/passphrase", "tests"} <= set(ignored)


def _lines(recipe, instruction):
    return [line for line in recipe.splitlines() if line.startswith(f"{instruction} ")]
