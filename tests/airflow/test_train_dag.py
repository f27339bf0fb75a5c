"""Training through Airflow: a published dataset wakes it once, three local parties train."""

import json
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("run_training.py")
NAME = "zebulon-quill"
ROWS = 60

# One process runs Airflow at a time; it also forks three parties.
pytestmark = pytest.mark.xdist_group("dag_runs")


@pytest.fixture(scope="module")
def outcome(deployment):
    """What came of one ingest of labelled texts, and of the run that its event woke."""
    rows = [
        {
            "id": f"{NAME}-{number}",
            "text": f"the {'pump leaks water' if number % 2 else 'lamp gives light'} {number % 7}",
            "label": "water" if number % 2 else "light",
        }
        for number in range(ROWS)
    ]
    (deployment.folder / "in.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (deployment.folder / "spec.json").write_text(json.dumps({"d": 16, "scale_bits": 12}))
    (deployment.folder / "standing.toml").write_text(
        f"input = [{json.dumps(str(deployment.folder / 'in.jsonl'))}]\n"
        f"output = {json.dumps(str(deployment.folder / 'texts'))}\n"
        'ner = "none"\nlabel_column = "label"\n'
        "[train]\n"
        f"spec = {json.dumps(str(deployment.folder / 'spec.json'))}\n"
        "assume_range = true\nepochs = 4\nbatch_rows = 16\n",
        encoding="utf-8",
    )
    lines = deployment.python(PROGRAM).splitlines()
    return json.loads(next(e for e in lines if e.startswith("OUTCOME "))[len("OUTCOME ") :])


def xcom(outcome, task):
    """What a task returned; it ran once."""
    (value,) = [v for name, key, v in outcome["xcoms"] if (name, key) == (task, "return_value")]
    return value


def test_the_published_dataset_wakes_training_exactly_once(outcome):
    assert outcome["runs"] == [["asset_triggered", "success"]], outcome["tasks"]
    assert xcom(outcome, "announce_dataset") == [1]


def test_every_party_was_a_task_and_all_finished(outcome):
    told = [xcom(outcome, f"party_{number}") for number in (1, 2, 3)]
    assert [party["party"] for party in told] == ["party-1", "party-2", "party-3"]
    assert [party["present"] for party in told] == [[1, 2, 3]] * 3
    assert {party["epochs"] for party in told} == {4}
    names = ["party-1", "party-2", "party-3"]
    assert xcom(outcome, "await_parties") == {"finished": names, "missing": []}


def test_the_card_is_beside_the_rows_and_its_digest_in_their_log(deployment, outcome):
    from audit_ledger import Log
    from redactory.canonical import sha256_hex

    recorded = xcom(outcome, "record_model")
    features = deployment.folder / "texts.features"
    raw = (features / "cards" / f"{recorded['job']}.json").read_bytes()
    assert sha256_hex(raw) == recorded["card_sha256"]
    card = json.loads(raw)
    assert card["simulation"]
    assert card["model_id"] == recorded["model_id"] != ""
    assert [sorted(entry) for entry in card["history"]] == [["epoch", "squared_error"]] * 4
    assert card["metrics"]["accuracy"] > 0.8
    page = (features / "cards" / f"{recorded['job']}.html").read_text(encoding="utf-8")
    assert "<polyline" in page
    entries = list(Log.open(features / "ledger").entries())
    assert [e.kind for e in entries if e.kind in ("dealt", "trained")] == ["dealt", "trained"]
    statement = next(e.statement for e in entries if e.kind == "trained")
    assert statement.body.card_sha256 == recorded["card_sha256"]
    assert statement.predicate.run.dag_id == "redactory_train"
    assert recorded in outcome["events"]


def test_the_model_is_its_recipients_alone(deployment, outcome):
    (model,) = (deployment.folder / "texts.features.models").iterdir()
    assert model.stat().st_mode & 0o777 == 0o700
    trained = json.loads((model / "trained.json").read_bytes())
    assert trained["job"] == xcom(outcome, "reveal")["job"]
    weights = {str(value) for row in trained["layers"][0] for value in row if abs(value) > 99}
    assert not weights & {str(value) for value in _leaves(outcome["xcoms"])}


def test_nothing_of_a_record_is_in_the_database(deployment, outcome):
    assert outcome["runs"]
    for file in (deployment.folder / "airflow").rglob("*"):
        if file.is_file():
            assert NAME.encode() not in file.read_bytes(), file.name


def _leaves(value):
    if isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    else:
        yield value
