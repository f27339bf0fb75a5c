"""Changing who may open shards: stated first, finished by the next writer, never half in force."""

import shutil
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from redactory.durable import open_folder
from redactory.errors import KeyringError, LedgerError
from redactory.keys import KeyStore
from redactory.ledger_access import DatasetLog
from redactory.trust import TrustStore, check_log
from redactory.verification import head_of
from sealed_shards.key_changes import KeyChange, apply_changes, rewrapped


@pytest.fixture
def keys(home):
    store = KeyStore(home)
    store.create_reader("bob", bits=3072)
    return store


@pytest.fixture
def dataset(pipeline, source, tmp_path):
    pipeline(source, tmp_path / "out", rows_per_shard=2)
    return tmp_path / "out"


@pytest.fixture
def opened(keys, dataset):
    """The log and the head as they are now."""

    def go():
        checked = check_log(dataset / "ledger", TrustStore(keys.folder / "trust"))
        head = head_of(str(dataset), checked.evidence())
        return DatasetLog(keys, checked, head), head

    return go


@pytest.fixture
def change(keys, dataset, opened):
    """Rewraps every data shard for the named keys; stops after a step if asked."""

    def go(kind, *names, stop=None):
        log, head = opened()
        folder = open_folder(dataset)
        recipients = [keys.recipient(name) for name in names]
        change_of = partial(
            rewrapped,
            folder,
            add=recipients,
            drop=[] if "reader" in names else [keys.recipient("reader").kid],
            identity=keys.identity("reader"),
        )
        shards = [shard for (area, _), shard in head.shards.items() if not area]
        if stop == "prepared":
            log = Refuses()
        if stop == "recorded":
            folder = CannotRename(folder)
        apply_changes(folder, kind, shards, change_of, log)

    return go


class Refuses:
    """A log that cannot be written."""

    def keys_changed(self, kind, changes):
        raise LedgerError("the disk is full", where="ledger")


class CannotRename:
    """A folder that loses power before the last step."""

    def __init__(self, folder):
        self._folder = folder

    def __getattr__(self, name):
        return getattr(self._folder, name)

    def move_over(self, source, target):
        raise OSError("power went")

    @contextmanager
    def batch(self):
        yield self


def key(home: Path, name: str) -> str:
    return str(home / "keys" / f"{name}.pem")


def test_grant_and_revoke(change, rows, verdict, dataset, home):
    ciphertext = {p.name: p.read_bytes() for p in (dataset / "shards").iterdir()}
    with pytest.raises(KeyringError, match="not sealed for you"):
        rows(dataset, key_file=key(home, "bob"))
    change("granted", "reader", "bob")
    assert len(rows(dataset, key_file=key(home, "bob"))) == 6
    assert verdict(dataset).state == "intact"
    change("revoked", "bob")
    with pytest.raises(KeyringError, match="not sealed for you"):
        rows(dataset)
    assert len(rows(dataset, key_file=key(home, "bob"))) == 6
    assert verdict(dataset).state == "intact"
    assert {p.name: p.read_bytes() for p in (dataset / "shards").iterdir()} == ciphertext


def test_prepared_and_never_recorded(change, pipeline, source, rows, verdict, dataset, home):
    with pytest.raises(LedgerError):
        change("granted", "reader", "bob", stop="prepared")
    with pytest.raises(KeyringError):
        rows(dataset, key_file=key(home, "bob"))
    assert len(rows(dataset)) == 6
    assert verdict(dataset).state == "broken"  # a file that nobody vouches for, named
    assert all(name.endswith(".next") for name, _ in verdict(dataset).problems)
    pipeline(source, dataset, rows_per_shard=2)
    assert verdict(dataset).state == "intact"
    with pytest.raises(KeyringError):
        rows(dataset, key_file=key(home, "bob"))


def test_recorded_and_not_finished(change, pipeline, source, rows, verdict, dataset, home):
    with pytest.raises(OSError, match="power went"):
        change("revoked", "bob", stop="recorded")
    problems = verdict(dataset).problems
    assert {what for _, what in problems} == {"a change of keys is on record and not finished"}
    assert len(problems) == 3
    with pytest.raises(KeyringError):  # the change is in force
        rows(dataset)
    assert len(rows(dataset, key_file=key(home, "bob"))) == 6
    pipeline(source, dataset, rows_per_shard=2)
    assert verdict(dataset).state == "intact"
    assert not list(dataset.rglob("*.next"))
    assert len(rows(dataset, key_file=key(home, "bob"))) == 6


def test_old_wraps_put_back_are_noticed(change, rows, verdict, dataset, tmp_path):
    shutil.copytree(dataset / "wraps", tmp_path / "old")
    change("revoked", "bob")
    shutil.rmtree(dataset / "wraps")
    shutil.copytree(tmp_path / "old", dataset / "wraps")
    assert {name.partition("/")[0] for name, _ in verdict(dataset).problems} == {"wraps"}


def test_a_change_that_does_not_follow_from_the_log(keys, opened, verdict, dataset):
    log, head = opened()
    shard = next(s for (area, _), s in head.shards.items() if not area)
    stale = KeyChange(
        type(shard)(shard.area, shard.header, "0" * 64),
        open_folder(dataset).read(f"wraps/{shard.header.stem}.json"),
    )
    log.keys_changed("rewrapped", [stale])
    assert verdict(dataset).state == "broken"
