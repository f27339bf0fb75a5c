"""Another policy over the same sources: new shards in force, the old ones superseded."""

import json

import pytest

from redactory.errors import InputError
from redactory.keys import KeyStore
from redactory.reading import Trust, describe, open_verified
from redactory.reprocessing import reprocess_config
from redactory.verification import verify_dataset


@pytest.fixture
def first(sealed, tmp_path):
    sealed(policy="gdpr")
    return tmp_path / "out"


def texts(path):
    return " ".join(row["text"] for row in open_verified(str(path), Trust()).rows())


def test_the_new_policy_is_in_force_and_the_old_shards_are_superseded(first, command, own_home):
    assert "<EMAIL_ADDRESS:" in texts(first)
    options = ["--subject", "who", "--ner", "none"]
    done = command("dataset", "reprocess", first, "--policy", "llm-corpus", *options, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["records_in"] == 5
    assert "<EMAIL_ADDRESS" not in texts(first)
    assert "@example." in texts(first)
    facts = describe(str(first), Trust())
    assert [run["policy"] for run in facts["runs"]] == ["gdpr 1.2.0", "llm-corpus 1.0.0"]
    assert facts["runs"][1]["supersedes"] == 1
    assert facts["rows"] == 5
    assert verify_dataset(str(first), KeyStore(own_home)).state == "intact"
    again = command("dataset", "reprocess", first, "--policy", "llm-corpus", *options, "--json")
    assert not json.loads(again.stdout)["new"]


def test_a_column_that_the_dataset_does_not_name_is_asked_for(dataset, command):
    path = dataset(policy="gdpr")
    with pytest.raises(InputError, match="subject column"):
        reprocess_config(str(path), Trust(), {"policy": "pipl"})
    done = command("dataset", "reprocess", path, "--policy", "pipl")
    assert done.returncode == 2
    assert "--subject" in done.stderr


def test_sources_that_are_gone_leave_the_dataset_as_it_is(first, people, command):
    before = texts(first)
    people.unlink()
    done = command("dataset", "reprocess", first, "-p", "pipl", "--subject", "who", "--ner", "none")
    assert done.returncode == 2
    assert texts(first) == before


def test_a_wrong_policy_is_refused(first, command):
    done = command("dataset", "reprocess", first, "-p", "nope", "--subject", "who")
    assert done.returncode == 4
