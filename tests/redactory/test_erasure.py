"""Erasing a subject: its entries are gone for good, the others' stay, and the log says so."""

import json

import pytest
from typer.testing import CliRunner

from audit_ledger import Log
from redactory.cli.app import app
from redactory.erasing import erase_subject
from redactory.errors import InputError, KeyringError
from redactory.keys import KeyStore
from redactory.reading import Trust, open_verified
from redactory.reidentify import Wanted, identity_path, map_identity, reidentify
from redactory.verification import verify_dataset


@pytest.fixture
def mapped(dataset):
    return dataset(identity_map=True, policy="gdpr", rows_per_shard=2)


def undone(path, **options):
    trust = Trust()
    rows = reidentify(str(path), trust, map_identity(trust, None), purpose="test", **options)
    return {row["record_id"]: row for row in rows}


def subject_of(path, word):
    return next(row["subject"] for row in undone(path).values() if word in row["text"])


def erase(path, *subjects):
    trust = Trust()
    return erase_subject(str(path), trust, map_identity(trust, None), subjects)


def test_the_subject_is_gone_and_the_others_stay(mapped, own_home):
    jane = subject_of(mapped, "jane.roe")
    before = undone(mapped)
    old = {file.name for file in (mapped / "identity" / "shards").iterdir()}
    done = erase(mapped, jane)
    assert done.entries > 0
    assert done.shards == len(done.gone) == len(done.new)
    after = undone(mapped)
    released = {r["record_id"]: r for r in open_verified(str(mapped), Trust()).rows()}
    for record, row in after.items():
        mine = row["subject"] == jane
        assert row["text"] == (released if mine else before)[record]["text"]
    assert "jane.roe" not in json.dumps(list(after.values()))
    gone = {name for name in old if not (mapped / "identity" / "shards" / name).exists()}
    assert len(gone) == done.shards
    ledger = str(mapped / "ledger")
    keys = KeyStore(own_home)
    assert verify_dataset(str(mapped), keys).state == "intact"
    assert verify_dataset(identity_path(str(mapped)), keys, ledger=ledger).state == "intact"


def test_the_log_states_erasure_new_versions_and_the_end_of_the_old(mapped):
    jane = subject_of(mapped, "jane.roe")
    before = Log.open(mapped / "ledger").checkpoint.size
    done = erase(mapped, jane)
    told = [e.statement for e in Log.open(mapped / "ledger").entries(before)]
    assert [s.kind for s in told][:2] == ["unwrapped", "erased"]
    assert sorted(s.kind for s in told[2:]) == sorted(["sealed"] * done.shards + ["shredded"])
    assert told[1].body.entries == done.entries
    assert jane not in json.dumps([s.model_dump(mode="json") for s in told])


def test_a_subject_may_be_named_as_in_the_source(mapped):
    named = ["erase-subject", str(mapped), "--subject", "p-1", "--yes"]
    assert isinstance(CliRunner().invoke(app, named).exception, InputError)
    done = CliRunner().invoke(app, [*named, "--as-in-source", "--json"])
    assert json.loads(done.stdout)["entries"] > 0
    assert "jane.roe" not in json.dumps(list(undone(mapped).values()))


def test_an_unknown_subject_changes_nothing(mapped):
    before = undone(mapped)
    with pytest.raises(InputError, match="no such subject"):
        erase(mapped, "nobody")
    assert undone(mapped) == before


def test_without_the_log_key_nothing_changes(mapped, own_home):
    jane = subject_of(mapped, "jane.roe")
    files = sorted(p for p in mapped.rglob("*") if p.is_file())
    (own_home / "keys" / "log.pem").unlink()
    with pytest.raises(KeyringError, match="log key"):
        erase(mapped, jane)
    assert sorted(p for p in mapped.rglob("*") if p.is_file()) == files


def test_a_crash_before_the_log_leaves_the_old_map(mapped, monkeypatch):
    from redactory.erasing import ErasureLog

    jane = subject_of(mapped, "jane.roe")
    before = undone(mapped)

    def crash(self, batch):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(ErasureLog, "resealed", crash)
        with pytest.raises(KeyboardInterrupt):
            erase(mapped, jane)
    assert undone(mapped) == before
    assert erase(mapped, jane).entries > 0


def test_a_run_after_an_erasure_does_not_bring_it_back(sealed, tmp_path):
    sealed(identity_map=True)
    jane = subject_of(tmp_path / "out", "jane.roe")
    erase(tmp_path / "out", jane)
    sealed(identity_map=True)
    rows = undone(tmp_path / "out", wanted=Wanted(subject=jane))
    assert "jane.roe" not in json.dumps(list(rows.values()))


def test_the_command_asks_first(mapped, command):
    jane = subject_of(mapped, "jane.roe")
    assert command("erase-subject", mapped).returncode == 2
    assert command("erase-subject", mapped, "--subject", jane).returncode == 2
    done = command("erase-subject", mapped, "--subject", jane, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["entries"] > 0
