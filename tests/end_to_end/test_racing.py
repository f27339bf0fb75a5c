"""Two runs over the same input at once: each record lands exactly once."""

from concurrent.futures import ThreadPoolExecutor

from audit_ledger import Log, Provenance
from redactory.config import RunConfig
from redactory.keys import KeyStore
from redactory.pipeline import list_batches, publish_run, record_run, seal_batch

WHO = Provenance(actor_kind="system", actor_name="test", run_id="test", code_version="0")


def test_the_first_leaf_wins(home, source, tmp_path, rows, verdict):
    config = RunConfig(input=(str(source),), output=str(tmp_path / "out"))
    results = {}
    for run_id in ("first", "second"):
        batches = list_batches(config, run_id, keys=KeyStore(home))
        results[run_id] = [seal_batch(config, run_id, b, keys=KeyStore(home)) for b in batches]
    for run_id, result in results.items():
        record_run(config, run_id, result, WHO, keys=KeyStore(home))
    published = [
        publish_run(config, run_id, result, WHO, keys=KeyStore(home))
        for run_id, result in results.items()
    ]
    assert [p["new"] for p in published] == [True, False]
    assert len(rows(tmp_path / "out")) == 6
    assert len(list((tmp_path / "out" / "shards").iterdir())) == 1
    assert verdict(tmp_path / "out").state == "intact"


def test_record_and_publish_may_be_repeated(home, source, tmp_path, rows, verdict):
    config = RunConfig(input=(str(source),), output=str(tmp_path / "out"))
    batches = list_batches(config, "one", keys=KeyStore(home))
    result = [seal_batch(config, "one", b, keys=KeyStore(home)) for b in batches]
    for _ in range(2):
        record_run(config, "one", result, WHO, keys=KeyStore(home))
    first, second = (publish_run(config, "one", result, WHO, keys=KeyStore(home)) for _ in range(2))
    assert first == second
    kinds = [e.statement.kind for e in Log.open(tmp_path / "out" / "ledger").entries()]
    assert len(kinds) == 5
    assert len(rows(tmp_path / "out")) == 6
    assert verdict(tmp_path / "out").state == "intact"


def test_two_whole_runs_side_by_side(pipeline, lines, tmp_path, rows, verdict):
    records = [{"id": str(n), "text": f"record {n}"} for n in range(30)]
    place = lines(tmp_path / "in.jsonl", records)

    def go(run_id):
        return pipeline(place, tmp_path / "out", rows_per_shard=5, run_id=run_id)

    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(go, ("left", "right")))
    assert sum(result.published.new for result in results) >= 1
    assert len(rows(tmp_path / "out")) == 30
    assert len(list((tmp_path / "out" / "shards").iterdir())) == 6
    assert verdict(tmp_path / "out").state == "intact"
