"""The whole pipeline with its log in a database: run, run again, read, verify, evidence."""

import threading

import pytest

from audit_ledger import Log, verify_log
from redactory.bundle_check import verify_bundle
from redactory.exclusive import one_writer
from redactory.reading import Trust, open_verified
from redactory.trust import Expectations, TrustStore
from redactory.verification import verify_dataset


@pytest.fixture
def ran(database, tmp_path, run_pipeline, monkeypatch):
    monkeypatch.setenv("REDACTORY_HOME", str(tmp_path / "home"))
    return run_pipeline(tmp_path, ledger=database)


def test_a_run_with_its_log_in_a_database(database, tmp_path, run_pipeline, ran):
    dataset, keys = ran
    kinds = [entry.kind for entry in Log.open(database).entries()]
    assert kinds[-1] == "published"
    assert not (dataset / "ledger").exists()
    run_pipeline(tmp_path, ledger=database)  # nothing new
    assert [entry.kind for entry in Log.open(database).entries()] == kinds
    verdict = verify_dataset(str(dataset), keys, ledger=database)
    assert verdict.state == "intact", verdict.problems
    opened = open_verified(str(dataset), Trust(ledger=database))
    assert len(list(opened.rows())) == 20
    assert [entry.kind for entry in Log.open(database).entries()] == [*kinds, "unwrapped"]
    shard = next((dataset / "shards").iterdir())
    shard.write_bytes(shard.read_bytes()[:-1])
    assert verify_dataset(str(dataset), keys, ledger=database).state == "broken"


def test_evidence_from_a_database(database, tmp_path, ran):
    from redactory.bundle import write_bundle
    from redactory.evidence_writing import gather_attachments
    from redactory.trust import check_log

    dataset, keys = ran
    store = TrustStore(keys.folder / "trust")
    checked = check_log(database, store)
    attachments = gather_attachments(str(dataset), checked)
    target = tmp_path / "evidence.zip"
    write_bundle(target, database, checked.log, checked.verdict, attachments)
    verdict = verify_bundle(str(target), store, Expectations())
    assert verdict.state == "intact", verdict.problems


def test_one_at_a_time_beside_the_log(database, ran, signer):
    """The lock around several appends keeps others out of itself, not out of the log."""
    order = []
    inside = threading.Event()

    def other():
        inside.wait()
        with one_writer(database):
            order.append("other")

    thread = threading.Thread(target=other)
    thread.start()
    with one_writer(database):
        inside.set()
        assert verify_log(database).ok
        thread.join(0.3)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]
