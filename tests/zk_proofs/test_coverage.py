"""The proofs of a run must tile every shard exactly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactory.errors import ProofError
from zk_proofs.context import Context
from zk_proofs.coverage import check_coverage


def context(shard, first, rows):
    return Context("d", shard, "r", "00" * 32, "00" * 32, "00" * 32, first, rows, 4)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.randoms())
def test_any_tiling_in_any_order(sizes, chance):
    parts, at = [], 0
    for size in sizes:
        parts.append(context("a", at, size))
        at += size
    chance.shuffle(parts)
    check_coverage(parts, {"a": at})
    with pytest.raises(ProofError, match="row"):
        check_coverage(parts, {"a": at + 1})
    with pytest.raises(ProofError, match="row"):
        check_coverage(parts[1:], {"a": at})
    with pytest.raises(ProofError, match="twice"):
        check_coverage([*parts, parts[0]], {"a": at})


def test_shards_are_named():
    with pytest.raises(ProofError, match="b: "):
        check_coverage([context("a", 0, 3)], {"a": 3, "b": 2})
    with pytest.raises(ProofError, match="c: "):
        check_coverage([context("a", 0, 3), context("c", 0, 1)], {"a": 3})
    with pytest.raises(ProofError, match="a: row 1"):
        check_coverage([context("a", 0, 2), context("a", 1, 2)], {"a": 3})
    with pytest.raises(ProofError):
        check_coverage([context("a", 0, 4)], {"a": 3})


def test_blocks_of_a_context_tile_its_rows():
    assert context("a", 5, 10).blocks() == [(5, 4), (9, 4), (13, 2)]
