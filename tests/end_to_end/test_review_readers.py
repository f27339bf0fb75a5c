"""Reading and verifying while a run publishes: never a false alarm, never a mixture."""

import pytest

from redactory import reading
from redactory.keys import KeyStore
from redactory.verification import verify_dataset


@pytest.fixture
def dataset(pipeline, lines, tmp_path):
    place = lines(tmp_path / "in.jsonl", [{"text": "first", "label": "a"}])
    pipeline(place, tmp_path / "out", label_column="label")
    return tmp_path / "out"


@pytest.fixture
def publish(pipeline, lines, tmp_path, dataset):
    """Publishes another record with another label class, the first time it is called."""
    waiting = [lines(tmp_path / "more.jsonl", [{"text": "second", "label": "b"}])]

    def go(*_):
        if waiting:
            pipeline(waiting.pop(), dataset, label_column="label")

    return go


@pytest.mark.parametrize("own_key", [False, True])
def test_a_run_that_publishes_during_a_verification(dataset, home, publish, own_key):
    keys = KeyStore(home)
    identity = keys.identity("reader") if own_key else None
    verdict = verify_dataset(str(dataset), keys, identity=identity, progress=publish)
    assert verdict.problems == []
    assert verdict.facts["version"] == 2


def test_what_is_broken_stays_broken_when_a_run_publishes(dataset, home, publish):
    report = next((dataset / "reports").iterdir())
    report.write_text("changed")
    verdict = verify_dataset(str(dataset), KeyStore(home), progress=publish)
    assert [file for file, _ in verdict.problems] == [f"reports/{report.name}"]


def test_a_run_that_publishes_while_a_reader_opens(dataset, rows, publish, monkeypatch):
    real = reading.open_dataset

    def late(*arguments, **options):
        publish()
        return real(*arguments, **options)

    monkeypatch.setattr(reading, "open_dataset", late)
    assert {row["text"] for row in rows(dataset)} == {"first", "second"}
