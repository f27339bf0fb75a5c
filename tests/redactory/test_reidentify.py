"""The identity map: sealed apart, opened on record only, exact."""

import json
import shutil
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from audit_ledger import Log
from redactory.cli.app import app
from redactory.errors import InputError, KeyringError
from redactory.keys import KeyStore
from redactory.reading import Trust, open_verified
from redactory.reidentify import Wanted, identity_path, map_identity, reidentify
from redactory.verification import verify_dataset


@pytest.fixture
def mapped(dataset):
    """A dataset with an identity map, by a policy that leaves nothing of a value."""
    return dataset(identity_map=True, policy="hipaa-safe-harbor")


def undone(path, **options):
    trust = Trust()
    return list(reidentify(str(path), trust, map_identity(trust, None), purpose="test", **options))


def kinds(path):
    return [entry.statement.kind for entry in Log.open(path / "ledger").entries()]


def test_every_record_comes_back_as_it_was(mapped, people):
    given = sorted(json.loads(line)["text"] for line in people.read_text("utf-8").splitlines())
    released = [row["text"] for row in open_verified(str(mapped), Trust()).rows()]
    assert "jane.roe@example.com" not in " ".join(released)
    assert sorted(row["text"] for row in undone(mapped)) == given


@pytest.mark.parametrize("policy", ["gdpr", "llm-corpus"])
def test_surrogates_and_tokens_come_back_too(dataset, people, policy):
    path = dataset(identity_map=True, policy=policy, rows_per_shard=2)
    given = sorted(json.loads(line)["text"] for line in people.read_text("utf-8").splitlines())
    assert sorted(row["text"] for row in undone(path)) == given


def test_the_log_has_it_before_anything_is_opened(mapped):
    before = len(kinds(mapped))
    undone(mapped)
    assert kinds(mapped)[before:] == ["reidentified", "unwrapped", "unwrapped"]
    entry = [e for e in Log.open(mapped / "ledger").entries() if e.statement.kind == "reidentified"]
    assert entry[0].statement.body.purpose == "test"
    assert entry[0].statement.body.what == "all"


def test_only_the_wanted_records_come_back(mapped):
    rows = list(open_verified(str(mapped), Trust()).rows())
    one = undone(mapped, wanted=Wanted(record=rows[0]["record_id"]))
    assert [row["record_id"] for row in one] == [rows[0]["record_id"]]
    jane = next(row["subject"] for row in undone(mapped) if "jane" in row["text"])
    assert len(undone(mapped, wanted=Wanted(subject=jane))) == 2
    with pytest.raises(InputError, match="no such record"):
        undone(mapped, wanted=Wanted(record="nobody"))


def test_a_record_and_a_subject_may_be_named_as_in_the_source(mapped):
    def told(*arguments):
        named = ["reidentify", str(mapped), "--purpose", "access", *arguments, "--json"]
        done = CliRunner().invoke(app, named)
        return json.loads(done.stdout) if done.exit_code == 0 else done.exception

    [one] = told("--record", "n-1", "--as-in-source")
    assert one["text"].startswith("Jane Roe wrote")
    assert len(told("--subject", "p-1", "--as-in-source")) == 2
    assert isinstance(told("--subject", "p-1"), InputError)


def test_the_data_key_does_not_open_the_map(mapped, own_home):
    trust = Trust()
    reader = KeyStore(own_home).identity("reader")
    with pytest.raises(KeyringError):
        list(reidentify(str(mapped), trust, reader, purpose="test"))


def test_a_map_for_readers_of_the_data_is_refused(sealed, own_home):
    reader = str(own_home / "keys" / "reader.pub.pem")
    with pytest.raises(KeyringError, match="also opens the data"):
        sealed(identity_map=True, identity_recipients=[reader])


def test_without_the_log_key_nothing_is_undone(mapped, own_home):
    before = kinds(mapped)
    (own_home / "keys" / "log.pem").unlink()
    with pytest.raises(KeyringError, match="log key"):
        undone(mapped)
    assert kinds(mapped) == before


def test_a_dataset_without_a_map_says_so(dataset):
    path = dataset()
    with pytest.raises(InputError, match=r"identity map|no dataset"):
        undone(path)


def test_map_and_data_verify_and_hold_no_value_in_the_clear(mapped, own_home):
    keys = KeyStore(own_home)
    ledger = str(mapped / "ledger")
    assert verify_dataset(str(mapped), keys).state == "intact"
    assert verify_dataset(identity_path(str(mapped)), keys, ledger=ledger).state == "intact"
    for file in mapped.rglob("*"):
        if file.is_file():
            raw = file.read_bytes()
            assert b"jane.roe" not in raw
            assert "王小明".encode() not in raw


def test_a_second_run_adopts_data_and_map_and_makes_again_what_is_lost(sealed, tmp_path):
    sealed(identity_map=True)
    assert not sealed(identity_map=True).published.new
    for file in (tmp_path / "out" / "identity" / "shards").iterdir():
        file.unlink()
    sealed(identity_map=True)
    assert len(undone(tmp_path / "out")) == 5


def test_the_command_and_the_custodians(mapped, command, own_home, tmp_path):
    assert (
        command(
            "keys",
            "split",
            "identity",
            "--shares",
            3,
            "--threshold",
            2,
            "-o",
            tmp_path / "sheets",
            "--remove",
        ).returncode
        == 0
    )
    shares = sorted((tmp_path / "sheets").glob("identity-share-*.json"))
    options = ["--purpose", "complaint", "-o", tmp_path / "back.jsonl"]
    few = command("reidentify", mapped, "--share", shares[0], *options)
    assert few.returncode == 5
    done = command("reidentify", mapped, "--share", shares[0], "--share", shares[2], *options)
    assert done.returncode == 0, done.stderr
    assert "jane.roe@example.com" in (tmp_path / "back.jsonl").read_text()
    assert "jane" not in done.stdout + done.stderr
    shutil.rmtree(own_home / "trust")
    assert (
        command(
            "reidentify", mapped, "--share", shares[0], "--share", shares[1], *options
        ).returncode
        == 5
    )


def test_undoing_and_erasing_need_nothing_that_detection_needs():
    heavy = "{'regex', 'spacy', 'presidio_analyzer', 'presidio_anonymizer', 'onnxruntime'}"
    look = f"assert not {heavy} & {{*sys.modules}}"
    code = f"import sys, redactory.reidentify, redactory.erasing; {look}"
    subprocess.run([sys.executable, "-c", code], check=True)
