"""The predict DAG on SQLite: labels with proofs for new rows, and what is on record then."""

import json
from pathlib import Path

import pytest

from redactory.keys import KeyStore
from redactory.proving_audit import audit_dataset
from redactory.reading import Trust, checked_head

PROGRAM = Path(__file__).with_name("run_predict.py")
CANARY = b"canary-1618033988"
STEPS = ("update_features", "predict", "verify_proofs")

# Airflow's databases are made once for the tests of this group.
pytestmark = pytest.mark.xdist_group("dag_runs")


@pytest.fixture(scope="module")
def outcomes(deployment):
    """Before there is anything; five rows; nothing new; two rows more."""
    place = deployment.folder
    (place / "standing.toml").write_text(
        f"input = []\noutput = {json.dumps(str(place / 'notes'))}\n[predict]\n", encoding="utf-8"
    )
    lines = deployment.python(PROGRAM, place).splitlines()
    return [json.loads(line[len("OUTCOME ") :]) for line in lines if line.startswith("OUTCOME ")]


@pytest.fixture
def entries(deployment, outcomes, monkeypatch):
    """The statements in the log of the features."""
    assert outcomes
    monkeypatch.setenv("REDACTORY_HOME", str(deployment.folder / "home"))
    monkeypatch.delenv("REDACTORY_PASSPHRASE_FILE", raising=False)
    checked, _ = checked_head(str(deployment.folder / "notes.features"), Trust(), KeyStore())
    return list(checked.log.entries())


def test_without_features_there_is_nothing_to_do(outcomes):
    assert set(outcomes[0]["tasks"].values()) == {"skipped"}
    assert outcomes[0]["xcoms"] == {}


def test_all_rows_are_predicted_on_and_verified(outcomes):
    first = outcomes[1]
    assert first["tasks"] == dict.fromkeys(STEPS, "success")
    assert first["xcoms"]["predict"]["rows"] == first["xcoms"]["verify_proofs"]["rows"] == 5
    assert first["xcoms"]["predict"]["shards"] == first["xcoms"]["verify_proofs"]["proofs"] == 2


def test_nothing_new_is_no_failure_and_leaves_nothing(outcomes):
    again = outcomes[2]
    assert again["state"] == "success"
    assert [again["tasks"][step] for step in STEPS] == ["success", "skipped", "skipped"]
    assert set(again["xcoms"]) == {"update_features"}


def test_new_rows_alone_are_predicted_on(outcomes):
    grown = outcomes[3]
    assert grown["xcoms"]["update_features"]["made"] == 1
    assert (grown["xcoms"]["predict"]["rows"], grown["xcoms"]["predict"]["shards"]) == (2, 1)
    assert grown["tasks"] == dict.fromkeys(STEPS, "success")


def test_predictions_and_verdicts_are_on_record(entries, outcomes):
    runs = [outcomes[n]["xcoms"]["predict"]["run"] for n in (1, 3)]
    predicted = [one.statement for one in entries if one.kind == "predicted"]
    assert [one.body.prediction_run for one in predicted] == [runs[0], runs[0], runs[1]]
    verified = [one.statement for one in entries if one.kind == "verified"]
    assert [one.body.verdict for one in verified] == ["proofs-hold"] * 2
    actors = {one.predicate.actor.kind for one in [*predicted, *verified]}
    assert actors == {"airflow"}


def test_anybody_can_check_them_again(deployment, entries):
    assert entries
    verdict = audit_dataset(str(deployment.folder / "notes.features"), Trust())
    assert verdict.ok
    assert sum(one.rows for one in verdict.findings) == 7


def test_labels_are_kept_by_run_and_shard_for_their_owner(deployment, outcomes):
    place = deployment.folder / "notes.features.labels"
    found = {}
    for run in place.iterdir():
        assert run.stat().st_mode & 0o077 == 0
        lines = [line for file in run.iterdir() for line in file.read_text().splitlines()]
        found[run.name] = [json.loads(line) for line in lines]
    runs = [outcomes[n]["xcoms"]["predict"]["run"] for n in (1, 3)]
    assert {run: len(lines) for run, lines in found.items()} == {runs[0]: 5, runs[1]: 2}
    assert all(set(line) == {"label", "record_id"} for lines in found.values() for line in lines)


def test_neither_airflow_nor_what_is_published_holds_a_text(deployment, entries):
    assert entries
    for place in ("airflow", "notes.features", "notes.features.labels"):
        for file in (deployment.folder / place).rglob("*"):
            assert not file.is_file() or CANARY not in file.read_bytes(), file.name
    assert CANARY not in (deployment.folder / "output.log").read_bytes()


def test_a_dataset_and_a_model_wake_it(outcomes):
    assert outcomes[0]["woken_by"] == ["sealed_dataset", "trained_model"]
