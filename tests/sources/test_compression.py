import gzip
import json
import os

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

PACK = {"gz": gzip.compress, "zst": zstandard.ZstdCompressor(write_checksum=True).compress}
SKIPPABLE = b"\x50\x2a\x4d\x18" + (5).to_bytes(4, "little") + b"other"


def rows(count, start=0):
    return b"".join(
        b'{"text": "%s"}\n' % os.urandom(16).hex().encode() for _ in range(start, start + count)
    )


@pytest.mark.parametrize("kind", PACK)
def test_members_one_after_the_other_are_one_file(bench, kind):
    data = [rows(3), b"", rows(4)]
    packed = b"".join(map(PACK[kind], data))
    outcome = bench.read(bench.store(f"a.jsonl.{kind}", packed))
    assert outcome.column() == [json.loads(r)["text"] for r in b"".join(data).splitlines()]
    assert outcome.bytes_read == len(b"".join(data))


def test_padding_after_gzip_and_skippable_zstandard_frames_are_no_text(bench):
    packed = gzip.compress(b'{"text": "x"}') + b"\0" * 512
    assert bench.read(bench.store("a.jsonl.gz", packed)).column() == ["x"]
    packed = SKIPPABLE + PACK["zst"](b'{"text": "x"}') + SKIPPABLE
    assert bench.read(bench.store("a.jsonl.zst", packed)).column() == ["x"]


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("harm", ["truncated", "flipped", "trailing"])
def test_a_broken_stream_keeps_what_came_before(bench, kind, harm):
    data = rows(20_000)
    packed = PACK[kind](data)
    middle = len(packed) // 2
    broken = {
        "truncated": packed[:middle],
        "flipped": packed[:middle] + bytes(64) + packed[middle + 64 :],
        "trailing": packed + b"this is no member",
    }[harm]
    outcome = bench.read(bench.store(f"a.jsonl.{kind}", broken), encoding="utf-8")
    expected = [json.loads(r)["text"] for r in data.splitlines()]
    *before, last = outcome.unreadable
    assert last.reason == "corrupt_compression"
    assert last.record_no == len(outcome.rows) + len(before)
    read = outcome.column()
    if harm == "flipped":  # both formats have their checksum at the very end
        assert len(read) > 1000
        assert read[:1000] == expected[:1000]
    else:
        assert before == []
        assert len(read) == len(expected) if harm == "trailing" else 1000 < len(read) < 20_000
        assert read == expected[: len(read)]


@pytest.mark.parametrize("kind", PACK)
@pytest.mark.parametrize("name", ["a.txt", "a.csv", "a.jsonl"])
def test_a_file_that_is_not_compressed_at_all(bench, kind, name):
    outcome = bench.read(bench.store(f"{name}.{kind}", b"id,text\n1,x\n"))
    assert outcome.reasons == [(0, "corrupt_compression")]


@pytest.mark.parametrize("unit", ["file", "paragraph"])
def test_a_broken_text_is_never_taken_for_a_whole_one(bench, unit):
    packed = gzip.compress(b"one\n\ntwo\ntwo still")[:-4]
    outcome = bench.read(bench.store("a.txt.gz", packed), text_unit=unit)
    assert outcome.column() == (["one"] if unit == "paragraph" else [])
    (last,) = outcome.unreadable
    assert last.reason == "corrupt_compression"
    assert last.raw.endswith(b"two\ntwo still")


@pytest.mark.parametrize("kind", PACK)
def test_an_empty_compressed_file_has_no_records(bench, kind):
    assert bench.read(bench.store(f"a.jsonl.{kind}", PACK[kind](b""))).batches == []
    assert bench.read(bench.store(f"a.jsonl.{kind}", b"")).batches == []


@settings(deadline=None)
@given(
    parts=st.lists(st.binary(max_size=300), min_size=1, max_size=4),
    kind=st.sampled_from(sorted(PACK)),
)
def test_any_bytes_in_any_number_of_members_come_back(bench, parts, kind):
    packed = b"".join(map(PACK[kind], parts))
    outcome = bench.read(bench.store(f"h.txt.{kind}", packed), encoding="latin-1")
    whole = b"".join(parts).decode("latin-1")
    assert outcome.column() == ([whole] if whole else [])
    assert outcome.unreadable == []
