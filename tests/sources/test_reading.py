"""Across formats: the table of formats, compressions and encodings; batches; options."""

import csv
import io
import json
import pickle

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from redactory.errors import InputError
from redactory.sources import (
    Batch,
    ReadOptions,
    Unreadable,
    columns_not_carried,
    list_sources,
    read,
)

ROWS = [
    {"id": "a", "lang": "en", "text": "Dear Ms Lee, your account is closed.", "src": "bank"},
    {
        "id": "b",
        "lang": "zh",
        "text": "尊敬的王女士：您的电话是13800138000，我们会与您联系。",
        "src": "x",
    },
    {"id": "c", "lang": "fr", "text": 'été "cité", 5 €\nseconde ligne', "src": "👍"},
]


def as_jsonl(encoding):
    return "".join(json.dumps(r, ensure_ascii=False) + "\n" for r in ROWS).encode(encoding)


def as_table(encoding, delimiter=","):
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, list(ROWS[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(ROWS)
    return table.getvalue().encode(encoding)


FORMATS = {
    "jsonl": as_jsonl,
    "csv": as_table,
    "tsv": lambda encoding: as_table(encoding, "\t"),
}


@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "gb18030"])
@pytest.mark.parametrize("name", FORMATS)
def test_every_format_in_every_compression_and_encoding(bench, name, encoding, suffix):
    chosen = "utf-16-be" if encoding == "utf-16-be" else None
    outcome = bench.read_bytes(
        f"t.{name}{suffix}", FORMATS[name](encoding), pass_through=("src",), encoding=chosen
    )
    expected = [
        {
            "record_no": n,
            "record_id": r["id"],
            "lang": r["lang"],
            "text": r["text"],
            "src": r["src"],
        }
        for n, r in enumerate(ROWS)
    ]
    assert outcome.rows == expected
    assert outcome.bytes_read == len(FORMATS[name](encoding))


def test_parquet_gives_the_same_records(bench):
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), sink)
    outcome = bench.read_bytes("t.parquet", sink.getvalue(), pass_through=("src",))
    assert (
        outcome.rows == bench.read_bytes("t.jsonl", as_jsonl("utf-8"), pass_through=("src",)).rows
    )


def test_the_schema_says_what_may_be_null(bench):
    data = b'{"text": "x", "note": "y", "who": "p", "k": "v", "class": "c"}'
    outcome = bench.read_bytes(
        "a.jsonl",
        data,
        text_columns=("text", "note"),
        subject_column="who",
        label_column="class",
        pass_through=("k",),
    )
    schema = outcome.batches[0].records.schema
    assert [(f.name, str(f.type), f.nullable) for f in schema] == [
        ("record_no", "int64", False),
        ("record_id", "string", False),
        ("lang", "string", True),
        ("subject", "string", True),
        ("label", "string", True),
        ("text", "string", False),
        ("note", "string", False),
        ("k", "string", True),
    ]


def test_batches_close_at_rows_or_bytes_and_cover_the_file(bench):
    data = b'{"text": "%s"}\n' % (b"x" * 85) * 100
    by_rows = bench.read_bytes("a.jsonl", data, batch_rows=30).batches
    assert [b.records.num_rows for b in by_rows] == [30, 30, 30, 10]
    by_bytes = bench.read_bytes("a.jsonl", data, batch_bytes=2500).batches
    assert [b.records.num_rows for b in by_bytes] == [26, 26, 26, 22]
    assert sum(b.bytes_read for b in by_bytes) == len(data)


def test_a_batch_may_hold_unreadable_records_only(bench):
    outcome = bench.read_bytes("a.jsonl", b"x\ny\n" + b'{"text": "z"}\n', batch_rows=2)
    assert [(b.records.num_rows, len(b.unreadable)) for b in outcome.batches] == [(0, 2), (1, 0)]


def test_reading_twice_gives_the_same_batches(bench):
    path = bench.write("a.csv.gz", as_table("utf-8") + b'"stray\n' + b"d,en,x,y\n" * 50)
    first, second = (bench.read(path, batch_bytes=64).batches for _ in range(2))
    assert [(b.records, b.unreadable, b.bytes_read) for b in first] == [
        (b.records, b.unreadable, b.bytes_read) for b in second
    ]


def test_no_repr_shows_a_text(bench):
    outcome = bench.read_bytes("a.jsonl", b'{"text": "Ann Lee"}\n{"text": "Ann Lee"')
    assert "Ann" not in repr(outcome.batches)
    assert isinstance(outcome.batches[0], Batch)
    assert isinstance(outcome.unreadable[0], Unreadable)
    assert pickle.loads(pickle.dumps(outcome.unreadable)) == outcome.unreadable


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text_columns": ()}, "no text column"),
        ({"text_columns": ("a", "a")}, "chosen twice"),
        ({"text_columns": ("a",), "pass_through": ("a",)}, "chosen twice"),
        ({"text_columns": ("label",), "label_column": "label"}, "reserved"),
        ({"pass_through": ("record_no",)}, "reserved"),
        ({"pass_through": ("subject",), "subject_column": "who"}, "reserved"),
        ({"batch_rows": 0}, "at least 1"),
        ({"text_unit": "page"}, "neither"),
    ],
)
def test_options_that_contradict_themselves_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        ReadOptions(**options)


def test_a_role_under_its_own_name_is_carried_once(bench):
    outcome = bench.read_bytes("a.jsonl", as_jsonl("utf-8"), pass_through=("lang", "src"))
    assert list(outcome.rows[0]) == ["record_no", "record_id", "lang", "text", "src"]


@pytest.mark.parametrize("name", ["t.jsonl", "t.csv", "t.tsv.gz"])
def test_columns_not_carried_are_named(bench, name):
    data = FORMATS[name.split(".")[1]]("utf-8")
    (source,) = list_sources(bench.write(name, data)).sources
    assert columns_not_carried(source, ReadOptions()) == ["src"]
    assert columns_not_carried(source, ReadOptions(pass_through=("src",))) == []


def test_columns_not_carried_of_parquet_and_of_plain_text(bench):
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(ROWS), sink)
    (source,) = list_sources(bench.write("t.parquet", sink.getvalue())).sources
    assert columns_not_carried(source, ReadOptions()) == ["src"]
    (source,) = list_sources(bench.write("t.txt", b"x")).sources
    assert columns_not_carried(source, ReadOptions()) == []


def test_closing_early_closes_the_file(bench):
    (source,) = list_sources(bench.write("a.jsonl", b'{"text": "x"}\n' * 5000)).sources
    batches = read(source, ReadOptions(batch_rows=1), source_id="s")
    next(batches)
    batches.close()
