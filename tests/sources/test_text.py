import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactory.errors import InputError


def test_a_file_is_one_record_with_its_exact_text(bench):
    text = "  one\r\n\r\ntwo \x00 \u2028 three\n\n"
    outcome = bench.read_bytes("a.txt", text.encode(), text_columns=("body",))
    assert outcome.rows == [
        {"record_no": 0, "record_id": "src:0", "lang": None, "body": text},
    ]


def test_paragraphs_are_the_blocks_between_blank_lines(bench):
    data = b"\n\none\r\nstill one\r\n \t\r\ntwo\n\n\n\nthree"
    outcome = bench.read_bytes("a.txt", data, text_unit="paragraph")
    assert outcome.column() == ["one\r\nstill one", "two", "three"]
    assert outcome.column("record_id") == ["src:0", "src:1", "src:2"]
    assert outcome.bytes_read == len(data)


def test_a_bad_byte_harms_its_own_paragraph_only(bench):
    data = b"one\n\ntwo \xff\nmore\n\nthree\n"
    outcome = bench.read_bytes("a.txt", data, text_unit="paragraph")
    assert outcome.column() == ["one", "three"]
    assert outcome.reasons == [(1, "undecodable")]
    assert outcome.unreadable[0].raw == b"two \xff\nmore"


@pytest.mark.parametrize("unit", ["file", "paragraph"])
@pytest.mark.parametrize("suffix", ["", ".gz", ".zst"])
def test_a_text_is_too_long_from_the_limit_on(bench, unit, suffix):
    for size, is_read in ((1000, True), (1001, False), (300_000, False)):
        data = b"a" * size
        outcome = bench.read_bytes(f"a.txt{suffix}", data, text_unit=unit, max_record_bytes=1000)
        assert outcome.column() == ([data.decode()] if is_read else [])
        assert outcome.reasons == ([] if is_read else [(0, "too_long")])
        assert [u.raw for u in outcome.unreadable] == ([] if is_read else [data[:1000]])
        assert outcome.bytes_read == size


def test_a_long_paragraph_of_short_lines_is_too_long(bench):
    data = b"abc\n" * 250 + b"\n" + b"abc\n" * 251 + b"\nlast"
    outcome = bench.read_bytes("a.txt", data, text_unit="paragraph", max_record_bytes=999)
    assert outcome.reasons == [(1, "too_long")]
    assert outcome.unreadable[0].raw == (b"abc\n" * 251)[:999]
    assert [len(text) for text in outcome.column()] == [999, 4]


def test_plain_text_has_no_columns_to_choose(bench):
    for options in ({"id_column": "id"}, {"text_columns": ("a", "b")}, {"pass_through": ("x",)}):
        with pytest.raises(InputError, match="no columns"):
            bench.read_bytes("a.txt", b"x", **options)


def test_an_empty_file_has_no_records(bench):
    for data in (b"", b"\xef\xbb\xbf"):
        assert bench.read_bytes("a.txt", data).batches == []


@settings(deadline=None)
@given(
    blocks=st.lists(
        st.lists(
            st.text(
                st.characters(exclude_categories=["Cs"], exclude_characters="\n\r"), min_size=1
            ).map(lambda line: "x" + line),
            min_size=1,
            max_size=3,
        ).map("\n".join),
        min_size=1,
        max_size=6,
    ),
    gap=st.sampled_from(["\n\n", "\n\n\n", "\n \t\n", "\n\u3000\n"]),
)
def test_any_paragraphs_come_back_equal(bench, blocks, gap):
    data = gap.join(blocks).encode()
    outcome = bench.read_bytes("h.txt", data, text_unit="paragraph", encoding="utf-8")
    assert outcome.column() == blocks
