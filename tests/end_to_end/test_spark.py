"""``redactory run --engine spark``: the shards and records of the local engine, made by Spark."""

import importlib.util
import itertools
import json
import shutil

import pyarrow as pa
import pytest

from audit_ledger import Log
from redactory.config import RunConfig
from redactory.errors import InputError, PolicyError, RedactoryError
from redactory.keys import KeyStore
from redactory.pipeline import spark_tasks
from redactory.pipeline.batch import seal_batch
from redactory.pipeline.listing import list_batches
from redactory.pipeline.setup import RunSetup

SECRET = "zebulon quill"
MASTER = ("--engine", "spark", "--master", "local[2]")
# One Java process serves all of these tests.
pytestmark = pytest.mark.xdist_group("spark")


@pytest.fixture
def spark_here(unavailable):
    """Skip where Spark cannot run."""
    for module in ("pyspark", "pandas"):
        if importlib.util.find_spec(module) is None:
            unavailable("spark", f"{module} is not installed")
    if shutil.which("java") is None:
        unavailable("spark", "Java is not installed")


@pytest.fixture
def folder(tmp_path, lines):
    """Three batches: a file of several shards, one with a bad line, and two short texts."""
    place = tmp_path / "in"
    lines(
        place / "a.jsonl",
        [{"id": f"a{n}", "text": f"{n}: write to u{n}@example.org"} for n in range(30)],
    )
    with lines(place / "b.jsonl", [{"id": "b", "text": "202-555-0143"}] * 9).open("a") as file:
        file.write("no json\n")
    (place / "c.txt").write_text("call 202-555-0143")
    (place / "d.txt").write_text("nothing here")
    return place


@pytest.fixture
def options(folder):
    """Of both engines alike."""
    return {
        "input": [str(folder)],
        "policy": "gdpr",
        "ner": "none",
        "rows_per_shard": 4,
        "bytes_per_shard": 400,
        "bytes_per_batch": 600,
        "max_quarantine_share": 0.5,
        "dataset_name": "spark test",
    }


def written(options, output, path):
    """A configuration file."""
    values = options | {"output": str(output)}
    path.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in values.items()))
    return path


def content(rows, dataset):
    """What must not depend on the engine."""
    kinds = sorted(
        (entry.statement.kind, getattr(entry.statement.body, "shard", ""))
        for entry in Log.open(dataset / "ledger").entries()
    )
    return list(rows(dataset)), list(rows(dataset, area="quarantine")), kinds


@pytest.fixture
def on_spark(cli, tmp_path):
    """Runs a configuration on two local task slots, through the command line."""

    def go(options, output, *further):
        config = written(options, output, tmp_path / "run.toml")
        return cli("run", "--config", config, *MASTER, *further)

    return go


def test_an_interrupted_run_ends_as_the_local_engine_ends(
    spark_here, on_spark, pipeline, rows, verdict, options, tmp_path, monkeypatch
):
    local = dict(options)
    inputs = local.pop("input")
    pipeline(inputs, tmp_path / "local", **local)
    interrupt_after_a_batch(monkeypatch, lambda: pipeline(inputs, tmp_path / "spark", **local))

    refused = on_spark(options, tmp_path / "spark")
    assert refused.returncode == InputError.exit_code
    ended = on_spark(options, tmp_path / "spark", "--resume", "--json")
    assert ended.returncode == 0, ended.stderr
    assert json.loads(ended.stdout)["records_in"] == 42
    assert json.loads(ended.stdout)["shards"] == 12
    assert "WARN" not in ended.stderr
    assert "Stage" not in ended.stderr
    assert content(rows, tmp_path / "spark") == content(rows, tmp_path / "local")
    assert verdict(tmp_path / "spark").state == "intact"
    assert not (tmp_path / "spark" / ".runs").exists()


def interrupt_after_a_batch(monkeypatch, work):
    """Leave a run whose first batch is sealed."""
    calls = itertools.count()

    def interrupted(*arguments, **options):
        if next(calls):
            raise KeyboardInterrupt
        return seal_batch(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr("redactory.pipeline.run.seal_batch", interrupted)
        with pytest.raises(KeyboardInterrupt):
            work()


def test_an_error_of_an_executor_is_one_line(spark_here, on_spark, options, tmp_path):
    labelled = options | {"label_column": "text", "max_quarantine_share": 1.0}
    refused = on_spark(labelled, tmp_path / "refused", "--master", "local[1]")
    assert refused.returncode == PolicyError.exit_code
    (line,) = refused.stderr.splitlines()
    assert line.startswith("error: the label column holds")
    assert "example.org" not in line


# pyspark leaves the pipe to a Java process that did not start to the garbage collector.
@pytest.mark.filterwarnings(
    "ignore:Exception ignored in.*FileIO:pytest.PytestUnraisableExceptionWarning"
)
def test_a_master_that_is_not_there_is_one_line(spark_here, on_spark, options, tmp_path):
    ended = on_spark(options, tmp_path / "out", "--master", "nonsense")
    assert ended.returncode == InputError.exit_code
    assert "nonsense: Apache Spark does not start" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1


def test_without_java_one_line_says_so(spark_here, on_spark, options, tmp_path, monkeypatch):
    monkeypatch.setattr("redactory.pipeline.spark_session.shutil.which", lambda _: None)
    monkeypatch.delenv("JAVA_HOME", raising=False)
    ended = on_spark(options, tmp_path / "out")
    assert ended.returncode == InputError.exit_code
    assert "needs Java 17" in ended.stderr


@pytest.fixture
def setup(options, home, tmp_path):
    """Of a run on Spark."""
    values = options | {"output": str(tmp_path / "out"), "engine": "spark"}
    return RunSetup(RunConfig.parse(values), KeyStore(home))


@pytest.fixture
def task(setup):
    """What executors get, and the first batch."""
    from redactory.pipeline.spark_tasks import Work, rules_digest

    setup.ensure_keys()
    batches = list_batches(setup, "r", setup.check_input())
    context = setup.seal_context("r")
    return Work("r", rules_digest(setup), context, setup.planner()), batches[0]


def answers(task, parts):
    """Every task's rows, without Spark."""
    work, batch = task
    found = [b for part in range(parts) for b in spark_tasks.sealed_part(work, batch, part, parts)]
    return pa.Table.from_batches(found, spark_tasks.ANSWER)


def test_tasks_share_the_shards_of_a_batch(task):
    from redactory.pipeline.spark import joined

    outcomes = joined(answers(task, 3), 3)
    assert [outcome.rows_in for outcome in outcomes] == [4] * 7 + [2]
    assert outcomes == joined(answers(task, 1), 1)


def test_a_file_that_changed_between_tasks_is_refused(task):
    from redactory.pipeline.spark import joined

    with pytest.raises(InputError, match="changed while it was read"):
        joined(answers(task, 2).slice(0, 15), 2)


def test_other_rules_on_an_executor_are_refused(task):
    from dataclasses import replace

    from redactory.pipeline.spark import joined

    work, batch = task
    with pytest.raises(InputError, match="another version"):
        joined(answers((replace(work, rules="0" * 64), batch), 1), 1)


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (PolicyError("not so", where="w", hint="h"), PolicyError, r"w: not so \(h\)"),
        (ValueError(SECRET), RedactoryError, r"internal error on an executor \(ValueError\)"),
        (OSError(28, SECRET), OSError, "No space left"),
    ],
)
def test_errors_come_back_without_text(task, monkeypatch, error, kind, words):
    from redactory.pipeline.spark import joined

    def fail(*_):
        raise error

    monkeypatch.setattr(spark_tasks.ShardSealer, "process", fail)
    with pytest.raises(kind, match=words) as raised:
        joined(answers(task, 1), 1)
    assert SECRET not in str(raised.value)
    assert SECRET not in str(answers(task, 1))


def test_the_engine_is_no_part_of_what_a_shard_is(setup):
    local = setup.config.model_copy(update={"engine": "local"})
    other = setup.config.model_copy(update={"master": "local[7]"})
    digests = {RunSetup(each, setup.keys).config_digest for each in (setup.config, local, other)}
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"master": "local[2]"}, "master is for engine spark"),
        ({"engine": "spark", "workers": 2}, "workers is for engine local"),
        ({"engine": "flink"}, "engine"),
    ],
)
def test_what_would_not_apply_is_refused(values, words):
    with pytest.raises(InputError, match=words):
        RunConfig.parse({"input": "a", "output": "b"} | values)
