"""The real DAGs on SQLite, from the repository-root bundle, in an Airflow home of their own."""

import json
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("run_dags.py")
NAME = "zebulon-quill"
MAIL = "zebulon.quill@example.com"
CARD = "4111 1111 1111 1111"
RECORDS = 12

# One Airflow database serves all of these tests.
pytestmark = pytest.mark.xdist_group("dag_runs")


def write_input(folder, number):
    rows = [
        {"id": f"{NAME}-{number}-{row}", "text": f"Row {row}: write to {MAIL}, card {CARD}."}
        for row in range(RECORDS)
    ]
    file = folder / f"{NAME}-{number}.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def outcomes(deployment):
    """What came of these, one report after each line:

    * a run from the standing file, the consumer, a run whose input is not there, the consumer;
    * the standing file once more, with nothing new in it, and the consumer.
    """
    inputs = deployment.folder / f"letters of {NAME}"
    inputs.mkdir()
    files = [write_input(inputs, number) for number in range(2)]
    (deployment.folder / "standing.toml").write_text(
        f"input = {json.dumps([str(file) for file in files])}\n"
        f"output = {json.dumps(str(deployment.folder / 'dataset'))}\n"
        "bytes_per_batch = 1\nworkers = 1\n",
        encoding="utf-8",
    )
    bad = deployment.folder / "bad.json"
    bad.write_text(json.dumps({"input": ["nowhere/at-all.jsonl"]}), encoding="utf-8")
    steps = ("standing", "consumer", "filled", "consumer", "report", "standing", "consumer")
    lines = deployment.python(PROGRAM, bad, *steps).splitlines()
    reports = [line.removeprefix("OUTCOME ") for line in lines if line.startswith("OUTCOME ")]
    return [json.loads(report) for report in reports]


@pytest.fixture(scope="module")
def outcome(outcomes):
    """The first report."""
    return outcomes[0]


def xcoms(outcome, task):
    return [
        value
        for task_id, key, value in outcome["xcoms"]
        if (task_id, key) == (task, "return_value")
    ]


def test_the_ingest_run_succeeds_and_the_bad_one_fails(outcome):
    states = [state for dag, _, state in outcome["runs"] if dag == "redactory_ingest"]
    assert states == ["success", "failed"]


def test_every_batch_is_a_mapped_task_with_a_name(outcome):
    assert sorted(outcome["labels"])[:2] == ["batch 0000", "batch 0001"]


def test_xcom_holds_the_agreed_fields_and_nothing_else(outcome):
    (batches,) = xcoms(outcome, "list_sources")
    assert [set(batch) - {"rows"} for batch in batches] == [
        {"batch_id", "manifest_path", "sha256"}
    ] * 2
    results = xcoms(outcome, "seal_batch")
    fields = {"batch_id", "result_path", "sha256", "rows_in", "rows_out", "quarantined"}
    assert [set(result) for result in results] == [fields] * 2
    (recorded,) = xcoms(outcome, "record")
    assert set(recorded) == {"run_id", "checkpoint_size", "root"}
    assert {task for task, key, _ in outcome["xcoms"] if key != "return_value"} == set()


def test_no_record_is_lost_on_the_way(outcome):
    results = xcoms(outcome, "seal_batch")
    assert sum(result["rows_in"] for result in results) == 2 * RECORDS
    assert all(r["rows_in"] == r["rows_out"] + r["quarantined"] for r in results)
    (published,) = xcoms(outcome, "publish")
    assert published["records"] + published["quarantined"] == 2 * RECORDS


def test_one_publish_is_one_event_of_counts_and_digests(outcome):
    (event,) = outcome["events"]
    (published,) = xcoms(outcome, "publish")
    assert event == published
    assert event["dataset_version"] == 1
    assert all(
        isinstance(value, int) or value.replace("-", "").isalnum() for value in event.values()
    )


def test_the_event_wakes_the_consumer_exactly_once(outcome):
    woken = [kind for dag, kind, _ in outcome["runs"] if dag == "redactory_train"]
    assert woken == ["asset_triggered"]
    assert xcoms(outcome, "announce_dataset") == [[1]]


def test_nothing_new_publishes_nothing_and_wakes_nobody(outcomes):
    first, second = outcomes
    states = [state for dag, _, state in second["runs"] if dag == "redactory_ingest"]
    assert states == ["success", "failed", "success"]
    assert second["events"] == first["events"]
    assert [run for run in second["runs"] if run[0] == "redactory_train"] == [
        run for run in first["runs"] if run[0] == "redactory_train"
    ]


def test_an_input_that_is_not_there_is_not_tried_again(outcome):
    failed = [task for task in outcome["tasks"] if task[2] == "failed"]
    assert [(name, tries) for name, _, _, tries, _ in failed] == [("list_sources", 1)]
    assert all(most == 2 for *_, most in failed)


def test_neither_database_nor_logs_nor_dataset_hold_a_canary(deployment, outcome):
    assert outcome["events"]
    places = [deployment.folder / "airflow", deployment.folder / "dataset"]
    files = [file for place in places for file in place.rglob("*") if file.is_file()]
    files.append(deployment.folder / "output.log")
    assert any(file.suffix == ".db" for file in files)
    for file in files:
        assert NAME not in file.name
        content = file.read_bytes()
        for canary in (NAME, MAIL, CARD, CARD.replace(" ", "")):
            assert canary.encode() not in content, file.name
