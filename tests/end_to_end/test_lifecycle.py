"""Grant, revoke, rotate, reseal, shred: what they do, and kill −9 at every durable step."""

import importlib.util
import json
import multiprocessing
import os
import random
import shutil
import sys
from pathlib import Path

import pytest

from audit_ledger import Log, verify_log
from redactory.canonical import sha256_hex
from redactory.errors import InputError, IntegrityError, KeyringError, LedgerError
from redactory.keys import KeyStore
from redactory.lifecycle import finish_changes, grant, reseal_shards, revoke, rotate, shred
from redactory.reading import Trust, describe, open_verified
from redactory.retention import retention
from redactory.verification import verify_dataset

ROWS = 9
CHANGES = ["grant", "rotate", "revoke", "reseal", "shred"]
_SHARE = 1 if os.environ.get("REDACTORY_FULL") else 12  # every step in full
_SEED = 20261123


@pytest.fixture(scope="module")
def made(tmp_path_factory, _key_pairs):
    """A dataset of three shards, one quarantine shard and a source list; the home that made it."""
    from redactory.config import RunConfig
    from redactory.pipeline.run import run
    from redactory.pipeline.setup import RunSetup

    folder = tmp_path_factory.mktemp("life")
    home = folder / "home"
    shutil.copytree(_key_pairs, home)
    keys = KeyStore(home)
    keys.create_reader("bob", bits=3072)
    source = folder / "in.jsonl"
    records = [{"id": str(n), "text": f"note {n}"} for n in range(ROWS)]
    source.write_text("not json\n" + "".join(json.dumps(r) + "\n" for r in records), "utf-8")
    config = {"input": [str(source)], "output": str(folder / "out"), "rows_per_shard": 4}
    run(RunSetup(RunConfig.parse(config | {"max_quarantine_share": 0.5}), keys))
    return folder


@pytest.fixture
def place(made, tmp_path, monkeypatch):
    """A copy of them to change."""
    shutil.copytree(made / "out", tmp_path / "out")
    shutil.copytree(made / "home", tmp_path / "home")
    monkeypatch.setenv("REDACTORY_HOME", str(tmp_path / "home"))
    return tmp_path / "out"


@pytest.fixture
def keys(place):
    return KeyStore(place.parent / "home")


@pytest.fixture
def reads(place):
    """How many rows a key reads; None if it cannot."""

    def go(name, **options):
        key = str(place.parent / "home" / "keys" / f"{name}.pem")
        try:
            return len(list(open_verified(str(place), Trust(), key_file=key, **options).rows()))
        except KeyringError:
            return None

    return go


@pytest.fixture
def state(place, keys):
    return lambda: verify_dataset(str(place), keys)


def ciphertexts(place, area="shards"):
    return {path.name: sha256_hex(path.read_bytes()) for path in (place / area).iterdir()}


def test_grant_rotate_and_revoke_leave_the_shards_alone(place, keys, reads, state):
    before = ciphertexts(place)
    reader, bob = keys.identity("reader"), keys.recipient("bob")
    assert (reads("reader"), reads("bob")) == (ROWS, None)
    assert grant(str(place), Trust(), reader, [bob]).shards == 3
    assert (reads("reader"), reads("bob")) == (ROWS, ROWS)
    assert grant(str(place), Trust(), reader, [bob]).shards == 0
    done = revoke(str(place), Trust(), [reader.kid])
    assert (done.shards, done.lost) == (3, (reader.kid,))
    assert (reads("reader"), reads("bob")) == (None, ROWS)
    done = rotate(str(place), Trust(), keys.identity("bob"), keys.recipient("reader"))
    assert (done.shards, done.lost) == (3, (bob.kid,))
    assert (reads("reader"), reads("bob")) == (ROWS, None)
    assert ciphertexts(place) == before
    assert state().state == "intact"


def test_who_stays_keeps_the_very_bytes_of_the_wrap(place, keys):
    def wraps(kid):
        return [
            json.loads(path.read_bytes()).get(kid) for path in sorted((place / "wraps").iterdir())
        ]

    reader = keys.identity("reader")
    before = wraps(reader.kid)
    grant(str(place), Trust(), reader, [keys.recipient("bob")])
    assert wraps(reader.kid) == before


def test_one_shard_and_the_quarantine(place, keys, reads, state):
    shard = describe(str(place), Trust())["shards"][0]
    bob, officer = keys.recipient("bob"), keys.identity("quarantine")
    done = grant(str(place), Trust(), keys.identity("reader"), [bob], shard=shard["shard"])
    assert done.shards == 1
    assert reads("bob", shard=shard["shard"]) == shard["rows"]
    assert reads("bob") is None
    areas = ("quarantine", "sources")
    assert grant(str(place), Trust(), officer, [bob], areas=areas).shards == 2
    assert reads("bob", area="quarantine") == 1
    assert state().state == "intact"
    with pytest.raises(InputError, match="no such shard"):
        grant(str(place), Trust(), officer, [bob], shard="0" * 32)


def test_what_may_not_be(place, keys, reads, state):
    reader, bob = keys.identity("reader"), keys.identity("bob")
    with pytest.raises(KeyringError, match="is not sealed for you"):
        grant(str(place), Trust(), bob, [bob.recipient])
    with pytest.raises(KeyringError, match="nobody could open"):
        revoke(str(place), Trust(), [reader.kid])
    with pytest.raises(KeyringError, match="the new key is the old one"):
        rotate(str(place), Trust(), reader, reader.recipient)
    assert revoke(str(place), Trust(), [bob.kid]).shards == 0
    with pytest.raises(InputError, match="no such run"):
        shred(str(place), Trust(), run="never")
    (place.parent / "home" / "keys" / "log.pem").unlink()
    with pytest.raises(KeyringError, match="log key is not here"):
        grant(str(place), Trust(), reader, [bob.recipient])
    assert state().problems == []
    with pytest.raises(LedgerError, match="no ledger here"):
        shred(str(place), Trust(ledger=str(place / "none")))


def test_reseal_makes_new_versions_and_destroys_the_old(place, keys, reads, state, tmp_path):
    old, wraps = ciphertexts(place), tmp_path / "wraps"
    shutil.copytree(place / "wraps", wraps)
    done = reseal_shards(str(place), Trust(), keys.identity("reader"), [keys.recipient("bob")])
    assert done.shards == 3
    assert (reads("reader"), reads("bob")) == (None, ROWS)
    assert not old.keys() & ciphertexts(place).keys()
    assert {s["version"] for s in describe(str(place), Trust())["shards"]} == {2}
    assert state().state == "intact"
    assert not (place / ".changes").exists()
    log = Log.open(place / "ledger")
    (facts,) = retention(log.entries(), verify_log(place / "ledger"))["datasets"]
    assert (facts["shards"], facts["shredded_shards"]) == (3, 0), "the rows live on"
    assert [(r["key"], r["shards"]) for r in facts["readers"] if r["area"] == "data"] == [
        (keys.recipient("bob").kid, 3)
    ]
    for stolen in wraps.iterdir():
        shutil.copy(stolen, place / "wraps")
    assert {what for _, what in state().problems} == {
        "was shredded on record, and its keys are still here: the shred is unfinished"
    }
    assert finish_changes(str(place), Trust()).settled
    assert state().state == "intact"


def test_shred_a_shard_then_a_run(place, keys, reads, state):
    shards = describe(str(place), Trust())["shards"]
    assert shred(str(place), Trust(), shard=shards[0]["shard"]).shards == 1
    assert state().state == "intact"
    assert reads("reader") == ROWS - shards[0]["rows"]
    opened = open_verified(str(place), Trust()).dataset
    assert opened.shredded == (shards[0]["shard"],)
    assert reads("reader", shard=shards[0]["shard"]) is None
    assert [s["state"] for s in describe(str(place), Trust())["shards"]].count("shredded") == 1
    facts, shown = state().facts, describe(str(place), Trust())
    left = (ROWS - shards[0]["rows"], shards[0]["rows"])
    assert (
        (facts["rows"], facts["shredded_rows"]) == (shown["rows"], shown["shredded_rows"]) == left
    )
    assert facts["shredded_shards"] == 1
    run = shown["runs"][0]["run_id"]
    assert shred(str(place), Trust(), run=run).shards == 4
    assert (reads("reader"), reads("quarantine", area="quarantine")) == (0, 0)
    assert not list(place.glob("shards/*.parquet"))
    assert {path.read_bytes() for path in place.rglob("wraps/*")} == {b"{}"}
    assert state().state == "intact"
    assert shred(str(place), Trust()).shards == 0


def test_wraps_put_back_after_a_shred(place, keys, state, tmp_path):
    wraps = tmp_path / "wraps"
    shutil.copytree(place / "wraps", wraps)
    shred(str(place), Trust())
    for stolen in wraps.iterdir():
        shutil.copy(stolen, place / "wraps")
    assert len(state().problems) == 3
    with pytest.raises(IntegrityError, match="keys are still here"):
        open_verified(str(place), Trust())
    finish_changes(str(place), Trust())
    assert state().state == "intact"
    assert not list(open_verified(str(place), Trust()).rows())


def test_commands(place, cli, keys, monkeypatch):
    monkeypatch.setenv("REDACTORY_HOME", str(place.parent / "home"))
    pem = place.parent / "home" / "keys" / "bob.pub.pem"

    def go(*arguments):
        done = cli("dataset", *arguments, REDACTORY_HOME=str(place.parent / "home"))
        assert done.returncode == 0, done.stderr
        return done.stderr + done.stdout

    assert "3 shards granted" in go("grant", place, "--recipient", pem)
    assert "3 shards revoked" in go("revoke", place, "--recipient", "bob")
    assert "no shard was sealed for that key" in go("revoke", place, "--recipient", "bob")
    assert "3 shards rotated" in go("rotate", place, "--to", "bob")
    private = place.parent / "home" / "keys" / "bob.pem"
    told = go("reseal", place, "--key", private, "--recipient", "reader", "--json")
    assert json.loads(told.splitlines()[-1]) == {"shards": 3, "lost": [], "settled": []}
    assert "nothing is unfinished" in go("settle", place)
    assert "5 shards shredded" in go("shred", place, "--all", "--yes")
    assert "shredded" in go("show", place)
    for wrong in (("shred", place), ("shred", place, "--all"), ("grant", place), ("revoke", place)):
        done = cli("dataset", *wrong, REDACTORY_HOME=str(place.parent / "home"))
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)


@pytest.fixture(scope="module")
def start():
    """Runs one change in a process of its own."""
    folder = str(Path(__file__).parent)
    sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location("killed_change", Path(folder, "killed_change.py"))
    module = sys.modules["killed_change"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["redactory.lifecycle", "redactory.pipeline.run"])

    def go(kind, dataset, home, step=-1):
        counted = home / "counted"
        target = (kind, str(dataset), str(home), step, str(counted))
        process = context.Process(target=module.work, args=target)
        process.start()
        process.join()
        steps = int(counted.read_text()) if counted.exists() else 0
        counted.unlink(missing_ok=True)
        return process.exitcode, steps

    yield go
    sys.path.remove(folder)


AFTER = {  # what the reader and bob read before, and after the change
    "grant": ((ROWS, None), (ROWS, ROWS)),
    "rotate": ((ROWS, None), (None, ROWS)),
    "revoke": ((ROWS, ROWS), (None, ROWS)),
    "reseal": ((ROWS, None), (None, ROWS)),
    "shred": ((ROWS, None), (0, 0)),
}


UNFINISHED = ("unfinished", "not finished", "redactory dataset settle", "interrupted append")


@pytest.mark.xdist_group("killed_change")
@pytest.mark.parametrize("kind", CHANGES)
def test_killed_at_any_durable_step(made, tmp_path, monkeypatch, start, kind):
    def fresh(name):
        shutil.copytree(made / "out", tmp_path / name)
        shutil.copytree(made / "home", tmp_path / f"{name}-home")
        monkeypatch.setenv("REDACTORY_HOME", str(tmp_path / f"{name}-home"))
        dataset, home = tmp_path / name, tmp_path / f"{name}-home"
        if kind == "revoke":
            keys = KeyStore(home)
            grant(str(dataset), Trust(), keys.identity("reader"), [keys.recipient("bob")])
        return dataset, home

    def read_by(dataset, home, name):
        try:
            key = str(home / "keys" / f"{name}.pem")
            return len(list(open_verified(str(dataset), Trust(), key_file=key).rows()))
        except KeyringError:
            return None

    dataset, home = fresh("unbroken")
    code, steps = start(kind, dataset, home)
    assert code == 0
    before, after = AFTER[kind]
    assert (read_by(dataset, home, "reader"), read_by(dataset, home, "bob")) == after
    chosen = range(steps)
    if _SHARE > 1:
        chosen = sorted(random.Random(_SEED).sample(chosen, max(3, steps // _SHARE)))
    met = set()
    for step in chosen:
        dataset, home = fresh(f"killed-{step}")
        code, _ = start(kind, dataset, home, step)
        assert code == -9, step
        verdict = verify_dataset(str(dataset), KeyStore(home))
        said = {what for _, what in verdict.problems}
        assert all(any(word in what for word in UNFINISHED) for what in said), (step, said)
        finish_changes(str(dataset), Trust())
        assert verify_dataset(str(dataset), KeyStore(home)).problems == [], step
        now = (read_by(dataset, home, "reader"), read_by(dataset, home, "bob"))
        assert now in (before, after), step
        met.add(now)
        shutil.rmtree(dataset)
    if _SHARE == 1:
        assert met == {before, after}
