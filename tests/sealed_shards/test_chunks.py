"""The chunk tree, the sink that makes it and the file that checks against it."""

import hashlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactory.errors import IntegrityError
from sealed_shards import chunks
from sealed_shards.chunks import CheckedFile, HashingSink, chunks_root, leaf_hash, split_leaves

SMALL = 64


@pytest.fixture(scope="module")
def small_chunks():
    """Chunks of 64 bytes, so that a few hundred bytes make a tree."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunks, "CHUNK_BYTES", SMALL)
        yield


def slow_root(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return hashlib.sha256(b"\x01" + slow_root(leaves[:split]) + slow_root(leaves[split:])).digest()


def slow_leaves(data: bytes, size: int) -> list[bytes]:
    pieces = [data[i : i + size] for i in range(0, len(data), size)]
    return [hashlib.sha256(b"\x00" + piece).digest() for piece in pieces]


@pytest.mark.parametrize("count", [*range(70), 127, 128, 129, 1000])
def test_root_equals_the_recursion_of_the_rfc(count):
    leaves = [hashlib.sha256(bytes([i % 256, i // 256])).digest() for i in range(count)]
    assert chunks_root(leaves) == slow_root(leaves)


def test_a_leaf_is_never_a_node():
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != chunks_root([left, right])


@given(st.lists(st.binary(max_size=200), max_size=12))
def test_sink_passes_on_and_hashes_whatever_the_split(small_chunks, pieces):
    under = io.BytesIO()
    sink = HashingSink(under)
    for piece in pieces:
        assert sink.write(piece) == len(piece)
    whole = b"".join(pieces)
    digest, leaves = sink.digests()
    assert under.getvalue() == whole
    assert sink.size == sink.tell() == len(whole)
    assert digest == hashlib.sha256(whole).digest()
    assert leaves == slow_leaves(whole, SMALL)
    assert sink.digests() == (digest, leaves), "asking twice changes nothing"


@settings(deadline=None)
@given(
    data=st.binary(max_size=700),
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("read"), st.integers(-1, 800), st.just(0)),
            st.tuples(st.just("readinto"), st.integers(0, 800), st.just(0)),
            st.tuples(st.just("seek"), st.integers(-800, 800), st.sampled_from([0, 1, 2])),
        ),
        max_size=12,
    ),
)
def test_checked_file_behaves_like_a_plain_file(small_chunks, data, steps):
    plain = io.BytesIO(data)
    checked = CheckedFile(io.BytesIO(data), slow_leaves(data, SMALL), len(data), where="f")
    assert checked.readable()
    assert checked.seekable()
    for kind, amount, whence in steps:
        if kind == "read":
            assert checked.read(amount) == plain.read(amount)
        elif kind == "readinto":
            ours, theirs = bytearray(amount), bytearray(amount)
            assert checked.readinto(memoryview(ours)) == plain.readinto(theirs)
            assert ours == theirs
        else:
            base = {0: 0, 1: plain.tell(), 2: len(data)}[whence]
            if base + amount < 0:
                with pytest.raises(ValueError):
                    checked.seek(amount, whence)
            else:
                assert checked.seek(amount, whence) == plain.seek(base + amount)
        assert checked.tell() == plain.tell()


@settings(deadline=None)
@given(data=st.binary(min_size=1, max_size=700), choice=st.data())
def test_checked_file_never_returns_a_byte_of_a_changed_chunk(small_chunks, data, choice):
    position = choice.draw(st.integers(0, len(data) - 1))
    start = choice.draw(st.integers(0, len(data)))
    amount = choice.draw(st.integers(0, 800))
    changed = bytearray(data)
    changed[position] ^= 1 << choice.draw(st.integers(0, 7))
    checked = CheckedFile(io.BytesIO(changed), slow_leaves(data, SMALL), len(data), where="f")
    checked.seek(start)
    end = min(len(data), start + amount)
    touched = range(start // SMALL, -(-end // SMALL)) if end > start else range(0)
    if position // SMALL in touched:
        with pytest.raises(IntegrityError, match=f"chunk {position // SMALL} was changed"):
            checked.read(amount)
    else:
        assert checked.read(amount) == data[start:end]


def test_a_file_that_was_cut_after_opening_is_refused(small_chunks):
    data = bytes(range(200))
    checked = CheckedFile(io.BytesIO(data[:150]), slow_leaves(data, SMALL), 200, where="f")
    checked.seek(190)
    with pytest.raises(IntegrityError):
        checked.read(1)


def test_a_change_after_the_check_is_not_seen(small_chunks):
    """What was checked is what is handed out: a chunk in the cache is not read again."""
    data = bytearray(range(64))
    under = io.BytesIO(data)
    checked = CheckedFile(under, slow_leaves(bytes(data), SMALL), 64, where="f")
    assert checked.read(1) == b"\0"
    under.getbuffer()[1] = 0xFF
    assert checked.read(1) == b"\1"


def test_closing_closes_the_file_below():
    under = io.BytesIO(b"")
    CheckedFile(under, [], 0, where="f").close()
    assert under.closed


def test_a_seek_from_nowhere_is_refused():
    with pytest.raises(ValueError):
        CheckedFile(io.BytesIO(b""), [], 0, where="f").seek(0, 7)


@given(st.binary(min_size=1, max_size=700), st.data())
def test_sidecar_is_refused_after_any_change(small_chunks, data, choice):
    leaves = slow_leaves(data, SMALL)
    sidecar, root = b"".join(leaves), slow_root(leaves)
    assert split_leaves(sidecar, root=root, size=len(data), where="s") == leaves
    position = choice.draw(st.integers(0, len(sidecar) - 1))
    changed = bytearray(sidecar)
    changed[position] ^= 1
    swapped = b"".join(reversed(leaves))
    bad = [bytes(changed), sidecar[:-1], sidecar + b"\0", sidecar + leaves[0], b""]
    bad += [swapped] if swapped != sidecar else []
    for other in bad:
        with pytest.raises(IntegrityError, match="not the recorded one"):
            split_leaves(other, root=root, size=len(data), where="s")
    with pytest.raises(IntegrityError):
        split_leaves(sidecar, root=root, size=len(data) + SMALL, where="s")


def test_inner_nodes_do_not_pass_for_leaves(small_chunks):
    """The length of the sidecar is fixed by the header, so a shorter tree cannot stand in."""
    leaves = slow_leaves(bytes(4 * SMALL), SMALL)
    nodes = slow_root(leaves[:2]) + slow_root(leaves[2:])
    with pytest.raises(IntegrityError):
        split_leaves(nodes, root=slow_root(leaves), size=4 * SMALL, where="s")
