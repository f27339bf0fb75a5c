"""Whatever state a run ends in, one more command leads back to an intact dataset."""

import errno
import json
import shutil

import pytest

from audit_ledger import Provenance
from audit_ledger.folder import LedgerFolder
from audit_ledger.log import Log
from redactory.config import RunConfig
from redactory.errors import InputError, IntegrityError, LedgerError, PolicyError
from redactory.keys import KeyStore
from redactory.pipeline import publishing
from redactory.pipeline.batch import seal_batch, sealing
from redactory.pipeline.listing import list_batches
from redactory.pipeline.recording import record_run
from redactory.pipeline.setup import RunSetup

WHO = Provenance(actor_kind="system", actor_name="test", run_id="test", code_version="0")


class Killed(BaseException):
    """Stands for the death of the process: nothing may catch it."""


@pytest.fixture
def die(monkeypatch):
    """Makes a callable die at its first call, once."""

    def at(owner, name, error=Killed):
        real = getattr(owner, name)

        def dying(*arguments, **options):
            monkeypatch.setattr(owner, name, real)
            raise error

        monkeypatch.setattr(owner, name, dying)

    return at


# Before: shards in place without leaves; manifest without a leaf; leaf without dataset.json.
POINTS = [(Log, "append"), (publishing, "Draft"), (publishing, "put_in_place")]


@pytest.mark.parametrize(("owner", "name"), POINTS)
@pytest.mark.parametrize("mended", [False, True])
def test_a_discarded_run_leaves_nothing_behind(
    pipeline, rows, verdict, lines, source, tmp_path, die, owner, name, mended
):
    die(owner, name)
    with pytest.raises(Killed):
        pipeline(source, tmp_path / "out")
    if mended:
        lines(source, [{"id": "1", "text": "mended"}])
    pipeline(source, tmp_path / "out", discard=True)
    assert len(rows(tmp_path / "out")) == (1 if mended else 6)
    assert verdict(tmp_path / "out").problems == []
    assert len(list((tmp_path / "out" / "manifests").iterdir())) == (
        2 if mended and name == "put_in_place" else 1
    )


def test_input_that_changed_before_the_resumption(
    pipeline, rows, verdict, lines, source, tmp_path, die
):
    die(Log, "append")
    with pytest.raises(Killed):
        pipeline(source, tmp_path / "out")
    lines(source, [{"id": "1", "text": "mended"}])
    pipeline(source, tmp_path / "out", resume=True)
    assert [row["text"] for row in rows(tmp_path / "out")] == ["mended"]
    assert verdict(tmp_path / "out").problems == []


def test_a_log_that_cannot_be_written_keeps_the_work(
    pipeline, rows, verdict, source, tmp_path, die
):
    die(LedgerFolder, "replace", OSError(errno.ENOSPC, "No space left on device"))
    with pytest.raises(InputError, match="cannot be written"):
        pipeline(source, tmp_path / "out")
    with pytest.raises(InputError, match="interrupted run"):
        pipeline(source, tmp_path / "out")
    pipeline(source, tmp_path / "out", resume=True)
    assert len(rows(tmp_path / "out")) == 6
    assert verdict(tmp_path / "out").problems == []


def test_other_input_after_a_run_that_was_not_published(pipeline, rows, verdict, lines, tmp_path):
    (tmp_path / "bad.jsonl").write_bytes(b'{"text": "fine"}\nnot json\n')
    with pytest.raises(PolicyError):
        pipeline(tmp_path / "bad.jsonl", tmp_path / "out")
    pipeline(lines(tmp_path / "clean.jsonl", [{"text": "clean"}]), tmp_path / "out")
    assert [row["text"] for row in rows(tmp_path / "out")] == ["clean"]
    assert verdict(tmp_path / "out").problems == []


def test_a_dataset_whose_log_is_elsewhere_gets_no_second_log(pipeline, source, tmp_path):
    pipeline(source, tmp_path / "out", ledger=str(tmp_path / "log"))
    with pytest.raises(LedgerError, match="another log"):
        pipeline(source, tmp_path / "out")
    assert not (tmp_path / "out" / "ledger").exists()
    shutil.rmtree(tmp_path / "log")
    with pytest.raises(LedgerError, match="another log"):
        pipeline(source, tmp_path / "out", ledger=str(tmp_path / "log"))


@pytest.mark.parametrize("change", ["id", "label_classes", None])
def test_a_dataset_file_that_is_not_the_recorded_one(pipeline, lines, source, tmp_path, change):
    pipeline(source, tmp_path / "out")
    file = tmp_path / "out" / "dataset.json"
    info = json.loads(file.read_bytes())
    if change is None:
        file.unlink()
    else:
        info[change] = {"id": "0" * 32, "label_classes": ["forged"]}[change]
        file.write_text(json.dumps(info, sort_keys=True, separators=(",", ":")))
    with pytest.raises(IntegrityError, match=r"dataset\.json"):
        pipeline(lines(tmp_path / "more.jsonl", [{"text": "more"}]), tmp_path / "out")


def test_a_resumed_run_reads_the_input_it_began_with(pipeline, lines, source, tmp_path, die):
    pipeline(source, tmp_path / "out")
    other = lines(tmp_path / "other.jsonl", [{"text": "other"}])
    die(Log, "append")
    with pytest.raises(Killed):
        pipeline(other, tmp_path / "out")
    with pytest.raises(InputError, match="begun with"):
        pipeline(source, tmp_path / "out", resume=True)


def test_label_classes_of_runs_that_publish_at_once(home, lines, tmp_path, verdict):
    prepared = []
    for name in ("left", "right"):
        place = lines(tmp_path / f"{name}.jsonl", [{"text": "x", "label": name}])
        config = RunConfig(
            input=(str(place),),
            output=str(tmp_path / "out"),
            label_column="label",
            dataset_name="one",
        )
        setup = RunSetup(config, KeyStore(home))
        context = setup.seal_context(name)
        with sealing(context, 1) as seal:
            results = [
                seal_batch(setup, name, batch, context=context, seal=seal)
                for batch in list_batches(setup, name, setup.check_input())
            ]
        assert setup.known_dataset is None
        prepared.append((setup, name, results))
    for setup, name, results in prepared:
        record_run(setup, name, results, WHO)
    for setup, name, results in prepared:
        publishing.publish_run(setup, name, results, WHO)
    info = json.loads((tmp_path / "out" / "dataset.json").read_bytes())
    assert info["label_classes"] == ["left", "right"]
    assert verdict(tmp_path / "out").problems == []


def test_label_classes_are_counted_over_all_shards(pipeline, lines, tmp_path):
    records = [{"text": "x", "label": f"Person {n}"} for n in range(210)]
    place = lines(tmp_path / "in.jsonl", records)
    with pytest.raises(PolicyError, match="label column"):
        pipeline(place, tmp_path / "out", label_column="label", rows_per_shard=50)
    assert not (tmp_path / "out" / "dataset.json").exists()
    assert not (tmp_path / "out" / ".runs").exists()


def test_withheld_records_are_counted_once(pipeline, tmp_path, cli):
    (tmp_path / "in.jsonl").write_bytes(b'{"text": "fine"}\nnot json\n')
    pipeline(tmp_path / "in.jsonl", tmp_path / "out", max_quarantine_share=0.5)
    next((tmp_path / "out" / "shards").iterdir()).unlink()
    pipeline(tmp_path / "in.jsonl", tmp_path / "out", max_quarantine_share=0.5)
    shown = json.loads(cli("dataset", "show", tmp_path / "out", "--json").stdout)
    assert (shown["rows"], shown["quarantined"]) == (1, 1)
