"""The map over worker processes: in order, in bounded memory, whatever dies."""

import itertools
import os
import sys
from multiprocessing.reduction import ForkingPickler
from pathlib import Path

import pyarrow as pa
import pytest

from redactory.errors import InputError, RedactoryError
from redactory.pipeline.pool import ordered_map, worker_count

sys.path.insert(0, str(Path(__file__).parent))  # workers inherit the path
import pool_tasks


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_results_come_in_order(workers):
    with ordered_map(pool_tasks.doubling, (), workers) as mapped:
        assert list(mapped(range(20))) == list(range(0, 40, 2))


def test_every_worker_works():
    with ordered_map(pool_tasks.naming, (), 2) as mapped:
        seen = set(mapped(range(50)))
    assert len(seen) == 2
    assert os.getpid() not in seen


def test_a_worker_that_dies_is_replaced_and_its_item_done_again(tmp_path):
    with ordered_map(pool_tasks.dying_once, (str(tmp_path),), 2) as mapped:
        assert list(mapped(range(8))) == list(range(8))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "4", "7"]


def test_an_item_that_ends_every_worker_ends_the_map():
    with (
        pytest.raises(RedactoryError, match="worker processes died"),
        ordered_map(pool_tasks.dying, (), 2) as mapped,
    ):
        list(mapped([1, 2]))


@pytest.mark.parametrize("make", ["failing", "not_made"])
def test_an_error_is_raised_here(make):
    with (
        pytest.raises(InputError, match=r"cannot be read|no such policy"),
        ordered_map(getattr(pool_tasks, make), (), 2) as mapped,
    ):
        list(mapped([1, 2, 3]))


def test_no_more_is_read_than_two_items_a_worker():
    drawn = []
    items = (drawn.append(number) or number for number in itertools.count(1))
    with ordered_map(pool_tasks.doubling, (), 2) as mapped:
        results = mapped(items)
        for place in range(1, 20):
            assert next(results) == 2 * place
            assert len(drawn) <= place + 4


def test_items_larger_than_a_pipe_pass_both_ways():
    items = [bytes([n]) * 3_000_000 for n in range(6)]
    with ordered_map(pool_tasks.large, (), 2) as mapped:
        assert list(mapped(items)) == items


def test_small_inputs_keep_to_one_process():
    assert worker_count(0, 1000) == 1
    assert worker_count(3, 1000) == 3
    assert worker_count(0, 1 << 40) == os.cpu_count()


def test_record_batches_come_back_equal():
    whole = pa.record_batch(
        {"text": ["a", None, "\U0001f600" * 9, ""], "n": pa.array([1, 2, None, 4], pa.int64())}
    ).replace_schema_metadata({"lang": "zh"})
    batches = [whole, whole.slice(1, 2), whole.slice(0, 0)]
    with ordered_map(pool_tasks.echoing, (), 2) as mapped:
        returned = [batch for (_, batch) in mapped(list(enumerate(batches)))]
    for sent, received in zip(batches, returned, strict=True):
        received.validate(full=True)
        assert received.equals(sent, check_metadata=True)


def test_a_slice_is_sent_without_the_rest_of_its_batch():
    whole = pa.record_batch({"text": ["x" * 1000] * 1000})
    assert len(ForkingPickler.dumps(whole.slice(7, 1))) < 10_000
