"""OpenLineage: events of an ingest run name jobs, runs and the asset, and hold no text."""

import json
from pathlib import Path

import pytest

PROGRAM = Path(__file__).with_name("run_ingest.py")
NAME = "zebulon-quill"
MAIL = "zebulon.quill@example.com"

# One process runs Airflow at a time.
pytestmark = pytest.mark.xdist_group("dag_runs")


@pytest.fixture(scope="module")
def events(deployment):
    """What the file transport wrote of one ingest run."""
    inputs = deployment.folder / f"letters of {NAME}"
    (deployment.folder / "standing.toml").write_text(
        f"input = {json.dumps([str(inputs)])}\n"
        f"output = {json.dumps(str(deployment.folder / 'dataset'))}\n"
        'ner = "none"\n',
        encoding="utf-8",
    )
    row = json.dumps({"id": f"{NAME}-1", "text": f"write to {MAIL}"})
    steps = deployment.folder / "steps.json"
    steps.write_text(
        json.dumps(
            [
                {"write": str(inputs / f"{NAME}.jsonl"), "text": f"{row}\n"},
                {"test": "redactory_ingest"},
            ]
        ),
        encoding="utf-8",
    )
    lineage = deployment.folder / "lineage.jsonl"
    transport = {"type": "file", "log_file_path": str(lineage), "append": True}
    deployment.environment |= {
        "AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(transport),
        "AIRFLOW__OPENLINEAGE__NAMESPACE": "redactory",
    }
    deployment.python(PROGRAM, steps)
    return [json.loads(line) for line in lineage.read_text(encoding="utf-8").splitlines()]


def test_every_task_tells_when_it_began_and_ended(events):
    told = {(event["job"]["name"], event["eventType"]) for event in events}
    for task in ("list_sources", "seal_batch", "record", "release", "publish"):
        assert {(f"redactory_ingest.{task}", kind) for kind in ("START", "COMPLETE")} <= told


def test_the_published_dataset_is_an_output_by_its_asset(events):
    (published,) = [
        event
        for event in events
        if event["job"]["name"] == "redactory_ingest.publish" and event["eventType"] == "COMPLETE"
    ]
    assert "sealed-dataset" in json.dumps(published)


def test_no_event_holds_a_canary(events):
    assert len(events) >= 10
    for event in events:
        for canary in (NAME, MAIL, "/letters"):
            assert canary not in json.dumps(event, ensure_ascii=False)
