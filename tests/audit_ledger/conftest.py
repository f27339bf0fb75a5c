"""A key, drafts and a small log, made by the real thing."""

import hashlib
import importlib.util
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit_ledger import Draft, Environment, Log, LogSigner, Provenance

ORIGIN = "redactory.log/" + "0a" * 16


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _sealed(number: int, *, version: int = 1, content: str = "first") -> Draft:
    shard = _hex(f"shard {number}")[:32]
    digest = _hex(f"{content} {number} {version}")
    context = {"dataset": "letters", "shard": shard, "version": version}
    context["policy_digest"] = _hex("policy")
    body = {
        **context,
        "header": {
            "ctx": context,
            "sha256": digest,
            "bytes": 1000 + number,
            "rows": 10,
            "commit": _hex("commit"),
            "chunks_root": _hex("chunks"),
            "extensions": {},
        },
        "keyring_sha256": _hex("keyring"),
        "kids": [_hex("reader")],
    }
    return Draft("sealed", ((f"shards/{shard}.parquet", digest),), body)


def _unwrapped() -> Draft:
    body = {
        "dataset": "letters",
        "purpose": "training",
        "shard_set_sha256": _hex("shards"),
        "shards": 3,
        "kid": _hex("reader"),
    }
    return Draft("unwrapped", (("letters", _hex("shards")),), body)


@pytest.fixture
def origin() -> str:
    return ORIGIN


@pytest.fixture
def signer() -> LogSigner:
    return LogSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), ORIGIN)


@pytest.fixture
def provenance() -> Provenance:
    return Provenance(
        actor_kind="airflow",
        actor_name="worker",
        run_id="manual__2026-01-01T00:00:00+00:00",
        dag_id="ingest",
        try_number=1,
        code_version="0.1.0",
    )


@pytest.fixture
def sealed() -> Callable[..., Draft]:
    return _sealed


@pytest.fixture
def unwrapped() -> Callable[[], Draft]:
    return _unwrapped


@pytest.fixture
def environment() -> Environment:
    """A clock that stands still and a short patience; randomness stays real."""
    return Environment(clock=lambda: 1_767_225_600 * 10**9, lock_timeout=0.2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "ledger"


@pytest.fixture
def log(folder: Path, signer: LogSigner, environment: Environment) -> Log:
    return Log.create(folder, signer, origin=ORIGIN, environment=environment)


def _postgresql():
    """The module beside this one: tests are no packages here."""
    path = Path(__file__).with_name("postgresql.py")
    spec = importlib.util.spec_from_file_location("audit_ledger_tests_postgresql", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def server(unavailable) -> Iterator[Callable[[str], str]]:
    """A PostgreSQL server; gives the URL of a database."""
    module = _postgresql()
    for package in ("sqlalchemy", "alembic", "pg8000"):
        if importlib.util.find_spec(package) is None:
            unavailable("postgresql", f"the Python package {package} is not installed")
    if module.server_program("postgres") is None:
        unavailable("postgresql", "PostgreSQL's server is not installed")
    with module.running_server() as folder:
        yield lambda name: module.url(folder, name)


@pytest.fixture(scope="session")
def _numbers() -> Iterator[int]:
    return iter(range(10**6))


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request, tmp_path: Path, _numbers: Iterator[int]) -> str:
    """URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    import sqlalchemy as sa

    address = request.getfixturevalue("server")
    name = f"test_{next(_numbers)}"
    engine = sa.create_engine(address("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return address(name)


@pytest.fixture(params=["folder", "sqlite", "postgresql"])
def place(request, tmp_path: Path, _numbers: Iterator[int]):
    """An empty place for a log, of every kind."""
    if request.param == "folder":
        return tmp_path / "ledger"
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    import sqlalchemy as sa

    address = request.getfixturevalue("server")
    name = f"test_{next(_numbers)}"
    engine = sa.create_engine(address("postgres"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    engine.dispose()
    return address(name)


class KeepAll:
    """A rule set that finds two types in every record and changes nothing."""

    def sanitise(self, batch):
        from redactory.pipeline.sanitise import Sanitised

        counts = {"PERSON": batch.num_rows, "IBAN_CODE": 1}
        operators = {"replace": batch.num_rows + 1}
        return Sanitised(kept=batch, refused=(), entities=counts, operators=operators)

    def check_labels(self, labels):
        pass


@pytest.fixture(scope="session")
def run_pipeline():
    """Runs the real pipeline over a few records; gives (dataset folder, keys)."""

    def run(folder: Path, **configured):
        from redactory.config import RunConfig
        from redactory.keys import KeyStore
        from redactory.pipeline.run import run as run_all
        from redactory.pipeline.setup import RunSetup

        source = folder / "in.jsonl"
        if not source.exists():
            folder.mkdir(parents=True, exist_ok=True)
            lines = [json.dumps({"id": str(i), "text": f"note {i}"}) for i in range(20)]
            source.write_text("\n".join(lines) + "\n")
        given = {"input": (str(source),), "output": str(folder / "dataset"), "workers": 1}
        keys = KeyStore(folder / "home")
        setup = RunSetup(RunConfig(**(given | configured)), keys, describe=lambda: {"engine": "1"})
        run_all(setup, sanitiser=KeepAll())
        return folder / "dataset", keys

    return run


@pytest.fixture(scope="session")
def finished(tmp_path_factory, run_pipeline) -> Path:
    """A folder with a dataset and the home of who made it; copy it, do not change it."""
    folder = tmp_path_factory.mktemp("finished")
    run_pipeline(folder)
    return folder


@pytest.fixture
def workplace(finished: Path, tmp_path: Path, monkeypatch) -> Path:
    """A copy of that folder, whose home is the user's."""
    folder = tmp_path / "workplace"
    shutil.copytree(finished, folder)
    monkeypatch.setenv("REDACTORY_HOME", str(folder / "home"))
    return folder


@pytest.fixture
def command(workplace: Path):
    """Runs `redactory` in this process; gives (exit code, standard output)."""
    from typer.testing import CliRunner

    from redactory.cli.app import app
    from redactory.errors import RedactoryError

    def run(*arguments: object, home: str = "home"):
        environment = {"REDACTORY_HOME": str(workplace / home), "COLUMNS": "200"}
        result = CliRunner(env=environment).invoke(app, [str(a) for a in arguments])
        error = result.exception
        if isinstance(error, RedactoryError):
            return error.exit_code, str(error)
        if error is not None and not isinstance(error, SystemExit):
            raise error
        return result.exit_code, result.stdout

    return run
