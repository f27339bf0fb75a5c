"""The DAGs that keep a dataset, on SQLite, from the bundle, in an Airflow home of their own.

One program does a story of steps (:mod:`run_ingest`); each test looks at the report of one.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from audit_ledger import Log

PROGRAM = Path(__file__).with_name("run_ingest.py")
NAME = "zebulon-quill"
MAIL = "zebulon.quill@example.com"
CARD = "4111 1111 1111 1111"
CANARIES = (NAME, MAIL, CARD, CARD.replace(" ", ""), "/secret")
RECORDS = 12
INGEST = "redactory_ingest"
MAKE_KEY = "from redactory.keys import KeyStore; KeyStore().create_reader('next', bits=3072)"

# One Airflow database serves all of these tests.
pytestmark = pytest.mark.xdist_group("dag_runs")


def rows_of(number, *, broken=0):
    rows = [
        json.dumps(
            {"id": f"{NAME}-{number}-{row}", "text": f"Row {row}: write to {MAIL}, card {CARD}."}
        )
        for row in range(RECORDS - broken)
    ]
    return "".join(f"{row}\n" for row in [*rows, *(f"{{{MAIL}" for _ in range(broken))])


class Collector(HTTPServer):
    """Takes in OpenTelemetry's metrics.

    Airflow makes a provider for each part of itself, which counts from its own start on: the
    newest values of a counter by those starts make its sum.
    """

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Export)
        self.newest = {}
        self.thread = threading.Thread(target=self.serve_forever)
        self.thread.start()

    def take(self, raw):
        request = ExportMetricsServiceRequest.FromString(raw)
        for resource in request.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    by_start = self.newest.setdefault(metric.name, {})
                    for point in metric.sum.data_points:
                        place = point.start_time_unix_nano, str(point.attributes)
                        by_start[place] = point.as_int or point.as_double

    @property
    def sums(self):
        return {name: sum(by_start.values()) for name, by_start in self.newest.items()}

    def close(self):
        self.shutdown()
        self.thread.join()
        self.server_close()


class Export(BaseHTTPRequestHandler):
    def do_POST(self):
        self.server.take(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


class Story:
    """Steps with names, and what was reported after each."""

    def __init__(self, deployment):
        self.deployment = deployment
        self.inputs = deployment.folder / f"letters of {NAME}"
        self.dataset = deployment.folder / "dataset"
        self.names, self.steps = [], []

    def file(self, number):
        return str(self.inputs / f"{NAME}-{number}.jsonl")

    def then(self, name, **step):
        self.names.append(name)
        self.steps.append(step)

    def tell(self):
        steps = self.deployment.folder / "steps.json"
        steps.write_text(json.dumps(self.steps), encoding="utf-8")
        lines = self.deployment.python(PROGRAM, steps).splitlines()
        told = [json.loads(e.removeprefix("REPORT ")) for e in lines if e.startswith("REPORT ")]
        self.reports = dict(zip(self.names, told, strict=True))

    def __getitem__(self, name):
        return self.reports[name]

    def before(self, name):
        return self.reports[self.names[self.names.index(name) - 1]]


@pytest.fixture(scope="module")
def collector():
    server = Collector()
    yield server
    server.close()


@pytest.fixture(scope="module")
def story(deployment, collector):
    told = Story(deployment)
    deployment.environment |= {
        "AIRFLOW__METRICS__OTEL_ON": "True",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRIC_EXPORT_INTERVAL": "500",
    }
    (deployment.folder / "standing.toml").write_text(
        f"input = {json.dumps([str(told.inputs)])}\n"
        f"output = {json.dumps(str(told.dataset))}\n"
        'ner = "none"\nbytes_per_batch = 1\nworkers = 1\n'
        "[retention]\nsuperseded_days = 0\n",
        encoding="utf-8",
    )
    deployment.python("-c", MAKE_KEY)
    for number in range(2):
        told.then(f"file {number}", write=told.file(number), text=rows_of(number))
    told.then("first", test=INGEST)
    told.then("first wakes", wake=True)
    told.then("bad input", test=INGEST, conf={"input": ["nowhere/at-all.jsonl"]})
    told.then("bad input wakes", wake=True)
    told.then("nothing new", test=INGEST)
    told.then("file 2", write=told.file(2), text=rows_of(2, broken=3))
    told.then("unasked", test=INGEST, conf={"approval": "never"})
    told.then("unasked again", clear="seal_batch")
    told.then("rejected", test=INGEST, answer="Reject")
    told.then("approved", test=INGEST, answer="Approve", fault="record_run")
    told.then("approved wakes", wake=True)
    told.then("cleared", clear="list_sources")
    told.then("cleared in the middle", clear="seal_batch")
    told.then("cleared wakes", wake=True)
    told.then("changed", write=told.file(0), text=rows_of(100))
    told.then("side by side", side_by_side=INGEST, conf=[{}, {}])
    told.then("side by side wakes", wake=True)
    told.then("file 3", write=told.file(3), text=rows_of(3))
    told.then("lost while sealing", test=INGEST, fault="seal_batch")
    told.then("file 4", write=told.file(4), text=rows_of(4))
    told.then("lost while publishing", test=INGEST, fault="publish_run")
    told.then("goes", delete=told.file(1))
    told.then("gone", test=INGEST, conf={"on_deleted": "shred"})
    told.then("audit", test="redactory_audit")
    told.then("rotate", test="redactory_rotate_keys", conf={"to": "next"})
    told.then("due", test="redactory_retention", conf={"dry_run": True})
    told.then("retention", test="redactory_retention")
    told.then("damage", damage="*.parquet", **{"in": str(told.dataset / "shards")})
    told.then("bad audit", test="redactory_audit")
    told.tell()
    return told


def xcoms(report, task):
    return [value for name, key, value in report["xcoms"] if (name, key) == (task, "return_value")]


def states(report):
    return {name.partition("[")[0]: state for name, (state, _) in report["tasks"].items()}


def test_an_ingest_run_does_its_five_steps(story):
    first = story["first"]
    assert first["state"] == "success"
    assert set(states(first).values()) == {"success"}
    assert list(states(first)) == ["list_sources", "publish", "record", "release", "seal_batch"]
    assert not first["asked"]


def test_every_batch_is_a_mapped_task_named_by_its_shards(story):
    shards = sorted(path.name[:12] for path in (story.dataset / "shards").iterdir())
    named = [label.partition(": ") for label in story["first"]["labels"]]
    assert [batch for batch, _, _ in named] == ["batch 0000", "batch 0001"]
    recorded = {
        entry.statement.body.shard[:12]
        for entry in Log.open(story.dataset / "ledger").entries(kind="sealed")
    }
    assert {shard for _, _, shard in named} <= recorded
    assert shards


def test_xcom_holds_the_agreed_fields_and_links_and_nothing_else(story):
    first = story["first"]
    (batches,) = xcoms(first, "list_sources")
    assert [set(batch) for batch in batches] == [{"batch_id", "manifest_path", "sha256"}] * 2
    fields = {"batch_id", "result_path", "sha256", "rows_in", "rows_out", "quarantined"}
    assert [set(result) for result in xcoms(first, "seal_batch")] == [fields] * 2
    (recorded,) = xcoms(first, "record")
    assert set(recorded) == {"run_id", "checkpoint_size", "root"}
    assert xcoms(first, "release") == [{"asked": False}]
    links = {key for _, key, _ in first["xcoms"]} - {"return_value"}
    assert links == {"_link_AuditPageLink", "_link_ReportLink"}


def test_no_record_is_lost_on_the_way(story):
    results = xcoms(story["first"], "seal_batch")
    assert sum(result["rows_in"] for result in results) == 2 * RECORDS
    assert all(r["rows_in"] == r["rows_out"] + r["quarantined"] for r in results)
    (published,) = xcoms(story["first"], "publish")
    assert published["records"] + published["quarantined"] == 2 * RECORDS


def test_one_publish_is_one_event_of_counts_and_digests(story):
    (event,) = story["first"]["events"]
    assert [event] == xcoms(story["first"], "publish")
    assert event["dataset_version"] == 1
    assert all(
        isinstance(value, int) or value.replace("-", "").isalnum() for value in event.values()
    )


@pytest.mark.parametrize(
    ("step", "times"),
    [
        ("first wakes", 1),
        ("bad input wakes", 1),
        ("approved wakes", 2),
        ("cleared wakes", 2),
        ("side by side wakes", 3),
    ],
)
def test_each_publish_wakes_training_and_prediction_exactly_once(story, step, times):
    woken = sorted(story[step]["woken"])
    assert woken == ["redactory_predict"] * times + ["redactory_train"] * times


def test_an_input_that_is_not_there_is_not_tried_again(story):
    bad = story["bad input"]
    assert bad["state"] == "failed"
    assert bad["tasks"]["list_sources[-1]"] == ["failed", 1]


def test_nothing_new_is_not_even_read(story):
    report = story["nothing new"]
    assert report["state"] == "success"
    assert states(report) == {
        "list_sources": "success",
        "seal_batch": "skipped",
        "record": "skipped",
        "release": "success",
        "publish": "skipped",
    }
    assert report["leaves"] == story["first"]["leaves"]


def test_too_much_in_quarantine_fails_where_nobody_is_asked(story):
    report = story["unasked"]
    assert report["tasks"]["release[-1]"] == ["failed", 1]
    assert report["state"] == "failed"
    assert not report["asked"]


def test_a_cleared_task_makes_the_same_shards_and_states_nothing_twice(story):
    before, after = story["unasked"], story["unasked again"]
    assert after["leaves"] == before["leaves"]
    assert after["tasks"]["seal_batch[0]"][0] == "success"
    assert xcoms(after, "seal_batch") == xcoms(before, "seal_batch")


def test_a_rejected_run_publishes_nothing_and_the_ledger_says_who_rejected(story):
    report = story["rejected"]
    ((subject, body),) = report["asked"]
    assert subject == "Release this run?"
    assert body.startswith("3 of 12 records went to quarantine, over the limit of 1.0%.")
    assert "/redactory-audit/run/redactory_ingest/" in body
    assert states(report)["publish"] == "skipped"
    assert report["leaves"].count("published") == 1
    (refusal,) = [
        entry.statement
        for entry in Log.open(story.dataset / "ledger").entries(kind="decided")
        if entry.statement.body.about == "release"
    ]
    assert refusal.predicate.actor.name == "vera-k"
    assert refusal.body.decision == "refused"
    assert (refusal.body.rows_in, refusal.body.quarantined) == (RECORDS, 3)


def test_an_approved_run_is_published_after_a_worker_was_lost(story):
    report = story["approved"]
    assert report["state"] == "success"
    assert report["tasks"]["record[-1]"] == ["success", 2]
    new = report["leaves"][len(story["rejected"]["leaves"]) :]
    assert new == ["released", "published"]  # the shards are on record since the first try
    (released,) = Log.open(story.dataset / "ledger").entries(kind="released")
    assert released.statement.predicate.actor.name == "vera-k"
    assert len(report["events"]) == 2


@pytest.mark.parametrize("step", ["cleared", "cleared in the middle"])
def test_a_published_run_that_is_cleared_changes_nothing(story, step):
    report = story[step]
    assert report["state"] == "success"
    assert report["leaves"] == story["approved"]["leaves"]
    assert report["events"] == story["approved"]["events"]
    assert states(report)["publish"] == "skipped"


def test_runs_side_by_side_do_not_collide(story):
    before, after = story.before("side by side"), story["side by side"]
    new = after["leaves"][len(before["leaves"]) :]
    assert sorted(new) == ["ingested", "published", "redacted", "sealed", "sealed"]
    assert len(after["events"]) == len(before["events"]) + 1
    (published,) = [event for event in after["events"] if event not in before["events"]]
    assert published["records"] == RECORDS


@pytest.mark.parametrize(
    ("step", "task"),
    [("lost while sealing", "seal_batch[0]"), ("lost while publishing", "publish[-1]")],
)
def test_a_task_that_lost_its_worker_is_tried_again_and_does_nothing_twice(story, step, task):
    before, after = story.before(step), story[step]
    assert after["state"] == "success"
    assert after["tasks"][task] == ["success", 2]
    assert "seal_batch[1]" not in after["tasks"]
    new = after["leaves"][len(before["leaves"]) :]
    assert sorted(new) == ["ingested", "published", "redacted", "sealed", "sealed"]
    assert len(after["events"]) == len(before["events"]) + 1


def test_a_source_that_was_deleted_is_shredded_on_record(story):
    before, after = story.before("gone"), story["gone"]
    assert after["state"] == "success"
    assert after["leaves"][len(before["leaves"]) :] == ["decided", "shredded"]
    assert after["events"] == before["events"]


def test_the_audit_states_its_verdict(story):
    report = story["audit"]
    assert report["state"] == "success"
    assert report["leaves"][-1] == "verified"
    (verdict,) = xcoms(report, "inspect")
    assert verdict["state"] == "intact"
    assert report["labels"] == ["data"]


def test_keys_are_rotated_on_record(story):
    report = story["rotate"]
    assert report["state"] == "success"
    new = report["leaves"][len(story["audit"]["leaves"]) :]
    assert new == ["unwrapped", "rewrapped"]
    (done,) = xcoms(report, "rotate_keys")
    assert done["shards"] >= 4
    assert len(done["lost"]) == 1


def test_retention_shreds_what_was_superseded_and_a_dry_run_nothing(story):
    (due,) = xcoms(story["due"], "expire")
    (done,) = xcoms(story["retention"], "expire")
    assert due == done | {"dry_run": True}
    assert due["superseded"] == 1
    assert story["due"]["leaves"] == story["rotate"]["leaves"]
    assert story["retention"]["leaves"][len(story["due"]["leaves"]) :] == ["shredded"]


def test_a_damaged_shard_fails_the_audit_at_once_and_on_record(story):
    report = story["bad audit"]
    assert report["state"] == "failed"
    assert report["tasks"]["inspect[0]"] == ["failed", 1]
    *_, newest = Log.open(story.dataset / "ledger").entries(kind="verified")
    assert newest.statement.body.verdict == "broken"


def test_counters_say_what_the_log_says(story, collector):
    redacted = Log.open(story.dataset / "ledger").entries(kind="redacted")
    bodies = [entry.statement.body for entry in redacted]
    # OpenTelemetry writes the names of counters in lower case.
    counted = {name.rpartition("redactory.")[2]: round(n) for name, n in collector.sums.items()}
    assert counted["records"] >= sum(body.records_in for body in bodies)
    assert counted["quarantined"] >= 3
    assert counted["reasons.malformed_json"] >= 3
    assert counted["findings.email_address"] >= 5 * RECORDS
    assert all(canary not in name for canary in CANARIES for name in collector.sums)


def test_neither_database_nor_logs_nor_dataset_hold_a_canary(story, deployment):
    assert story["bad audit"]["events"]
    places = [deployment.folder / "airflow", story.dataset]
    files = [file for place in places for file in place.rglob("*") if file.is_file()]
    files.append(deployment.folder / "output.log")
    assert any(file.suffix == ".db" for file in files)
    for file in files:
        assert NAME not in file.name
        content = file.read_bytes()
        for canary in CANARIES:
            assert canary.encode() not in content, file.name
