import datetime as dt
import io
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactory.errors import InputError


def stored(table, **options):
    sink = io.BytesIO()
    pq.write_table(pa.table(table), sink, **options)
    return sink.getvalue()


def test_a_damaged_file_keeps_what_came_before(bench):
    texts = [f"text {n}" for n in range(5000)]
    data = bytearray(stored({"text": texts}, row_group_size=1000, use_dictionary=False))
    group = pq.ParquetFile(io.BytesIO(data)).metadata.row_group(3).column(0)
    start = group.data_page_offset
    data[start : start + 200] = b"\xff" * 200
    outcome = bench.read_bytes("a.parquet", bytes(data))
    assert outcome.column() == texts[: len(outcome.rows)]
    assert len(outcome.rows) >= 2900
    assert outcome.reasons == [(len(outcome.rows), "corrupt_parquet")]


@pytest.mark.parametrize("data", [b"", b"PAR1", b"no parquet at all", b"PAR1" + b"\xff" * 64])
def test_a_file_without_a_footer_is_one_unreadable_record(bench, data):
    outcome = bench.read_bytes("a.parquet", data)
    assert outcome.reasons == [(0, "corrupt_parquet")]


def test_bytes_that_are_no_utf8_harm_their_own_row_only(bench):
    raw = pa.array([b"good", b"bad \xff", b"fine"], pa.binary())
    text = pa.Array.from_buffers(pa.string(), 3, raw.buffers())
    outcome = bench.read_bytes("a.parquet", stored({"text": text, "id": [1, 2, 3]}))
    assert outcome.column() == ["good", "fine"]
    assert outcome.reasons == [(1, "undecodable")]
    assert outcome.unreadable[0].raw == b"bad \xff"


def test_too_long_texts_and_bad_ids_are_quarantined(bench):
    table = {"id": ["a", None, "c" * 600, "d"], "text": ["x", "y", "z", "w" * 99]}
    outcome = bench.read_bytes("a.parquet", stored(table), max_record_bytes=50)
    assert outcome.column("record_id") == ["a"]
    assert outcome.reasons == [(1, "bad_id"), (2, "bad_id"), (3, "too_long")]
    assert outcome.unreadable[2].raw == b"w" * 50


@pytest.mark.parametrize(
    ("table", "options", "message"),
    [
        ({"body": ["x"]}, {}, "no column 'text'.*it has body"),
        ({"text": [1]}, {}, "holds int64"),
        ({"text": [b"x"]}, {}, "holds binary"),
        ({"text": [["x"]]}, {}, "holds list"),
        ({"text": ["x"], "b": [b"x"]}, {"pass_through": ("b",)}, "holds binary"),
    ],
)
def test_an_unusable_schema_is_refused(bench, table, options, message):
    with pytest.raises(InputError, match=message):
        bench.read_bytes("a.parquet", stored(table), **options)


def test_a_compressed_parquet_file_is_refused(bench):
    with pytest.raises(InputError, match="compressed Parquet"):
        bench.read_bytes("a.parquet.gz", stored({"text": ["x"]}))


@pytest.mark.parametrize(
    "text_type",
    [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.string_view()],
)
@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (pa.array([7, 8], pa.uint64()), ["7", "8"]),
        (pa.array(["a", "b"], pa.large_string()), ["a", "b"]),
        (pa.array(["a", "a"]).dictionary_encode(), ["a", "a"]),
    ],
)
def test_string_and_id_types(bench, text_type, ids, expected):
    text = pa.array(["é", None]).cast(text_type)
    outcome = bench.read_bytes("a.parquet", stored({"id": ids, "text": text}))
    assert outcome.column("record_id") == expected
    assert outcome.column() == ["é", ""]


def test_other_types_pass_through_as_text(bench):
    moment = dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.UTC)
    table = {
        "text": ["x"],
        "a.b": [True],
        "c": [1.5],
        "d": [{"k": [1, None]}],
        "e": pa.array([moment.date()]),
        "f": pa.array([Decimal("1.50")]),
        "g": pa.array([None], pa.null()),
        "h": pa.array([1577934245000000001], pa.timestamp("ns")),
        "i": [float("nan")],
    }
    names = tuple(name for name in table if name != "text")
    outcome = bench.read_bytes("a.parquet", stored(table), pass_through=names)
    (row,) = outcome.rows
    assert [row[name] for name in names] == [
        "true",
        "1.5",
        '{"k":[1,null]}',
        "2020-01-02",
        "1.50",
        None,
        "2020-01-02 03:04:05.000000001",
        "nan",
    ]


@settings(max_examples=50, deadline=None)
@given(texts=st.lists(st.text(max_size=30), max_size=30), group=st.integers(1, 10))
def test_any_texts_come_back_equal_and_in_order(bench, texts, group):
    table = {"id": range(len(texts)), "text": pa.array(texts, pa.string())}
    outcome = bench.read_bytes("h.parquet", stored(table, row_group_size=group), batch_rows=6)
    assert outcome.column() == texts
    assert outcome.column("record_id") == [str(n) for n in range(len(texts))]


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 10_000), harm=st.binary(min_size=1, max_size=16))
def test_damage_anywhere_is_never_a_crash(bench, at, harm):
    data = bytearray(stored({"text": [f"text {n}" for n in range(300)]}, row_group_size=100))
    at %= len(data)
    data[at : at + len(harm)] = harm
    try:
        outcome = bench.read_bytes("d.parquet", bytes(data))
    except InputError:
        return
    assert outcome.numbers == list(range(len(outcome.numbers)))
