import csv
import io

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from redactory.errors import InputError


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'2,"stray', "malformed_csv"),
        (b'2,"a"b', "malformed_csv"),
        (b"2", "malformed_csv"),
        (b"2,b,c", "malformed_csv"),
        (b"2,\xff", "undecodable"),
        (b"2," + b"x" * 300, "too_long"),
        (b'2,"' + b"x" * 300, "too_long"),
        (b",x", "bad_id"),
    ],
)
def test_a_bad_line_costs_only_itself(bench, line, reason):
    good = "".join(f"{n},text {n}\n" for n in range(50)).encode()
    data = b"id,text\n1,one\n" + line + b"\n" + good
    outcome = bench.read_bytes("a.csv", data, encoding="utf-8", max_record_bytes=200)
    assert outcome.reasons == [(1, reason)]
    assert outcome.column() == ["one", *(f"text {n}" for n in range(50))]
    assert outcome.unreadable[0].raw == line[:200]


def test_a_quote_never_closed_beyond_the_limit_costs_its_first_line(bench):
    rows = "".join(f"{n},{'y' * 50}\n" for n in range(2000))
    outcome = bench.read_bytes("a.csv", f'id,text\n0,"open\n{rows}'.encode(), max_record_bytes=1000)
    assert outcome.reasons == [(0, "malformed_csv")]
    assert len(outcome.rows) == 2000


def test_an_inch_sign_inside_a_field_is_text(bench):
    outcome = bench.read_bytes("a.csv", b'id,text\n1,a 5" pipe\n2,b\n3,a 6" pipe\n')
    assert outcome.column() == ['a 5" pipe', "b", 'a 6" pipe']


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_from_the_header(bench, delimiter):
    data = f"id{delimiter}text\n1{delimiter}a, b; c\n".replace("a, b; c", '"a, b; c|d"')
    assert bench.read_bytes("a.csv", data.encode()).column() == ["a, b; c|d"]


def test_tsv_takes_tabs_only(bench):
    assert bench.read_bytes("a.tsv", b"id\ttext\n1\ta,b;c|d\n").column() == ["a,b;c|d"]


def test_line_feeds_within_quotes_stay_and_empty_fields_are_empty_text(bench):
    data = b'id,text,x\r\n1,"a\r\nb\nc",\r\n\r\n2,,v\r\n'
    outcome = bench.read_bytes("a.csv", data, pass_through=("x",))
    assert outcome.column() == ["a\r\nb\nc", ""]
    assert outcome.column("x") == ["", "v"]
    assert outcome.bytes_read == len(data)


def test_a_field_longer_than_the_parsers_own_limit(bench):
    text = "x" * 500_000
    assert bench.read_bytes("a.csv", f"id,text\n1,{text}\n".encode()).column() == [text]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"id,body\n1,x\n", r"no column 'text'.*it has body, id"),
        (b'"id,text\n1,x\n', "header row is not valid CSV"),
        (b"id,text,text\n1,x,y\n", "stands twice"),
        (b"id,te\xffxt\n1,x\n", "header row cannot be read"),
    ],
)
def test_an_unusable_header_is_refused(bench, data, message):
    with pytest.raises(InputError, match=message):
        bench.read_bytes("a.csv", data, encoding="utf-8")


def test_a_missing_header_row_does_not_show_the_first_record(bench):
    with pytest.raises(InputError) as error:
        bench.read_bytes("a.csv", b"Ann Lee,ann@example.org\nBo,bo@example.org\n")
    assert "Ann" not in str(error.value)


def test_a_header_alone_has_no_records(bench):
    assert bench.read_bytes("a.csv", b"id,text\n").batches == []


@settings(deadline=None)
@given(texts=st.lists(st.text(max_size=30), min_size=1, max_size=15))
@example(texts=["", " ", "\r", "\n\n", '"', '""",', "\0\0", "\u2028", "a\x85b", "👍🏽", "עברית"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
def test_any_texts_come_back_equal_and_in_order(bench, quoting, texts):
    table = io.StringIO(newline="")
    writer = csv.writer(table, quoting=quoting)
    writer.writerow(["record", "text"])
    writer.writerows([f"r{n}", text] for n, text in enumerate(texts))
    outcome = bench.read_bytes("h.csv", table.getvalue().encode(), id_column="record", batch_rows=4)
    assert outcome.unreadable == []
    assert outcome.column() == texts
    assert outcome.column("record_id") == [f"r{n}" for n in range(len(texts))]


@settings(deadline=None)
@given(
    lines=st.lists(
        st.lists(st.sampled_from([b'"', b",", b"a", b"\r", b"\xff", b"\0"]), max_size=8),
        max_size=12,
    )
)
def test_garbage_is_all_accounted_for(bench, lines):
    data = b"\n".join([b"id,text", *(b"".join(line) for line in lines)])
    outcome = bench.read_bytes("g.csv", data, encoding="utf-8", max_record_bytes=16)
    if not outcome.batches:
        assert not b"".join(map(b"".join, lines)).strip(b"\r")
        return
    assert outcome.numbers == list(range(len(outcome.numbers)))
    assert outcome.bytes_read == len(data)
    read = "".join(outcome.column("record_id") + outcome.column()).encode()
    held = b"".join(u.raw for u in outcome.unreadable)
    assert (read + held).count(b"a") == data.removeprefix(b"id,text").count(b"a")
