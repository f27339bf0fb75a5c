"""Appending, deduplication, time, look-up, proofs."""

# pytest passes fixtures by name, never by position

import dataclasses
import fcntl
import json
import resource
import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit_ledger import Draft, Environment, Log, LogSigner, verify_log
from audit_ledger.merkle import EMPTY_ROOT, verify_consistency, verify_inclusion
from redactory.errors import InputError, LedgerError


def files(folder):
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def contents(folder):
    return {name: (folder / name).read_bytes() for name in files(folder)}


# Refusals first.


def test_open_where_no_log_is(folder):
    with pytest.raises(LedgerError, match=r"log\.vkey: is missing"):
        Log.open(folder)
    assert not folder.exists()


def test_create_below_a_regular_file(tmp_path, signer, origin):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="cannot be written"):
        Log.create(tmp_path / "file" / "ledger", signer, origin=origin)


def test_create_with_a_key_of_another_name(folder, signer):
    with pytest.raises(LedgerError, match="origin"):
        Log.create(folder, signer, origin="someone.else/log")


def test_another_key(log, folder, origin):
    other = LogSigner(Ed25519PrivateKey.generate(), origin)
    for attempt in (Log.open, lambda f, s: Log.create(f, s, origin=origin)):
        with pytest.raises(LedgerError, match="another key"):
            attempt(folder, other)


def test_a_lost_checkpoint_never_becomes_an_empty_log(
    log, folder, signer, origin, sealed, provenance
):
    log.append([sealed(1)], provenance)
    (folder / "checkpoint").unlink()
    before = contents(folder)
    for attempt in (
        lambda: Log.create(folder, signer, origin=origin),
        lambda: Log.open(folder, signer),
    ):
        with pytest.raises(LedgerError, match="checkpoint: is missing"):
            attempt()
    assert contents(folder) == before


def test_append_without_the_key(log, folder, sealed, provenance):
    with pytest.raises(LedgerError, match="reading only"):
        Log.open(folder).append([sealed(1)], provenance)


def test_a_refused_draft_leaves_the_log_as_it_was(log, folder, sealed, provenance):
    before = contents(folder)
    for bad in (
        Draft("forgotten", (), {}),
        dataclasses.replace(sealed(2), subject=(("a name", "ab" * 32),)),
        dataclasses.replace(sealed(2), body={}),
        sealed(1, content="other"),
    ):
        with pytest.raises(LedgerError):
            log.append([sealed(1), bad], provenance)
    assert contents(folder) == before
    assert log.append([sealed(1)], provenance)[0].index == 0


def test_same_id_with_another_subject(log, sealed, provenance):
    log.append([sealed(0), sealed(1)], provenance)
    with pytest.raises(LedgerError, match="leaf 1: already holds a 'sealed' statement"):
        log.append([sealed(1, content="other")], provenance)
    assert log.checkpoint.size == 2


def test_a_log_held_by_another_writer(log, folder, signer, sealed, environment, provenance):
    with (folder / ".lock").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(LedgerError, match="is held by another writer"):
            log.append([sealed(1)], provenance)
        with pytest.raises(LedgerError, match="is held by another writer"):
            Log.open(folder, signer, environment=environment)
        assert Log.open(folder).checkpoint.size == 0
    log.append([sealed(1)], provenance)


def test_a_damaged_edge_is_not_built_upon(log, folder, signer, sealed, provenance):
    log.append([sealed(1), sealed(2)], provenance)
    for name in ("tile/0/000.p/2", "tile/entries/000.p/2", "checkpoint"):
        whole = (folder / name).read_bytes()
        (folder / name).write_bytes(whole[:-3] + bytes([whole[-3] ^ 1]) + whole[-2:])
        with pytest.raises(LedgerError):
            Log.open(folder, signer)
        (folder / name).write_bytes(whole)
    Log.open(folder, signer)


def test_a_full_disk(folder, signer, origin, sealed, provenance):
    log = Log.create(folder, signer, origin=origin)
    log.append([sealed(0)], provenance)
    before = contents(folder)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1500, limits[1]))
        with pytest.raises(InputError, match="cannot be written"):
            log.append([sealed(1), sealed(2)], provenance)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert contents(folder) == before
    assert [e.index for e in log.append([sealed(1), sealed(2)], provenance)] == [1, 2]
    assert verify_log(folder, verifier=signer.verifier).ok


# What a log does.


def test_an_empty_log(log, folder, signer, origin):
    assert files(folder) == [".lock", "checkpoint", "log.vkey"]
    assert (log.checkpoint.size, log.checkpoint.root) == (0, EMPTY_ROOT)
    assert log.origin == log.checkpoint.origin == origin
    assert (folder / "log.vkey").read_text() == signer.verifier.vkey() + "\n"
    assert list(log.entries()) == []
    assert log.append([], None) == []


def test_create_again_opens(log, folder, signer, origin, sealed, provenance):
    log.append([sealed(1)], provenance)
    assert Log.create(folder, signer, origin=origin).checkpoint.size == 1


def test_create_after_a_crash_in_create(log, folder, signer, origin):
    (folder / "checkpoint").unlink()
    assert Log.create(folder, signer, origin=origin).checkpoint.size == 0


def test_append_returns_entries_in_order(log, folder, sealed, unwrapped, provenance):
    entries = log.append([sealed(5), unwrapped(), sealed(3)], provenance)
    assert [e.index for e in entries] == [0, 1, 2]
    assert [e.statement.kind for e in entries] == ["sealed", "unwrapped", "sealed"]
    assert all(e.appended for e in entries)
    stored = list(Log.open(folder).entries())
    assert stored == [dataclasses.replace(e, appended=False) for e in entries]
    assert [e.index for e in log.entries(kind="sealed")] == [0, 2]
    assert [e.index for e in log.entries(start=1)] == [1, 2]


def test_a_retry_meets_the_first_statement(log, folder, signer, sealed, provenance):
    first = log.append([sealed(1), sealed(2)], provenance)
    before = contents(folder)
    later = dataclasses.replace(provenance, run_id="retry", try_number=2, code_version="9")
    for writer in (log, Log.open(folder, signer)):
        again = writer.append([sealed(2), sealed(1)], later)
        assert [e.index for e in again] == [1, 0]
        assert not any(e.appended for e in again)
        assert again[1].statement == first[0].statement
    assert contents(folder) == before


def test_twice_in_one_batch(log, sealed, provenance):
    entries = log.append([sealed(1), sealed(1)], provenance)
    assert [(e.index, e.appended) for e in entries] == [(0, True), (0, False)]


def test_a_new_version_is_another_statement(log, sealed, provenance):
    log.append([sealed(1)], provenance)
    assert log.append([sealed(1, version=2)], provenance)[0].appended


def test_events_always_count(log, unwrapped, provenance):
    entries = log.append([unwrapped(), unwrapped()], provenance)
    entries += log.append([unwrapped()], provenance)
    assert len({e.statement.id for e in entries}) == log.checkpoint.size == 3
    assert all(len(e.statement.id) == 32 for e in entries)


def test_injected_randomness_gives_the_event_id(folder, signer, origin, unwrapped, provenance):
    environment = Environment(randomness=lambda size: bytes(range(size)))
    log = Log.create(folder, signer, origin=origin, environment=environment)
    assert log.append([unwrapped()], provenance)[0].statement.id == bytes(range(16)).hex()


def test_time_never_goes_backwards(folder, signer, origin, sealed, provenance):
    clock = iter([2_000_000_000, 1_000_000_000, 3_000_001_999])
    environment = Environment(clock=lambda: next(clock))
    log = Log.create(folder, signer, origin=origin, environment=environment)
    for i in range(3):
        log.append([sealed(i)], provenance)
    assert [e.statement.time for e in log.entries()] == [
        "1970-01-01T00:00:02.000000Z",
        "1970-01-01T00:00:02.000000Z",
        "1970-01-01T00:00:03.000001Z",
    ]


def test_find(log, folder, sealed, unwrapped, provenance):
    reader = Log.open(folder)
    draft = sealed(7)
    key = draft.body["shard"]
    assert reader.find("sealed", "letters", key, 1) is None
    log.append([sealed(1), unwrapped(), draft], provenance)
    found = reader.find("sealed", "letters", key, 1)
    assert found is not None
    assert found.index == 2
    assert found.statement.body.header == draft.body["header"]
    assert reader.find_id(found.statement.id) == found
    event = next(log.entries(kind="unwrapped"))
    assert reader.find_id(event.statement.id) == event
    assert reader.find("sealed", "letters", key, 2) is None
    assert reader.find_id("not hex") is None


def test_a_leaf_that_is_not_there(log, sealed, provenance):
    log.append([sealed(1)], provenance)
    for index in (-1, 1):
        with pytest.raises(LedgerError, match="no such leaf"):
            log.entry(index)
        with pytest.raises(LedgerError, match="no such leaf"):
            log.inclusion(index)
    with pytest.raises(LedgerError, match="shorter"):
        log.consistency(2)


def test_layout_and_proofs_across_a_full_tile(log, folder, sealed, provenance):
    points = []
    for start, end in ((0, 250), (250, 256), (256, 300), (300, 520)):
        log.append([sealed(i) for i in range(start, end)], provenance)
        points.append(log.checkpoint)
    assert files(folder) == [
        ".lock",
        "checkpoint",
        "log.vkey",
        "tile/0/000",
        "tile/0/001",
        "tile/0/002.p/8",
        "tile/1/000.p/2",
        "tile/entries/000",
        "tile/entries/001",
        "tile/entries/002.p/8",
    ]
    newest = points[-1]
    for old in points:
        proof = log.consistency(old.size)
        assert verify_consistency(old.size, newest.size, proof, old.root, newest.root)
        for entry in log.entries():
            if entry.index < old.size and entry.index % 37 == 0:
                proof = log.inclusion(entry.index, at=old)
                leaf = (entry.leaf_hash, entry.index, old.size)
                assert verify_inclusion(*leaf, proof, old.root)
    assert not list(folder.rglob("*.p/250"))


def test_a_reader_keeps_its_snapshot_while_a_writer_goes_on(log, folder, sealed, provenance):
    log.append([sealed(i) for i in range(3)], provenance)
    reader = Log.open(folder)
    old = reader.checkpoint
    walk = reader.entries()
    log.append([sealed(i) for i in range(3, 300)], provenance)
    assert next(walk).index == 0
    proof = reader.inclusion(2, at=old)
    leaf = reader.entry(2).leaf_hash
    assert verify_inclusion(leaf, 2, 3, proof, old.root)


def test_two_writers_in_turn(log, folder, signer, sealed, provenance):
    other = Log.open(folder, signer)
    for i in range(6):
        (log, other)[i % 2].append([sealed(i)], provenance)
    assert not other.append([sealed(0)], provenance)[0].appended
    assert [e.index for e in log.entries()] == list(range(6))
    assert verify_log(folder, verifier=signer.verifier).ok


def test_rollback_under_an_open_reader(log, folder, sealed, provenance):
    log.append([sealed(1)], provenance)
    old = (folder / "checkpoint").read_bytes()
    log.append([sealed(2)], provenance)
    reader = Log.open(folder)
    (folder / "checkpoint").write_bytes(old)
    with pytest.raises(LedgerError, match="rolled back"):
        _ = reader.checkpoint


def test_fork_under_an_open_reader(log, folder, signer, sealed, provenance, tmp_path):
    shutil.copytree(folder, tmp_path / "fork")
    log.append([sealed(1)], provenance)
    reader = Log.open(folder)
    Log.open(tmp_path / "fork", signer).append([sealed(2)], provenance)
    shutil.copy(tmp_path / "fork/checkpoint", folder / "checkpoint")
    with pytest.raises(LedgerError, match="forked"):
        _ = reader.checkpoint


def test_only_the_leaves_of_a_log_are_json(log, folder, sealed, provenance):
    log.append([sealed(1)], provenance)
    raw = (folder / "tile/entries/000.p/1").read_bytes()
    assert int.from_bytes(raw[:2], "big") == len(raw) - 2
    assert json.loads(raw[2:])["predicateType"] == "urn:redactory:statement:sealed:v1"


def test_readers_name_what_is_damaged(log, folder, sealed, provenance):
    log.append([sealed(1), sealed(2)], provenance)
    bundle = folder / "tile/entries/000.p/2"
    whole = bundle.read_bytes()
    one = whole[: 2 + int.from_bytes(whole[:2], "big")]
    for damaged, words in (
        (whole[:-1], "ends inside an entry"),
        (one, "is shorter than the log"),
        (one + b"\0\2{}", "is not a"),
    ):
        bundle.write_bytes(damaged)
        with pytest.raises(LedgerError, match=words):
            list(Log.open(folder).entries())
        with pytest.raises(LedgerError, match=words):
            Log.open(folder).find_id("ab" * 32)


@pytest.mark.parametrize("damage", [b"\xff", b"", b"a+b\n", b"\n"])
def test_a_damaged_verifier_key(log, folder, damage):
    path = folder / "log.vkey"
    path.write_bytes(path.read_bytes() + damage if damage == b"\n" else damage)
    with pytest.raises(LedgerError, match=r"log\.vkey"):
        Log.open(folder)
