"""Looking after a dataset: what is old goes, what is wrong is found, who decided is on record."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from audit_ledger import Log, Provenance
from redactory.config import RunConfig
from redactory.errors import IntegrityError, KeyringError, PolicyError
from redactory.expiring import expire
from redactory.inspecting import inspect, parts_of
from redactory.keeping_config import AuditConfig, RetentionConfig, RotationConfig
from redactory.keys import KeyStore
from redactory.lifecycle import reseal_shards
from redactory.pipeline import (
    decide_on_run,
    list_batches,
    publish_run,
    question_of_run,
    record_run,
    seal_batch,
)
from redactory.reading import Trust
from redactory.rotating import rotate_keys

WHO = Provenance(
    actor_kind="airflow", actor_name="vera", run_id="r1", dag_id="d", try_number=1, code_version="0"
)
TRUST = Trust(by=WHO)


@pytest.fixture
def dataset(pipeline, lines, tmp_path):
    """Two versions of one source, an identity map, and a record in quarantine."""
    place = lines(tmp_path / "in" / "a.jsonl", [{"id": "1", "text": "write to a@example.com"}])
    options = {"ner": "none", "identity_map": True, "max_quarantine_share": 1}
    pipeline(place, tmp_path / "out", **options)
    place.write_text('{"id": "1", "text": "write to b@example.com"}\n{broken\n')
    pipeline(place, tmp_path / "out", **options)
    return tmp_path / "out"


def statements(dataset):
    return [entry.statement for entry in Log.open(dataset / "ledger").entries()]


def due(dataset, days, **limits):
    config = RetentionConfig(dataset=str(dataset), **limits)
    found = vars(expire(config, TRUST, now=datetime.now(UTC) + timedelta(days=days)))
    return {name: count for name, count in found.items() if count and name != "dry_run"}


def test_what_is_too_old_is_shredded_and_counts_from_the_first_statement(dataset, rows, verdict):
    assert due(dataset, 9, data_days=10) == {}
    reseal_shards(
        str(dataset), TRUST, KeyStore().identity("reader"), [KeyStore().recipient("reader")]
    )
    everything = {"data": 2, "sources": 2, "identity": 2}
    size = len(statements(dataset))
    assert due(dataset, 11, data_days=10, dry_run=True) == everything
    assert len(statements(dataset)) == size
    assert due(dataset, 11, data_days=10) == everything
    assert due(dataset, 11, data_days=10) == {}
    assert not list((dataset / "shards").iterdir())
    assert not list((dataset / "identity" / "shards").iterdir())
    assert len(list((dataset / "quarantine" / "shards").iterdir())) == 1
    assert rows(dataset) == []
    by = {s.predicate.actor.name for s in statements(dataset)[size:] if s.kind == "shredded"}
    assert by == {"vera"}
    assert verdict(dataset).state == "intact"


def test_superseded_shards_and_the_quarantine_go_by_limits_of_their_own(dataset, rows):
    assert due(dataset, 29) == {}
    assert due(dataset, 31) == {"superseded": 1, "identity": 1}
    assert due(dataset, 91, superseded_days=None) == {"quarantine": 1}
    assert len(rows(dataset)) == 1


def test_the_command_counts_what_is_due(dataset, cli):
    command = ("dataset", "expire", dataset, "--superseded-days", "0")
    told = json.loads(cli(*command, "--dry-run", "--json").stdout)
    assert (told["superseded"], told["dry_run"]) == (1, True)
    assert "shards shredded: superseded 1, identity 1" in cli(*command).stderr
    assert "0 shards shredded" in cli(*command).stderr


def test_an_audit_states_its_verdict_good_or_bad(dataset):
    parts = parts_of(AuditConfig(dataset=str(dataset)))
    assert [part.name for part in parts] == ["data", "identity"]
    found = [inspect(part, TRUST) for part in parts]
    assert [(one.state, one.shards) for one in found] == [("intact", 2), ("intact", 2)]
    shard = next((dataset / "shards").iterdir())
    shard.write_bytes(shard.read_bytes()[:-1])
    with pytest.raises(IntegrityError, match=f"data: shards/{shard.name} the sealed bytes"):
        inspect(parts[0], TRUST)
    said = [s for s in statements(dataset) if s.kind == "verified"]
    assert [s.body.verdict for s in said] == ["intact", "intact", "broken"]
    assert {s.predicate.actor.name for s in said} == {"vera"}


def test_nothing_is_stated_in_a_broken_log(dataset):
    (bundle,) = (dataset / "ledger" / "tile" / "entries").rglob("*.p/*")
    raw = bundle.read_bytes()
    bundle.write_bytes(raw[:-2] + bytes([raw[-2] ^ 1]) + raw[-1:])
    with pytest.raises(IntegrityError):
        inspect(parts_of(AuditConfig(dataset=str(dataset)))[0], TRUST)
    assert bundle.stat().st_size == len(raw)


def test_a_log_that_is_new_to_the_auditor_is_not_vouched_for(dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("REDACTORY_HOME", str(tmp_path / "stranger"))
    with pytest.raises(KeyringError, match="new to you"):
        inspect(parts_of(AuditConfig(dataset=str(dataset)))[0], TRUST)


def test_keys_are_rotated_by_configuration(dataset, home, rows):
    KeyStore(home).create_reader("next", bits=3072)
    assert rotate_keys(RotationConfig(dataset=str(dataset), to="next"), TRUST).shards == 2
    with pytest.raises(KeyringError):
        rows(dataset)
    assert len(rows(dataset, key_file=str(home / "keys" / "next.pem"))) == 1


def test_a_release_holds_for_exactly_what_was_released(lines, home, tmp_path, rows):
    place = lines(tmp_path / "in" / "a.jsonl", [{"id": "1", "text": "one"}])
    place.write_text(place.read_text() + "{broken\n")
    config = RunConfig(input=(str(place),), output=str(tmp_path / "out"), ner="none")

    def sealed(run_id):
        return [seal_batch(config, run_id, batch) for batch in list_batches(config, run_id)]

    results = sealed("r1")
    record_run(config, "r1", results, WHO)
    asked = question_of_run(config, "r1", results)
    assert (asked.quarantined, asked.rows_in, asked.over_limit) == (1, 2, True)
    with pytest.raises(PolicyError, match="1 of 2 records"):
        publish_run(config, "r1", results, WHO, asked=True)
    other = [results[0] | {"sha256": "0" * 64}]
    decide_on_run(config, "r1", other, "approved", WHO)
    with pytest.raises(PolicyError):
        publish_run(config, "r1", results, WHO, asked=True)
    for _ in range(2):
        decide_on_run(config, "r1", results, "approved", WHO)
    assert question_of_run(config, "r1", results) is None
    assert publish_run(config, "r1", results, WHO, asked=True)["new"]
    assert [s.kind for s in statements(tmp_path / "out")].count("released") == 2
    assert len(rows(tmp_path / "out")) == 1


def test_a_refused_run_is_dropped_and_its_input_met_again(lines, home, tmp_path):
    place = lines(tmp_path / "in" / "a.jsonl", [{"id": "1", "text": "one"}])
    place.write_text(place.read_text() + "{broken\n")
    config = RunConfig(
        input=(str(place),), output=str(tmp_path / "out"), ner="none", only_changed=True
    )
    for run_id in ("r1", "r2"):
        batches = list_batches(config, run_id)
        results = [seal_batch(config, run_id, batch) for batch in batches]
        record_run(config, run_id, results, WHO)
        assert question_of_run(config, run_id, results) is not None
        decide_on_run(config, run_id, results, "refused", WHO)
        assert not list((tmp_path / "out" / ".runs").rglob("*"))
    decided = [s.body.run_id for s in statements(tmp_path / "out") if s.kind == "decided"]
    assert decided == ["r1", "r2"]
