"""A key is released only after its release is on record: no log, no key."""

import fcntl
import resource
import shutil

import pytest

from audit_ledger import Environment, Log
from redactory.errors import InputError, IntegrityError, KeyringError, LedgerError
from redactory.reading import Trust, open_verified
from sealed_shards.recipients import RsaIdentity


@pytest.fixture
def released(monkeypatch):
    """Every data key that is unwrapped while the test runs."""
    keys = []
    unwrap = RsaIdentity.unwrap

    def noted(self, *arguments, **named):
        keys.append(self.kid)
        return unwrap(self, *arguments, **named)

    monkeypatch.setattr(RsaIdentity, "unwrap", noted)
    return keys


def read(workplace):
    opened = open_verified(str(workplace / "dataset"), Trust(), purpose="test")
    return list(opened.rows())


def test_with_the_log_a_key_is_released_and_that_is_on_record(workplace, released):
    ledger = workplace / "dataset" / "ledger"
    before = Log.open(ledger).checkpoint.size
    assert len(read(workplace)) == 20
    assert released
    entry = Log.open(ledger).entry(before)
    assert entry.kind == "unwrapped"
    assert entry.statement.body.purpose == "test"
    predicate = entry.statement.predicate
    assert (predicate.actor.kind, bool(predicate.actor.name)) == ("cli", True)
    assert predicate.rules.policy
    assert predicate.rules.detector


def damage_checkpoint(ledger):
    raw = bytearray((ledger / "checkpoint").read_bytes())
    raw[-4] ^= 1
    (ledger / "checkpoint").write_bytes(raw)


def remove_log_key(ledger):
    (ledger.parent.parent / "home" / "keys" / "log.pem").unlink()


def replace_by_a_file(ledger):
    shutil.rmtree(ledger)
    ledger.write_bytes(b"")


@pytest.mark.parametrize(
    "harm",
    [
        shutil.rmtree,
        replace_by_a_file,
        damage_checkpoint,
        remove_log_key,
        lambda ledger: shutil.rmtree(ledger / "tile"),
    ],
)
def test_without_the_log_no_key(workplace, released, harm):
    harm(workplace / "dataset" / "ledger")
    with pytest.raises((LedgerError, KeyringError, IntegrityError, InputError)):
        read(workplace)
    assert released == []


def test_a_log_that_another_writer_holds(workplace, released, monkeypatch):
    impatient = Environment(lock_timeout=0.1)
    opened = Log.open.__func__
    monkeypatch.setattr(
        Log,
        "open",
        classmethod(
            lambda cls, place, signer=None: opened(cls, place, signer, environment=impatient)
        ),
    )
    with (workplace / "dataset" / "ledger" / ".lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        with pytest.raises(LedgerError, match="held by another writer"):
            read(workplace)
    assert released == []


def test_a_full_disk(workplace, released):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
        with pytest.raises((InputError, LedgerError)):
            read(workplace)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert released == []


def test_a_log_that_was_rolled_back(workplace, released):
    ledger = workplace / "dataset" / "ledger"
    shutil.copytree(ledger, workplace / "old")
    read(workplace)
    released.clear()
    shutil.rmtree(ledger)
    shutil.copytree(workplace / "old", ledger)
    with pytest.raises(LedgerError, match="rolled back"):
        read(workplace)
    assert released == []
