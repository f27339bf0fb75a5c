"""One contract for every place where a log can lie: folder, SQLite, PostgreSQL."""

import dataclasses
import threading
from itertools import count

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit_ledger import Environment, Log, LogSigner, verify_log
from audit_ledger.merkle import verify_consistency, verify_inclusion
from audit_ledger.place import store_at
from redactory.errors import InputError, LedgerError


@pytest.fixture
def log(place, signer, origin, environment):
    return Log.create(place, signer, origin=origin, environment=environment)


# Refusals first.


def test_open_where_no_log_is(place):
    with pytest.raises(LedgerError, match=r"log\.vkey: is missing"):
        Log.open(place)


def test_another_key(log, place, origin):
    other = LogSigner(Ed25519PrivateKey.generate(), origin)
    for attempt in (Log.open, lambda p, s: Log.create(p, s, origin=origin)):
        with pytest.raises(LedgerError, match="another key"):
            attempt(place, other)


def test_a_conflicting_statement_leaves_the_log_as_it_was(log, sealed, provenance):
    log.append([sealed(0), sealed(1)], provenance)
    before = log.checkpoint
    with pytest.raises(LedgerError, match="leaf 1: already holds a 'sealed' statement"):
        log.append([sealed(2), sealed(1, content="other")], provenance)
    assert log.checkpoint == before
    assert len(list(log.entries())) == 2


def test_a_log_held_by_another_writer(log, place, sealed, provenance):
    with store_at(place).exclusive():
        with pytest.raises(LedgerError, match="is held by another writer"):
            log.append([sealed(1)], provenance)
        assert Log.open(place).checkpoint.size == 0
    log.append([sealed(1)], provenance)


def test_reading_only(log, place, sealed, provenance):
    with pytest.raises(LedgerError, match="reading only"):
        Log.open(place).append([sealed(1)], provenance)


# What a log does.


def test_an_empty_log(log, place, signer, origin):
    assert (log.checkpoint.size, log.origin) == (0, origin)
    assert list(log.entries()) == []
    assert verify_log(place, verifier=signer.verifier).ok
    assert Log.create(place, signer, origin=origin).checkpoint.size == 0


def test_what_is_appended_is_there(log, place, signer, sealed, unwrapped, provenance):
    for start, end in ((0, 1), (1, 250), (250, 256), (256, 530)):
        log.append([sealed(i) for i in range(start, end)], provenance)
    event = log.append([unwrapped()], provenance)[0]
    reader = Log.open(place)
    assert [e.index for e in reader.entries()] == list(range(531))
    assert reader.entry(530) == dataclasses.replace(event, appended=False)
    assert [e.index for e in reader.entries(start=500, kind="unwrapped")] == [530]
    assert reader.find("sealed", "letters", sealed(300).body["shard"], 1).index == 300
    assert reader.find_id(event.statement.id).index == 530
    assert reader.find_id("00" * 16) is None
    assert reader.find_id("no id") is None
    verdict = verify_log(place, verifier=signer.verifier)
    assert verdict.ok, verdict.problems
    assert (verdict.size, verdict.root) == (531, log.checkpoint.root)


def test_a_retry_meets_the_first_statement(log, place, signer, sealed, provenance):
    first = log.append([sealed(1), sealed(2)], provenance)
    later = dataclasses.replace(provenance, run_id="retry", try_number=2, code_version="9")
    for writer in (log, Log.open(place, signer)):
        again = writer.append([sealed(2), sealed(3), sealed(3), sealed(1)], later)
        assert [e.index for e in again] == [1, 2, 2, 0]
        assert again[3].statement == first[0].statement
    assert log.checkpoint.size == 3


def test_time_never_goes_backwards(place, signer, origin, sealed, provenance):
    clock = iter([2_000_000_000, 1_000_000_000, 3_000_001_999])
    environment = Environment(clock=lambda: next(clock))
    log = Log.create(place, signer, origin=origin, environment=environment)
    for i in range(3):
        log.append([sealed(i)], provenance)
    seconds = [e.statement.time[17:] for e in log.entries()]
    assert seconds == ["02.000000Z", "02.000000Z", "03.000001Z"]


def test_proofs_at_every_checkpoint(log, place, sealed, provenance):
    points = []
    for start, end in ((0, 3), (3, 256), (256, 300)):
        log.append([sealed(i) for i in range(start, end)], provenance)
        points.append(log.checkpoint)
    reader = Log.open(place)
    for old in points:
        proof = reader.consistency(old.size)
        assert verify_consistency(old.size, 300, proof, old.root, points[-1].root)
        for index in range(0, old.size, 41):
            proof = reader.inclusion(index, at=old)
            leaf = reader.entry(index).leaf_hash
            assert verify_inclusion(leaf, index, old.size, proof, old.root)


def test_every_place_gives_the_same_files(log, place, signer, origin, tmp_path, sealed, provenance):
    """What a database serves is, byte for byte, the folder that the same appends make."""
    fixed = Environment(clock=lambda: 10**18)
    here = Log.open(place, signer, environment=fixed)
    there = Log.create(tmp_path / "other", signer, origin=origin, environment=fixed)
    for start, end in ((0, 5), (5, 300), (300, 520)):
        for log_ in (here, there):
            log_.append([sealed(i) for i in range(start, end)], provenance)
    folder, store = store_at(tmp_path / "other"), store_at(place)
    names = [name for name in folder.everything() if name != ".lock"]
    assert sorted(set(store.everything()) - {".lock"}) == sorted(names)
    assert all(store.read(name) == folder.read(name) for name in names)


def test_many_writers_at_once(log, place, signer, sealed, provenance):
    """Eight writers, half of what each appends is also appended by the others."""
    errors = []

    def write(number):
        try:
            mine = Log.open(place, signer)
            for i in range(10):
                own = 1000 * (number + 1) + i
                mine.append([sealed(i), sealed(own)], provenance)
        except Exception as error:  # noqa: BLE001 - told to the test below
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert log.checkpoint.size == 10 + 8 * 10
    assert verify_log(place, verifier=signer.verifier).ok


def test_a_reader_keeps_its_snapshot_while_a_writer_goes_on(log, place, sealed, provenance):
    log.append([sealed(i) for i in range(3)], provenance)
    reader = Log.open(place)
    old = reader.checkpoint
    walk = reader.entries()
    log.append([sealed(i) for i in range(3, 300)], provenance)
    assert next(walk).index == 0
    proof = reader.inclusion(2, at=old)
    assert verify_inclusion(reader.entry(2).leaf_hash, 2, 3, proof, old.root)


def test_further_signatures(log, place, signer, sealed, provenance):
    log.append([sealed(1)], provenance)
    note = log.checkpoint.note
    assert log.attach(note).note == note
    log.append([sealed(2)], provenance)
    with pytest.raises(LedgerError, match="went on"):
        log.attach(note)


class CutOffError(Exception):
    """Stands for a writer that ends in the middle of its transaction."""


def test_a_writer_that_fails_half_way_leaves_nothing(place, log, signer, sealed, provenance):
    log.append([sealed(i) for i in range(250)], provenance)
    steps = count()
    for fail_at in range(3):
        writer = Log.open(place, signer)
        store = writer._store

        def cut(addition, store=store, fail_at=fail_at):
            if fail_at:
                type(store).store(store, addition)
            if fail_at < 2:
                raise CutOffError

        store.store = cut
        if isinstance(place, str):  # a folder's crashes have tests of their own
            if fail_at < 2:
                with pytest.raises(CutOffError):
                    writer.append([sealed(1000 + next(steps)) for _ in range(20)], provenance)
                assert Log.open(place).checkpoint.size == 250
            else:
                writer.append([sealed(2000)], provenance)
    assert verify_log(place, verifier=signer.verifier).ok


def test_no_such_database():
    with pytest.raises(InputError, match="no such kind of database"):
        Log.open("postgresql+nosuchdriver://localhost/x")


def test_looking_does_not_make_a_database(tmp_path):
    with pytest.raises(LedgerError, match="missing"):
        Log.open(f"sqlite:///{tmp_path}/none.db")
    assert not list(tmp_path.iterdir())
