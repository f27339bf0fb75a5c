"""Opening a dataset: nothing counts that the log does not vouch for, and no log, no key."""

import hashlib
from dataclasses import replace

import pyarrow as pa
import pytest

from redactory.canonical import canonical_json
from redactory.errors import InputError, IntegrityError, KeyringError, LedgerError
from sealed_shards import DatasetHead, open_dataset
from sealed_shards.layout import DATASET_FILE, manifest_file, shard_files


def table(*rows: str) -> pa.Table:
    return pa.table({"text": list(rows)})


def texts(maker, identity, **how) -> list[str]:
    opened = open_dataset(maker.folder.url, identity, log=maker.log(), **how)
    return [row for batch in opened.batches() for row in batch.column("text").to_pylist()]


@pytest.fixture
def published(maker):
    """Two shards, published."""
    shards = [maker.shard(table("a", "b"), 1), maker.shard(table("c"), 2)]
    maker.publish("run1", *shards)
    return shards


def test_rows_come_in_the_order_of_publication(maker, published, alice):
    maker.publish("run2", maker.shard(table("d"), 3), maker.shard(table(), 4))
    assert texts(maker, alice) == ["a", "b", "c", "d"]


def test_one_shard_and_chosen_columns(maker, published, alice):
    wanted = published[1].header.ctx.shard
    assert texts(maker, alice, shard=wanted) == ["c"]
    assert texts(maker, alice, shard="f" * 32) == []
    with_two = maker.shard(pa.table({"text": ["x"], "n": [1]}), 3)
    maker.publish("run2", with_two)
    opened = open_dataset(maker.folder.url, alice, log=maker.log(), shard=with_two.header.ctx.shard)
    assert [b.schema.names for b in opened.batches(columns=["n"])] == [["n"]]


def test_the_access_is_recorded_once_and_before_any_unwrap(maker, published, counting):
    log = maker.log()
    seen = []
    record = log.unwrapped

    def unwrapped(**values):
        seen.append(counting.unwraps)
        record(**values)

    log.unwrapped = unwrapped
    open_dataset(maker.folder.url, counting, log=log, purpose="training")
    stems = [shard.header.stem for shard in published]
    assert seen == [0]
    assert counting.unwraps == 2
    assert log.records == [
        {
            "dataset": "letters",
            "purpose": "training",
            "shard_set_sha256": hashlib.sha256(canonical_json(stems)).hexdigest(),
            "shards": 2,
            "kid": counting.kid,
        }
    ]


def test_no_log_no_key(maker, published, counting):
    with pytest.raises(LedgerError, match="disk is full"):
        open_dataset(maker.folder.url, counting, log=maker.log(broken=True))
    assert counting.unwraps == 0


@pytest.mark.parametrize("name", [DATASET_FILE, manifest_file("run1"), "wraps"])
def test_a_changed_or_missing_file_stops_before_record_and_unwrap(
    maker, published, counting, flip, name
):
    if name == "wraps":
        name = shard_files("", published[1].header.stem)["wraps"]
    log = maker.log()
    flip(name, -3)
    with pytest.raises(IntegrityError, match="was changed since") as caught:
        open_dataset(maker.folder.url, counting, log=log)
    assert name in str(caught.value)
    maker.folder.delete(name)
    with pytest.raises(IntegrityError, match="is missing"):
        open_dataset(maker.folder.url, counting, log=log)
    assert (counting.unwraps, log.records) == (0, [])


def test_an_unpublished_dataset_does_not_open(maker, alice):
    with pytest.raises(IntegrityError):
        open_dataset(maker.folder.url, alice, log=maker.log())


def test_a_strangers_key_opens_nothing(maker, published, bob):
    with pytest.raises(KeyringError, match="not sealed for you"):
        open_dataset(maker.folder.url, bob, log=maker.log())


def test_a_manifest_that_the_log_does_not_know_adds_nothing(maker, published, alice):
    forged = maker.shard(table("forged"), 9)
    head = maker.head()
    maker.publish("run9", forged)
    maker.manifests.pop("run9")
    del maker.recorded["", forged.header.ctx.shard]
    opened = open_dataset(maker.folder.url, alice, log=replace(maker.log(), head_=head))
    assert len(opened.shards) == 2


def test_a_published_shard_must_be_in_the_log(maker, published, alice):
    del maker.recorded["", published[1].header.ctx.shard]
    with pytest.raises(IntegrityError, match="not in the log"):
        open_dataset(maker.folder.url, alice, log=maker.log())


def test_a_manifest_and_the_log_must_agree_on_the_bytes(maker, published, alice):
    """Same id and version, other ciphertext: one of the two is a forgery."""
    maker.shard(table("other"), 1)
    with pytest.raises(IntegrityError, match="not in the log"):
        open_dataset(maker.folder.url, alice, log=maker.log())


def test_rollback_to_an_older_version_is_refused(maker, alice):
    old = maker.shard(table("old"), 1)
    new = maker.shard(table("new"), 1, version=2)
    maker.publish("run1", new)
    assert texts(maker, alice) == ["new"]
    for kind, name in shard_files("", new.header.stem).items():
        maker.folder.replace(name, maker.folder.read(shard_files("", old.header.stem)[kind]))
    with pytest.raises(IntegrityError, match="changed since"):
        texts(maker, alice)
    maker.recorded["", old.header.ctx.shard] = old
    with pytest.raises(IntegrityError, match="not in the log"):
        texts(maker, alice)


def test_a_newer_version_takes_the_place_of_a_lost_one(maker, published, alice):
    maker.shard(table("a", "b"), 1, version=2)
    assert texts(maker, alice) == ["a", "b", "c"]


def test_superseded_shards_are_not_read(maker, published, alice):
    maker.publish("run2", maker.shard(table("z"), 3), supersedes=(published[0].header.ctx.shard,))
    assert texts(maker, alice) == ["c", "z"]


def test_a_resealed_quarantine_shard_is_read_once(maker, alice):
    maker.publish("run1", maker.shard(table("bad"), 7, area="quarantine"))
    maker.publish("run2", maker.shard(table("bad"), 7, area="quarantine", version=2))
    assert texts(maker, alice, area="quarantine") == ["bad"]
    assert texts(maker, alice) == []


def test_areas_do_not_mix(maker, alice):
    shards = [maker.shard(table(area or "data"), 1, area=area) for area in ("", "quarantine")]
    maker.publish("run1", *shards, maker.shard(table("sources"), 1, area="sources"))
    assert texts(maker, alice) == ["data"]
    assert texts(maker, alice, area="quarantine") == ["quarantine"]
    assert texts(maker, alice, area="sources") == ["sources"]


def test_a_change_after_opening_is_found_when_reading(maker, published, alice, flip):
    opened = open_dataset(maker.folder.url, alice, log=maker.log())
    flip(shard_files("", published[1].header.stem)["shards"], 40)
    rows = opened.batches()
    assert next(rows).column("text").to_pylist() == ["a", "b"]
    with pytest.raises(IntegrityError, match="chunk 0 was changed"):
        next(rows)


def test_an_opened_dataset_does_not_show_its_keys(maker, published, alice):
    opened = open_dataset(maker.folder.url, alice, log=maker.log())
    assert "_data_keys" not in repr(opened)
    assert all(repr(key) not in repr(opened) for key in opened._data_keys)


def test_an_unknown_kind_of_storage_is_an_input_error(alice):
    with pytest.raises(InputError, match="no such kind of storage"):
        open_dataset("nosuch://x", alice, log=None)


def test_a_dataset_may_lie_in_any_storage(alice, maker, published):
    from redactory.durable import open_folder

    elsewhere = open_folder("memory://moved-dataset")
    for name in maker.folder.names():
        elsewhere.create(name, maker.folder.read(name))
    maker.folder = elsewhere
    assert texts(maker, alice) == ["a", "b", "c"]


def test_an_empty_head_says_so():
    assert DatasetHead("letters", 0, "").shards == {}
