"""Cutting records into shards: every record once, ids that depend on content alone."""

import itertools
import json
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactory.pipeline.ids import InputDigest, dataset_id, keyed_id, shard_id, source_id
from redactory.pipeline.planning import Limits, Planner
from redactory.sources import ReadOptions, list_sources
from sealed_shards.manifest import Segment

KEY = bytes(range(32))
TEXTS = st.lists(st.text(st.characters(codec="utf-8"), max_size=30), max_size=40)


def planner(rows=10, size=1 << 20, *, key=KEY, config="ab" * 32, **options):
    reading = ReadOptions(batch_rows=min(rows, 7), batch_bytes=min(size, 200), **options)
    return Planner(reading, Limits(rows, size), id_key=key, dataset="d", config_digest=config)


def write(folder: Path, texts, name="in.jsonl"):
    folder.mkdir(exist_ok=True)
    lines = [json.dumps({"id": str(n), "text": text}) for n, text in enumerate(texts)]
    (folder / name).write_text("".join(line + "\n" for line in lines), "utf-8")
    return list_sources(str(folder)).sources


@given(TEXTS, st.integers(1, 15), st.integers(50, 2000))
def test_every_record_is_in_exactly_one_shard(tmp_path_factory, texts, rows, size):
    sources = write(tmp_path_factory.mktemp("p"), texts)
    shards = list(planner(rows, size).plan(sources))
    numbers = [
        number
        for shard in shards
        for _, batch in shard.records
        for number in batch.column("record_no").to_pylist()
    ]
    assert numbers == list(range(len(texts)))
    assert all(0 < shard.rows_in <= rows for shard in shards)
    assert len({shard.shard for shard in shards}) == len(shards)
    ranges = [(s.segments[0].first, s.segments[-1].last) for s in shards]
    assert all(a[1] + 1 == b[0] for a, b in itertools.pairwise(ranges))


def test_ids_are_stable_and_depend_on_key_content_place_and_configuration(tmp_path):
    sources = write(tmp_path / "a", ["one", "two"])

    def only_id(sources, **options):
        (shard,) = planner(**options).plan(sources)
        return shard.shard

    base = only_id(sources)
    assert base == only_id(sources)
    variants = {
        base,
        only_id(sources, key=bytes(32)),
        only_id(sources, config="cd" * 32),
        only_id(write(tmp_path / "b", ["one", "two"])),
        only_id(write(tmp_path / "a", ["one", "twO"])),
        only_id(write(tmp_path / "a", ["onet", "wo"])),
    }
    assert len(variants) == 6


def test_many_small_text_files_share_a_shard_and_tables_do_not(tmp_path):
    for number in range(5):
        (tmp_path / f"n{number}.txt").write_text(f"note {number}")
    sources = list_sources(str(tmp_path)).sources
    (shard,) = planner(10).plan(sources)
    assert [segment.source_id for segment in shard.segments] == [
        source_id(KEY, source.uri) for source in sources
    ]
    assert len(list(planner(2).plan(sources))) == 3
    for number in range(2):
        write(tmp_path / "tables", ["x"], f"t{number}.jsonl")
    assert len(list(planner(10).plan(list_sources(str(tmp_path / "tables")).sources))) == 2


def test_a_batch_of_unreadable_records_only(tmp_path):
    (tmp_path / "bad.jsonl").write_text("no\nno\n")
    (shard,) = planner(10).plan(list_sources(str(tmp_path)).sources)
    assert shard.rows_in == 2
    assert shard.records == ()
    assert "text" in shard.schema.names


def table(values):
    return pa.RecordBatch.from_pydict(
        {name: pa.array(column, pa.string()) for name, column in values.items()}
    )


def digest(*batches):
    made = InputDigest(KEY)
    for batch in batches:
        made.add_records(batch)
    return made.hexdigest()


VALUES = st.lists(st.one_of(st.none(), st.text(st.characters(codec="utf-8"))), max_size=6)


@given(VALUES, VALUES)
def test_different_columns_never_share_a_digest(one, other):
    assert (digest(table({"a": one})) == digest(table({"a": other}))) == (one == other)


@given(VALUES.filter(lambda v: len(v) > 2))
def test_a_slice_is_digested_as_what_it_shows(values):
    assert digest(table({"a": values}).slice(1, 2)) == digest(table({"a": values[1:3]}))


def test_null_and_empty_differ_and_names_count():
    assert digest(table({"a": [None]})) != digest(table({"a": [""]}))
    assert digest(table({"a": ["x"]})) != digest(table({"b": ["x"]}))


def test_ids_for_different_purposes_never_meet():
    segment = Segment(source_id="0" * 32, first=0, last=1, input_digest="0" * 64)
    made = {
        source_id(KEY, "x"),
        dataset_id(KEY, "x"),
        keyed_id(KEY, "quarantine/v1", "x"),
        shard_id(KEY, "x", [segment], "0" * 64),
    }
    assert len(made) == 4
    assert all(len(value) == 32 for value in made)


def test_a_source_that_cannot_be_opened_is_an_input_error(tmp_path):
    from redactory.errors import InputError

    sources = write(tmp_path / "a", ["x"])
    (tmp_path / "a" / "in.jsonl").unlink()
    with pytest.raises(InputError):
        list(planner().plan(sources))
