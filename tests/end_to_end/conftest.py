"""The command line as a user has it, with a home of its own for each test."""

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from redactory.cli import main
from redactory.config import RunConfig
from redactory.keys import KeyStore
from redactory.pipeline.run import RunResult, run
from redactory.pipeline.setup import RunSetup
from redactory.reading import Trust, open_verified
from redactory.verification import Verdict, verify_dataset

RECORDS = [
    {"id": "a-1", "text": "Please write to jane.roe@example.com about the delay.", "n": 1},
    {"id": "a-2", "text": "Call me on +44 7700 900123 or 202-555-0143 tomorrow."},
    {"id": "a-3", "text": "My card 4111 1111 1111 1111 was charged twice."},
    {"id": "a-4", "text": "身份证号11010519491231002X，请尽快处理。", "lang": "zh"},
    {"id": "a-5", "text": "Nothing personal in this one."},
    {"id": "a-6", "text": ""},
]


class Finished(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="session")
def _key_pairs(tmp_path_factory) -> Path:
    """Keys are slow to draw: made once, copied into each home."""
    home = tmp_path_factory.mktemp("keys")
    KeyStore(home).ensure("reader", "quarantine", "log")
    return home


@pytest.fixture
def home(tmp_path, _key_pairs, monkeypatch) -> Path:
    """A REDACTORY_HOME with keys and an empty trust store."""
    place = tmp_path / "home"
    subprocess.run(["cp", "-a", str(_key_pairs), str(place)], check=True)
    monkeypatch.setenv("REDACTORY_HOME", str(place))
    monkeypatch.delenv("REDACTORY_PASSPHRASE_FILE", raising=False)
    return place


@pytest.fixture
def source(tmp_path) -> Path:
    """Six records as JSON lines."""
    return write_lines(tmp_path / "input" / "letters.jsonl", RECORDS)


def write_lines(path: Path, records: list[dict[str, Any]]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in records), "utf-8")
    return path


@pytest.fixture
def lines() -> Callable[[Path, list[dict[str, Any]]], Path]:
    """Writes records as JSON lines."""
    return write_lines


@pytest.fixture
def pipeline(home) -> Callable[..., RunResult]:
    """Runs the pipeline in this process."""

    def go(inputs: Path | list[Path], output: Path, **options: Any) -> RunResult:
        given = inputs if isinstance(inputs, list) else [inputs]
        how = {k: options.pop(k) for k in ("resume", "discard", "run_id") if k in options}
        config = RunConfig.parse(
            {"input": [str(i) for i in given], "output": str(output), **options}
        )
        return run(RunSetup(config, KeyStore(home)), **how)

    return go


@pytest.fixture
def rows(home) -> Callable[..., list[dict[str, Any]]]:
    """Reads a dataset back along its trust chain."""

    def go(dataset: Path, **options: Any) -> list[dict[str, Any]]:
        return list(open_verified(str(dataset), Trust(), **options).rows())

    return go


@pytest.fixture
def verdict(home) -> Callable[[Path], Verdict]:
    """Verifies a dataset in this process."""
    return lambda dataset: verify_dataset(str(dataset), KeyStore(home))


@pytest.fixture
def cli(home, tmp_path, monkeypatch) -> Callable[..., Finished]:
    """Runs the command line in this process, as if without a terminal."""

    def go(*arguments: object, **environment: str) -> Finished:
        out, err = io.StringIO(), io.StringIO()
        with (
            monkeypatch.context() as patch,
            Path(os.devnull).open() as nothing,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.setattr(sys, "argv", ["redactory", *map(str, arguments)])
            patch.setattr(sys, "stdin", nothing)
            patch.chdir(tmp_path)
            for name, value in {"COLUMNS": "200", **environment}.items():
                patch.setenv(name, value)
            code = 0
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Finished(code, out.getvalue(), err.getvalue())

    return go
