"""The state of a run: batch lists are sealed, results are checked, locks tell the living."""

import multiprocessing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactory.durable import open_folder
from redactory.errors import InputError, IntegrityError
from redactory.pipeline.state import RunState, unfinished_runs
from redactory.sources import Source

KEY = bytes(range(32))
SOURCES = st.lists(
    st.builds(
        Source,
        uri=st.text(st.characters(codec="utf-8"), min_size=1),
        size=st.integers(0, 2**50),
        format=st.sampled_from(["txt", "jsonl", "csv", "tsv", "parquet"]),
        compression=st.sampled_from([None, "gz", "zst"]),
    ),
    max_size=5,
)


@given(SOURCES)
def test_a_batch_list_comes_back_and_shows_no_path(tmp_path_factory, sources):
    state = RunState(open_folder(tmp_path_factory.mktemp("s")), "r")
    digest = state.write_batch("0000", sources, KEY)
    assert state.read_batch("0000", digest, KEY) == sources


def test_a_batch_list_is_bound_to_its_batch_key_and_digest(tmp_path):
    folder = open_folder(tmp_path)
    state = RunState(folder, "r")
    source = Source("/home/jane.roe/letters.jsonl", 1, "jsonl", None)
    digest = state.write_batch("0000", [source], KEY)
    raw = folder.read(state.batch_name("0000"))
    assert b"jane" not in raw
    with pytest.raises(IntegrityError, match="another scope"):
        state.read_batch("0000", digest, bytes(32))
    with pytest.raises(IntegrityError, match="was changed"):
        state.read_batch("0000", "0" * 64, KEY)
    folder.replace(state.batch_name("0001"), raw)
    with pytest.raises(IntegrityError):
        state.read_batch("0001", digest, KEY)
    with pytest.raises(IntegrityError, match="missing"):
        state.read_batch("0002", digest, KEY)


@pytest.mark.parametrize("run_id", ["", "a/b", "..", "a b", ".hidden", "x" * 81])
def test_run_ids_that_could_not_be_file_names(tmp_path, run_id):
    with pytest.raises(InputError):
        RunState(open_folder(tmp_path), run_id)


def test_a_run_belongs_to_its_configuration(tmp_path):
    state = RunState(open_folder(tmp_path), "r")
    state.begin({"config_digest": "a"})
    state.begin({"config_digest": "a"})
    with pytest.raises(InputError, match="another policy"):
        state.begin({"config_digest": "b"})


def test_a_result_that_was_changed_is_refused(tmp_path):
    state = RunState(open_folder(tmp_path), "r")
    name = state.name("results", "0000.json")
    digest = state.store(name, b"{}")
    with pytest.raises(IntegrityError, match="not a BatchResult"):
        state.read_result({"result_path": name, "sha256": digest})
    with pytest.raises(IntegrityError, match="changed"):
        state.read_result({"result_path": name, "sha256": "0" * 64})
    with pytest.raises(IntegrityError, match="missing"):
        state.read_result({"result_path": f"{name}.x", "sha256": digest})


def hold(path, ready, done):
    with RunState(open_folder(path), "live").alive():
        ready.set()
        done.wait(30)


def test_the_living_are_told_from_the_dead(tmp_path):
    folder = open_folder(tmp_path)
    with RunState(folder, "dead").alive():
        pass
    folder.replace(".runs/scheduled/run.json", b"{}")  # no lock: a scheduler's own
    context = multiprocessing.get_context("fork")
    ready, done = context.Event(), context.Event()
    process = context.Process(target=hold, args=(str(tmp_path), ready, done))
    process.start()
    assert ready.wait(30)
    assert unfinished_runs(folder) == ["dead"]
    with (
        pytest.raises(InputError, match="another process"),
        RunState(folder, "live").alive(),
    ):
        pass
    done.set()
    process.join()
    assert unfinished_runs(folder) == ["dead", "live"]
    RunState(folder, "live").finish()
    RunState(folder, "dead").finish()
    assert unfinished_runs(folder) == []
    assert (tmp_path / ".runs" / "scheduled").exists()
