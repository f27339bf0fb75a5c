"""Tile paths, bundles and the growing edge."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit_ledger.edge import Edge
from audit_ledger.merkle import leaf_hash, root_of_leaves
from audit_ledger.tiles import (
    ENTRIES,
    TileId,
    decode_bundle,
    decode_hashes,
    encode_bundle,
    encode_hashes,
    levels_of,
    tile_at,
)


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (TileId(0, 0), "tile/0/000"),
        (TileId(1, 999, 1), "tile/1/999.p/1"),
        (TileId(0, 1000), "tile/0/x001/000"),
        (TileId(0, 1234067, 8), "tile/0/x001/x234/067.p/8"),
        (TileId(ENTRIES, 1234067), "tile/entries/x001/x234/067"),
    ],
)
def test_paths_of_the_specification(tile, path):
    assert tile.path == path
    assert TileId.parse(path) == tile


@given(st.integers(-1, 63), st.integers(0, 10**15), st.integers(1, 256))
def test_path_round_trip(level, number, width):
    tile = TileId(level, number, width)
    assert TileId.parse(tile.path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "tile/0/0",
        "tile/00/000",
        "tile/-1/000",
        "tile/0/x000/000",
        "tile/0/000.p/256",
        "tile/0/000.p/08",
        "tile/0/000.p/",
        "tile/0/000/",
        "tile/0/../0/000",
        "tile/0/٠٠٠",
        "checkpoint",
        "tile/entries/000\n",
    ],
)
def test_other_names_are_no_tiles(path):
    tile = TileId.parse(path)
    assert tile is None or tile_at(tile.level, tile.number, 10**6) != tile


@given(st.lists(st.binary(max_size=300), max_size=20))
def test_bundle_round_trip(entries):
    assert decode_bundle(encode_bundle(entries)) == entries


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=5), st.data())
def test_a_cut_bundle_is_refused_or_shorter(entries, data):
    raw = encode_bundle(entries)
    cut = raw[: data.draw(st.integers(0, len(raw) - 1))]
    with contextlib.suppress(ValueError):
        assert len(decode_bundle(cut)) < len(entries)


def test_largest_entry():
    assert decode_bundle(encode_bundle([b"a" * 65535])) == [b"a" * 65535]
    with pytest.raises(OverflowError):
        encode_bundle([b"a" * 65536])


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=20))
def test_hash_tile_round_trip(hashes):
    assert decode_hashes(encode_hashes(hashes)) == hashes


def test_a_tile_that_ends_inside_a_hash():
    with pytest.raises(ValueError, match="inside a hash"):
        decode_hashes(bytes(33))


@pytest.mark.parametrize(
    ("size", "levels"), [(0, 0), (1, 1), (255, 1), (256, 2), (65535, 2), (65536, 3), (2**24, 4)]
)
def test_number_of_levels(size, levels):
    assert levels_of(size) == levels


@given(st.lists(st.integers(0, 600), max_size=6))
def test_the_edge_grows_the_same_tree_in_any_batches(batches):
    edge, stored, entries = Edge(), {}, []
    for batch in batches:
        fresh = [f"{len(entries) + i}".encode() for i in range(batch)]
        entries += fresh
        stored.update(edge.extend(fresh))
    stored.update(edge.partials())
    assert edge.size == len(entries)
    assert edge.root() == root_of_leaves([leaf_hash(entry) for entry in entries])
    bundles = [stored[tile] for tile in sorted(stored) if tile.level == ENTRIES]
    assert [entry for raw in bundles for entry in decode_bundle(raw)] == entries
    assert all(tile == tile_at(tile.level, tile.number, edge.size) for tile in stored)


def test_three_levels():
    entries = [b""] * (65536 + 256 + 3)
    edge = Edge()
    tiles = dict(edge.extend(entries)) | dict(edge.partials())
    assert {tile.path for tile in tiles if tile.level > 0} == {
        "tile/1/000",
        "tile/1/001.p/1",
        "tile/2/000.p/1",
    }
    assert edge.root() == root_of_leaves([leaf_hash(b"")] * len(entries))
