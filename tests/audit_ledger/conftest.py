"""A key, drafts and a small log, made by the real thing."""

import hashlib
from collections.abc import Callable
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
