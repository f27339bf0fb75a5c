"""Opened datasets: projection, filters, data frames, training streams, nothing on disk."""

import pickle
import subprocess
import sys
from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactory.errors import InputError, IntegrityError
from sealed_shards import open_dataset, to_hugging_face, to_torch
from sealed_shards.layout import shard_files

SHARDS, ROWS = 5, 40


@pytest.fixture
def opened(maker, alice):
    shards = []
    for number in range(SHARDS):
        first = number * ROWS
        table = pa.table(
            {
                "n": list(range(first, first + ROWS)),
                "text": [f"text {n}" for n in range(first, first + ROWS)],
                "label": [["calm", "urgent"][n % 2] for n in range(ROWS)],
            }
        )
        shards.append(maker.shard(table, number))
    maker.publish("run", *shards)
    return open_dataset(maker.folder.url, alice, log=maker.log())


def test_all_rows_in_order(opened):
    table = opened.to_table()
    assert table.column("n").to_pylist() == list(range(SHARDS * ROWS))
    assert table.column_names == ["n", "text", "label"]
    assert opened.reader().schema == table.schema


def test_projection(opened):
    assert opened.to_table(["label", "n"]).column_names == ["label", "n"]
    assert {tuple(b.schema.names) for b in opened.batches(["text"])} == {("text",)}
    assert opened.to_table([]).num_columns == 0


def test_filters_name_columns_that_are_not_wanted(opened):
    table = opened.to_table(["text"], filters=[("n", ">=", 10), ("label", "==", "urgent")])
    assert table.column_names == ["text"]
    expected = [n for n in range(10, SHARDS * ROWS) if n % 2]
    assert table.column("text").to_pylist() == [f"text {n}" for n in expected]
    either = [[("n", "<", 2)], [("n", "in", [7, 9]), ("label", "!=", "calm")]]
    assert opened.to_table(["n"], filters=either).column("n").to_pylist() == [0, 1, 7, 9]
    assert opened.to_table(filters=[("n", "<", 0)]).num_rows == 0


@settings(max_examples=30)
@given(st.integers(-5, 250), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]))
def test_filters_do_what_they_say(value, operator):
    table = pa.table({"n": list(range(200))})
    from sealed_shards.filters import RowFilter

    kept = RowFilter([("n", operator, value)]).of(iter(table.to_batches(30)), ["n"])
    found = [n for batch in kept for n in batch.column(0).to_pylist()]
    assert found == [n for n in range(200) if eval(f"{n} {operator} {value}")]


@pytest.mark.parametrize("wrong", [[("n",)], [("n", "~", 1)], "n > 3", [[]], [3]])
def test_what_is_no_filter(opened, wrong):
    with pytest.raises(InputError, match="is not a filter"):
        list(opened.batches(filters=wrong))


def test_a_filter_that_does_not_fit(opened):
    with pytest.raises(InputError, match="does not fit"):
        list(opened.batches(filters=[("n", "==", "x")]))


def test_an_early_stop_is_no_error(opened):
    batches = opened.batches()
    next(batches)
    batches.close()


def test_a_change_is_met_where_it_is(opened, maker, flip):
    name = shard_files("", opened.shards[3].header.stem)["shards"]
    flip(name, 100)
    seen = []
    with pytest.raises(IntegrityError):
        seen.extend(batch.num_rows for batch in opened.batches())
    assert sum(seen) == 3 * ROWS


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
def test_workers_share_the_rows(opened, workers):
    stream = opened.stream(["n"], seed=1)
    parts = [[row["n"] for row in stream.share(w, workers)] for w in range(workers)]
    assert sorted(n for part in parts for n in part) == list(range(SHARDS * ROWS))
    nested = [list(stream.share(1, 2).share(w, 2)) for w in range(2)]
    assert Counter(r["n"] for part in nested for r in part) == Counter(
        r["n"] for r in stream.share(1, 2)
    )


def test_shuffling_is_by_seed_and_epoch(opened):
    def order(**options):
        epoch = options.pop("epoch", 0)
        return [row["n"] for row in opened.stream(**options).at_epoch(epoch)]

    plain = list(range(SHARDS * ROWS))
    assert order() == plain
    assert order(seed=1) == order(seed=1) != order(seed=2)
    assert order(seed=1) != order(seed=1, epoch=1)
    assert sorted(order(seed=1, buffer_rows=3)) == plain
    assert order(seed=1, buffer_rows=1) != plain, "the shards are shuffled"
    with pytest.raises(InputError, match="no worker 2 of 2"):
        opened.stream(worker=2, workers=2)


def test_a_stream_goes_to_a_spawned_worker(opened):
    stream = pickle.loads(pickle.dumps(opened.stream(["n"]).share(0, 2)))
    assert [row["n"] for row in stream] == [row["n"] for row in opened.stream(["n"]).share(0, 2)]


def test_no_key_in_a_representation(opened):
    for shown in (repr(opened), repr(opened.stream())):
        assert opened._data_keys[0].hex() not in shown
        assert repr(opened._data_keys[0]) not in shown


def test_pandas_and_polars(opened):
    for module, convert in (("pandas", opened.to_pandas), ("polars", opened.to_polars)):
        try:
            __import__(module)
        except ImportError:
            with pytest.raises(InputError, match=f"pip install '{module}'"):
                convert()
            continue
        frame = convert(["n"], filters=[("n", "<", 3)])
        assert list(frame["n"]) == [0, 1, 2]


def test_duckdb_reads_the_stream(opened):
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
    reader = opened.reader(["n", "label"])  # noqa: F841 - DuckDB finds it by its name
    with duckdb.connect() as connection:
        found = connection.execute("select label, count(*) from reader group by 1 order by 1")
        assert found.fetchall() == [("calm", 100), ("urgent", 100)]


def test_torch_workers(opened):
    if "torch" not in sys.modules:
        try:
            import torch  # noqa: F401
        except ImportError:
            with pytest.raises(InputError, match="pip install 'torch'"):
                to_torch(opened.stream())
            return
    from torch.utils.data import DataLoader

    loader = DataLoader(to_torch(opened.stream(["n"], seed=3)), batch_size=8, num_workers=2)
    found = [int(n) for batch in loader for n in batch["n"]]
    assert sorted(found) == list(range(SHARDS * ROWS))
    assert found != sorted(found)


def test_hugging_face_iterable(opened):
    try:
        import datasets  # noqa: F401
    except ImportError:
        with pytest.raises(InputError, match="pip install 'datasets'"):
            to_hugging_face(opened.stream())
        return
    found = to_hugging_face(opened.stream(["n"]))
    assert found.num_shards == SHARDS
    assert [row["n"] for row in found] == list(range(SHARDS * ROWS))
    shuffled = [row["n"] for row in to_hugging_face(opened.stream(["n"], seed=4))]
    assert sorted(shuffled) == list(range(SHARDS * ROWS)) != shuffled


_READS = """
import sys, pickle
opened = pickle.load(sys.stdin.buffer)
written = []
def hook(event, arguments):
    if event == "open" and isinstance(arguments[1], str) and set(arguments[1]) & set("wax+"):
        written.append(arguments[0])
    elif event in ("os.rename", "os.link", "os.mkdir", "tempfile.mkstemp"):
        written.append(event)
sys.addaudithook(hook)
assert opened.to_table().num_rows == 200
assert len(list(opened.stream(seed=1))) == 200
print(written)
"""


def test_reading_writes_nothing_to_disk(opened, tmp_path):
    """Audited in a process of its own, whose working folder stays empty as well."""
    (tmp_path / "empty").mkdir()
    code = [sys.executable, "-c", _READS]
    raw = pickle.dumps(opened)
    path = [p for p in sys.path if p]
    done = subprocess.run(
        code,
        input=raw,
        capture_output=True,
        check=True,
        cwd=tmp_path / "empty",
        env={"PYTHONPATH": ":".join(path), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert done.stdout.decode().strip() == "[]"
    assert not list((tmp_path / "empty").iterdir())
