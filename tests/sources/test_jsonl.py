import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from redactory.errors import InputError

TEXTS = st.lists(st.text(max_size=40), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"{", "malformed_json"),
        (b"nothing", "malformed_json"),
        (b'{"text": NaN}', "malformed_json"),
        (b'{"text": "a", "x": -Infinity}', "malformed_json"),
        (b'{"text": "a", "x": 1e999}', "malformed_json"),
        (b'{"text": "a", "text": "b"}', "malformed_json"),
        (b'{"text": "a", "x": {"y": 1, "y": 2}}', "malformed_json"),
        (b'{"text": "a\tb"}', "malformed_json"),
        (b'{"text": "a"} {"text": "b"}', "malformed_json"),
        (b"[" * 100_000, "malformed_json"),
        (b'{"text": "a", "x": ' + b"9" * 5000 + b"}", "malformed_json"),
        (b'["text"]', "not_an_object"),
        (b"7", "not_an_object"),
        (b"null", "not_an_object"),
        (b'{"body": "a"}', "missing_column"),
        (b'{"text": 5}', "not_text"),
        (b'{"text": ["a"]}', "not_text"),
        (b'{"text": "\\ud83d"}', "lone_surrogate"),
        (b'{"text": "a", "lang": "\\udc00"}', "lone_surrogate"),
        (b'{"text": "\xff"}', "undecodable"),
        (b'{"text": "' + b"a" * 200_000 + b'"}', "too_long"),
    ],
)
def test_a_bad_line_is_quarantined_alone(bench, line, reason):
    good = b'{"text": "good"}\n'
    outcome = bench.read_bytes(
        "a.jsonl", good + line + b"\n" + good, encoding="utf-8", max_record_bytes=150_000
    )
    assert outcome.column() == ["good", "good"]
    assert outcome.column("record_no") == [0, 2]
    assert outcome.reasons == [(1, reason)]
    assert outcome.unreadable[0].record_id == "src:1"
    assert outcome.unreadable[0].raw == line[:150_000]


@pytest.mark.parametrize(
    "value", ["null", '""', "{}", "[1]", '"' + "x" * 513 + '"', '"' + "é" * 257 + '"']
)
def test_a_bad_id_is_quarantined(bench, value):
    data = f'{{"id": "a", "text": "x"}}\n{{"id": {value}, "text": "y"}}\n{{"text": "z"}}\n'
    outcome = bench.read_bytes("a.jsonl", data.encode())
    assert outcome.column("record_id") == ["a"]
    assert outcome.reasons == [(1, "bad_id"), (2, "bad_id")]


def test_ids_of_any_scalar_kind_and_repeated_ones_are_kept(bench):
    data = b"".join(
        b'{"text": "x", "id": %s}\n' % i for i in (b"7", b'"7"', b"1.50", b"true", b"1" * 400)
    )
    assert bench.read_bytes("a.jsonl", data).column("record_id") == [
        "7",
        "7",
        "1.5",
        "true",
        "1" * 400,
    ]


def test_without_an_id_column_ids_are_made_of_source_and_number(bench):
    outcome = bench.read_bytes("a.jsonl", b'{"text": "x"}\n{\n{"text": "y"}')
    assert outcome.column("record_id") == ["src:0", "src:2"]


def test_blank_lines_are_neither_records_nor_counted(bench):
    data = b'\n  \t\r\n{"text": "x"}\r\n\n\n{"text": "y"}\n \n'
    outcome = bench.read_bytes("a.jsonl", data)
    assert outcome.column("record_no") == [0, 1]
    assert outcome.unreadable == []
    assert outcome.bytes_read == len(data)


def test_null_text_is_empty_and_other_columns_become_text(bench):
    row = {
        "text": None,
        "lang": "",
        "who": 12,
        "class": "spam",
        "a": 1.0,
        "b": None,
        "c": {"k": ["é"]},
        "d": False,
        "e": 10**30,
    }
    outcome = bench.read_bytes(
        "a.jsonl",
        json.dumps(row).encode(),
        subject_column="who",
        label_column="class",
        pass_through=tuple("abcde"),
    )
    assert outcome.rows == [
        {
            "record_no": 0,
            "record_id": "src:0",
            "lang": None,
            "subject": "12",
            "label": "spam",
            "text": "",
            "a": "1",
            "b": None,
            "c": '{"k":["é"]}',
            "d": "false",
            "e": "1" + "0" * 30,
        }
    ]


def test_a_value_too_deep_to_write_again_is_malformed(bench):
    depth = next(d for d in range(900, 0, -10) if _parses("[" * d + "]" * d))
    deep = b'{"text": "a", "x": ' + b"[" * depth + b"]" * depth + b"}"
    outcome = bench.read_bytes("a.jsonl", b'{"text": "a", "x": 1}\n' + deep, pass_through=("x",))
    assert outcome.numbers == [0, 1]
    assert {reason for _, reason in outcome.reasons} <= {"malformed_json"}


def _parses(text):
    try:
        json.loads(text)
    except RecursionError:
        return False
    return True


def test_an_empty_subject_is_nobody(bench):
    data = b'{"text": "x", "who": ""}\n{"text": "y", "who": "p1"}'
    outcome = bench.read_bytes("a.jsonl", data, subject_column="who")
    assert outcome.column("subject") == [None, "p1"]


def test_a_json_array_is_refused_with_advice(bench):
    with pytest.raises(InputError, match="JSON lines"):
        bench.read_bytes("a.jsonl", b' \n [{"text": "x"}]')


def test_a_column_that_no_early_object_has_is_refused(bench):
    with pytest.raises(InputError, match=r"no column 'body'.*has id, text") as error:
        bench.read_bytes("a.jsonl", b'{"id": 1, "text": "x"}\n' * 3, text_columns=("body",))
    assert error.value.exit_code == 2


def test_names_that_are_no_identifiers_are_counted_not_shown(bench):
    with pytest.raises(InputError) as error:
        bench.read_bytes("a.jsonl", b'{"ann@example.org": 1, "x": 2}')
    assert "ann@" not in str(error.value)
    assert "2 columns" in str(error.value)


def test_a_column_that_appears_late_among_the_early_objects_is_found(bench):
    data = b'{"x": 1}\n' * 99 + b'{"text": "found"}\n' + b'{"x": 1}\n'
    outcome = bench.read_bytes("a.jsonl", data)
    assert outcome.column() == ["found"]
    assert len(outcome.unreadable) == 100


@settings(deadline=None)
@given(texts=TEXTS)
@example(texts=["\u2028\x85\x0b\x00\x7f", '"\\"', "👩‍👩‍👧", "\u202eשלום", "\ufeff"])
@pytest.mark.parametrize("escaped", [True, False])
def test_any_texts_come_back_equal_and_in_order(bench, escaped, texts):
    data = "\n".join(
        json.dumps({"id": f"r{n}", "text": text}, ensure_ascii=escaped)
        for n, text in enumerate(texts)
    )
    outcome = bench.read_bytes("h.jsonl", data.encode(), batch_rows=7)
    assert outcome.column() == texts
    assert outcome.column("record_id") == [f"r{n}" for n in range(len(texts))]


@settings(deadline=None)
@given(lines=st.lists(st.binary(max_size=30).map(lambda b: b.replace(b"\n", b"")), max_size=15))
def test_garbage_is_all_accounted_for(bench, lines):
    data = b"\n".join([b'{"text": "first"}', *lines])
    outcome = bench.read_bytes("g.jsonl", data, encoding="utf-8", max_record_bytes=20)
    expected = 1 + sum(bool(line.strip(b" \t\r")) for line in lines)
    assert outcome.numbers == list(range(expected))
    assert outcome.bytes_read == len(data)
