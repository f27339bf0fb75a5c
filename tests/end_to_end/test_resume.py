"""Kill −9 at any durable step; ``--resume`` ends where an unbroken run ends."""

import importlib.util
import json
import multiprocessing
import os
import random
import shutil
import sys
from pathlib import Path

import pytest

from audit_ledger import Log
from redactory.keys import KeyStore
from redactory.reading import Trust, open_verified
from redactory.verification import verify_dataset

_SHARE = 1 if os.environ.get("REDACTORY_FULL") else 30  # every step in full, else about one in 30
_SEED = 20261122


@pytest.fixture(scope="module")
def killed_run():
    """The worker module, importable by name in child processes."""
    path = Path(__file__).with_name("killed_run.py")
    spec = importlib.util.spec_from_file_location("killed_run", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["killed_run"] = module
    spec.loader.exec_module(module)
    sys.path.insert(0, str(path.parent))
    yield module
    sys.path.remove(str(path.parent))


@pytest.fixture(scope="module")
def start(killed_run):
    """Runs one attempt in a process that has its modules loaded already."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["pii_rules.detector", "redactory.pipeline.run"])

    def go(options, home, *, step=-1, resume=False):
        counted = Path(home) / "counted"
        process = context.Process(
            target=killed_run.work, args=(options, str(home), step, str(counted), resume)
        )
        process.start()
        process.join()
        steps = int(counted.read_text()) if counted.exists() else 0
        counted.unlink(missing_ok=True)
        return process.exitcode, steps

    return go


def content(dataset: Path, home: Path):
    """What must not depend on interruptions: shards and rows in their order, statements."""
    os.environ["REDACTORY_HOME"] = str(home)
    opened = open_verified(str(dataset), Trust())
    shards = [shard.header.ctx.shard for shard in opened.dataset.shards]
    sizes = [shard.header.rows for shard in opened.dataset.shards]
    withheld = list(open_verified(str(dataset), Trust(), area="quarantine").rows())
    entries = list(Log.open(dataset / "ledger").entries())
    statements = [
        (e.statement.kind, e.statement.id) for e in entries if e.statement.kind != "unwrapped"
    ]
    return (shards, sizes, list(opened.rows()), withheld), statements


def files(dataset: Path) -> list[str]:
    """Names without the digest of the (random) ciphertext."""
    names = (p.relative_to(dataset).as_posix() for p in dataset.rglob("*") if p.is_file())
    return sorted(n.partition(".")[0] if "/" in n else n for n in names if "ledger/" not in n)


@pytest.mark.xdist_group("resume")
def test_killed_at_any_durable_step_and_resumed(tmp_path, home, start, monkeypatch):
    place = tmp_path / "in.jsonl"
    records = [{"id": str(n), "text": f"record {n}: write to u{n}@example.org"} for n in range(9)]
    good = "".join(json.dumps(record) + "\n" for record in records)
    place.write_text("not json\n" + good, "utf-8")
    (tmp_path / "note.txt").write_text("call 202-555-0143", "utf-8")

    def attempt(name):
        mine = tmp_path / f"home-{name}"
        shutil.copytree(home, mine)
        options = {
            "input": [str(place), str(tmp_path / "note.txt")],
            "output": str(tmp_path / name),
            "rows_per_shard": 4,
            "max_quarantine_share": 0.5,
            "dataset_name": "resume test",
        }
        return options, mine

    # The pseudonym key must be the same in all homes for shard ids to be comparable.
    KeyStore(home).pseudonym_key("default")
    options, mine = attempt("unbroken")
    code, steps = start(options, mine)
    assert code == 0
    expected = content(tmp_path / "unbroken", mine)
    expected_files = files(tmp_path / "unbroken")
    assert len(expected[0][0]) == 4
    assert steps > 50
    print(f"{steps} durable steps")

    chosen = range(steps)
    if _SHARE > 1:
        chosen = sorted(random.Random(_SEED).sample(range(steps), steps // _SHARE))
    for step in chosen:
        options, mine = attempt(f"k{step}")
        code, _ = start(options, mine, step=step)
        assert code == -9, f"was not killed at step {step}"
        code, _ = start(options, mine, resume=True)
        assert code == 0, f"resume after step {step} failed"
        dataset = tmp_path / f"k{step}"
        rows, statements = content(dataset, mine)
        assert rows == expected[0], f"rows differ after step {step}"
        kinds = [kind for kind, _ in statements]
        ids = [identifier for _, identifier in statements]
        assert sorted(kinds) == sorted(kind for kind, _ in expected[1]), f"step {step}"
        assert len(set(ids)) == len(ids), f"a statement twice after step {step}"
        assert not (dataset / ".runs").exists()
        assert not list(dataset.rglob(".tmp-*"))
        assert len(files(dataset)) == len(expected_files), f"stray files after step {step}"
        assert verify_dataset(str(dataset), KeyStore(mine)).state == "intact"
        shutil.rmtree(dataset)
