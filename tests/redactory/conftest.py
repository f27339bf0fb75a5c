"""A home with keys, a small corpus, the pipeline and the command line in this process."""

import contextlib
import io
import json
import os
import shutil
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

PEOPLE = [
    {"id": "n-1", "who": "p-1", "text": "Jane Roe wrote from jane.roe@example.com on 2024-03-12."},
    {"id": "n-2", "who": "p-2", "text": "Please call John Smith on 020 7946 0123 about his card."},
    {"id": "n-3", "who": "p-1", "text": "J. Roe asks again; her number is 138 0013 8000."},
    {"id": "n-4", "who": "p-3", "text": "王小明的身份证号是11010519491231002X。", "lang": "zh"},
    {"id": "n-5", "who": "p-2", "text": "Nothing to take out of this one."},
]


DEFAULTS = {"ner": "none", "subject_column": "who", "dataset_name": "people"}


class Ended(NamedTuple):
    """How a command ended."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(scope="session")
def drawn_keys(tmp_path_factory) -> Path:
    """Keys are slow to draw: made once, copied into each home."""
    place = tmp_path_factory.mktemp("keys")
    KeyStore(place).ensure("reader", "quarantine", "log", "identity")
    return place


@pytest.fixture
def own_home(tmp_path, drawn_keys, monkeypatch) -> Path:
    """A REDACTORY_HOME with keys and an empty trust store."""
    place = tmp_path / "home"
    shutil.copytree(drawn_keys, place)
    monkeypatch.setenv("REDACTORY_HOME", str(place))
    monkeypatch.delenv("REDACTORY_PASSPHRASE_FILE", raising=False)
    return place


@pytest.fixture(scope="session")
def prepared(tmp_path_factory, drawn_keys) -> Callable[..., Path]:
    """A folder with a home and a dataset ``out``, made once for each set of options."""
    made: dict[str, Path] = {}

    def go(**options: Any) -> Path:
        name = json.dumps(options, sort_keys=True)
        if name not in made:
            place = made[name] = tmp_path_factory.mktemp("prepared")
            shutil.copytree(drawn_keys, place / "home")
            given = {"output": str(place / "out"), "input": str(write_people(place)), **DEFAULTS}
            run(RunSetup(RunConfig.parse(given | options), KeyStore(place / "home")))
        return made[name]

    return go


@pytest.fixture
def dataset(prepared, tmp_path, own_home) -> Callable[..., Path]:
    """A copy of a prepared dataset, and of what its home learned."""

    def go(**options: Any) -> Path:
        place = prepared(**options)
        for name in ("home", "out"):
            shutil.copytree(place / name, tmp_path / name, dirs_exist_ok=True)
        return tmp_path / "out"

    return go


@pytest.fixture
def people(tmp_path) -> Path:
    """Five records of three people, as JSON lines."""
    return write_people(tmp_path)


def write_people(place: Path) -> Path:
    path = place / "input" / "people.jsonl"
    path.parent.mkdir()
    path.write_text("".join(json.dumps(r, ensure_ascii=False) + "\n" for r in PEOPLE), "utf-8")
    return path


@pytest.fixture
def sealed(own_home, people, tmp_path) -> Callable[..., RunResult]:
    """Runs the pipeline over the five records, in this process, with rules only."""

    def go(output: Path | None = None, **options: Any) -> RunResult:
        given = {"input": str(people), "output": str(output or tmp_path / "out"), **DEFAULTS}
        given |= options
        return run(RunSetup(RunConfig.parse(given), KeyStore(own_home)))

    return go


@pytest.fixture
def command(own_home, tmp_path, monkeypatch) -> Callable[..., Ended]:
    """Runs the command line in this process, as if without a terminal."""

    def go(*arguments: object, stdin: str = "") -> Ended:
        out, err = io.StringIO(), io.StringIO()
        with (
            monkeypatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.setattr(sys, "argv", ["redactory", *map(str, arguments)])
            patch.setattr(sys, "stdin", io.StringIO(stdin))
            patch.setitem(os.environ, "COLUMNS", "200")
            patch.chdir(tmp_path)
            code = 0
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
        return Ended(code, out.getvalue(), err.getvalue())

    return go
