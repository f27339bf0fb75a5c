"""A small world for the audit pages: real datasets with a past, made by the real pipeline."""

import contextlib
import io
import json
import os
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from audit_ledger import Draft, Log, Provenance
from audit_ledger.batch import rfc3339
from redactory.cli import main
from redactory.config import RunConfig
from redactory.keys import KeyStore
from redactory.pipeline.run import run
from redactory.pipeline.setup import RunSetup

CANARY = "zebulon.quill@example.com"
_DAY = timedelta(days=1) // timedelta(microseconds=1) * 1000
_TEXTS = (
    "Write to {name}.{n}@example.com or call +44 7700 9001{n:02d}.",
    "The card 4111 1111 1111 1111 of customer {n} was charged on 2026-03-{d:02d}.",
    "身份证号11010519491231002X，客户编号{n}，请尽快处理。",
    "Nothing personal in record {n}.",
    "Send it to {name}@example.org, from 192.0.2.{n}.",
)


@dataclass
class World:
    """Where everything lies.

    Attributes:
        folder: all of it.
        home: ``REDACTORY_HOME``, with keys and trust.
        letters: a dataset with three runs over three weeks, a quarantine, accesses, key changes.
        runs: ids of its runs, oldest first.
    """

    folder: Path
    home: Path
    letters: Path
    dataset: str = ""
    runs: tuple[str, ...] = ()


def records(start, count):
    """Records with something to remove in most of them."""
    name = CANARY.partition("@")[0]
    return [
        {"id": f"{name}-{n}", "text": _TEXTS[n % 5].format(name=name, n=n % 90, d=1 + n % 28)}
        for n in range(start, start + count)
    ]


def write_lines(path, rows, broken=0):
    """Records as JSON lines, with lines behind them that cannot be read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    lines += [f'{{"id": "broken-{n}", "text": "{CANARY}' for n in range(broken)]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def ingest(world, source, *, run_id=None, **options):
    """Run the pipeline over a file into the letters; returns what it published."""
    given = {"rows_per_shard": 40, "ner": "none", "max_quarantine_share": 1.0, "workers": 1}
    config = RunConfig.parse(
        {"input": [str(source)], "output": str(world.letters), **given, **options}
    )
    how = {} if run_id is None else {"run_id": run_id}
    return run(RunSetup(config, KeyStore(world.home)), **how).published


def command(*arguments):
    """Run a command of ours in this process, silently."""
    silent = io.StringIO()
    with (
        pytest.MonkeyPatch.context() as patch,
        contextlib.redirect_stdout(silent),
        contextlib.redirect_stderr(silent),
    ):
        patch.setattr(sys, "argv", ["redactory", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
    assert not end.value.code, silent.getvalue()
    return silent.getvalue()


@contextlib.contextmanager
def days_ago(days):
    """Let the log's clock stand some days back."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("audit_ledger.log.rfc3339", lambda now: rfc3339(now - days * _DAY))
        yield


def build(folder):
    """The world, below ``folder``; takes a few seconds, most of them for keys."""
    world = World(folder, folder / "home", folder / "datasets" / "letters")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REDACTORY_HOME", str(world.home))
        patch.setenv("LOGNAME", "bob")  # who is on record at the command line
        patch.delenv("REDACTORY_PASSPHRASE_FILE", raising=False)
        KeyStore(world.home).ensure("reader", "quarantine", "log")
        sources = folder / f"letters of {CANARY}"
        _past(world, sources)
    return world


def append(world, *drafts, actor="alice", dag_id=None, run_id=None):
    """State something in the letters' log."""
    reader = Log.open(world.letters / "ledger")
    log = Log.open(world.letters / "ledger", KeyStore(world.home).log_signer(reader.origin))
    kind = "cli" if dag_id is None else "airflow"
    by = Provenance(
        actor_kind=kind, actor_name=actor, run_id=run_id, dag_id=dag_id, code_version="0.1.0"
    )
    return log.append(drafts, by)


def _past(world, sources):
    runs = []
    for days, start, count, broken in ((21, 0, 90, 0), (12, 90, 60, 3), (6, 150, 130, 2)):
        source = write_lines(sources / f"week-{start}.jsonl", records(start, count), broken)
        with days_ago(days):
            published = ingest(world, source, dataset_name="letters")
        runs.append(published.run_id)
    world.dataset, world.runs = published.dataset, tuple(runs)
    with days_ago(5):
        command("dataset", "read", world.letters, "--limit", "1")
        command("keys", "create", "second")
        command("dataset", "grant", world.letters, "--recipient", "second")
    changed = write_lines(sources / "week-0.jsonl", records(1000, 70))
    with days_ago(3):
        ingest(world, changed, dataset_name="letters")
    with days_ago(2):
        shown = json.loads(
            (world.letters / "manifests" / f"{runs[1]}.json").read_text(encoding="utf-8")
        )
        shard = shown["shards"][0]["shard"]
        command("dataset", "shred", world.letters, "--shard", shard, "--yes")
    with days_ago(1):
        append(world, *_models(world))


def _models(world):
    about = {"dataset": world.dataset, "version": 1}
    model = "5e" * 32
    trained = {**about, "job": model, "model_id": model, "epochs": 12, "private": True}
    trained |= {"epsilon_millionths": 2_000_000, "parties": ("one", "two", "three")}
    predicted = {**about, "model_id": model, "prediction_run": "weekly", "proven": False}
    verified = {"dataset": world.dataset, "checkpoint_size": 20, "verdict": "intact"}
    return [
        Draft("trained", (("model", model),), trained, shard_key="job"),
        Draft("predicted", (("model", model),), {**predicted, "shards": 4}, shard_key="weekly"),
        Draft("verified", (("log", "ab" * 32),), verified),
    ]


def flip(file):
    """Change one byte of a file."""
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 2] ^= 1
    file.chmod(0o600)
    file.write_bytes(raw)


def copy(source, target):
    """A copy of a folder to tamper with."""
    target.mkdir(parents=True)
    os.system(f"cp -a '{source}/.' '{target}'")
    return target
