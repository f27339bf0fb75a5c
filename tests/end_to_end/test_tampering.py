"""Whatever is changed in a dataset's folder, verification fails and names the file."""

import random
import shutil

import pytest

from audit_ledger import Log
from redactory.errors import IntegrityError, KeyringError, LedgerError

_SEED = 4


@pytest.fixture
def dataset(pipeline, lines, tmp_path):
    place = lines(tmp_path / "in.jsonl", [{"id": "1", "text": "mail a@example.com"}])
    with place.open("a") as file:
        file.write("not json\n")
    pipeline(place, tmp_path / "out", max_quarantine_share=0.9)
    return tmp_path / "out"


def every_file(dataset):
    return [p for p in sorted(dataset.rglob("*")) if p.is_file() and p.stat().st_size]


def test_a_flipped_bit_anywhere(dataset, verdict):
    draw = random.Random(_SEED)
    seen = set()
    for path in every_file(dataset):
        raw = path.read_bytes()
        places = {0, len(raw) - 1, *(draw.randrange(len(raw)) for _ in range(2))}
        for place in sorted(places):
            changed = bytearray(raw)
            changed[place] ^= 1 << draw.randrange(8)
            path.write_bytes(changed)
            outcome = verdict(dataset)
            name = path.relative_to(dataset).as_posix()
            assert outcome.state == "broken", f"{name}, byte {place}"
            assert name in [file for file, _ in outcome.problems], f"{name}, byte {place}"
        path.write_bytes(raw)
        seen.add(path.relative_to(dataset).parts[0])
    assert verdict(dataset).state == "intact"
    assert seen >= {
        "shards",
        "headers",
        "wraps",
        "chunks",
        "quarantine",
        "sources",
        "manifests",
        "reports",
        "ledger",
        "dataset.json",
        ".watermark",
    }


def test_a_missing_file(dataset, verdict):
    for path in every_file(dataset):
        raw = path.read_bytes()
        path.unlink()
        # What was read is only remembered: without it everything is read again.
        harmless = path.parent.name == ".watermark"
        assert verdict(dataset).state == ("intact" if harmless else "broken"), path
        path.write_bytes(raw)
    assert verdict(dataset).state == "intact"


@pytest.mark.parametrize("folder", ["shards", "headers", "quarantine/shards", "manifests"])
def test_a_file_that_nobody_vouches_for(dataset, verdict, folder):
    original = next((dataset / folder).iterdir())
    stranger = original.with_name("0" * 32 + original.name[32:])
    shutil.copy(original, stranger)
    outcome = verdict(dataset)
    assert outcome.state == "broken"
    assert [file for file, _ in outcome.problems] == [stranger.relative_to(dataset).as_posix()]


def test_an_older_ledger_is_a_rollback(dataset, pipeline, lines, tmp_path, verdict):
    old = tmp_path / "old-ledger"
    shutil.copytree(dataset / "ledger", old)
    more = lines(tmp_path / "more.jsonl", [{"id": "2", "text": "more"}])
    pipeline(more, dataset)
    shutil.rmtree(dataset / "ledger")
    shutil.copytree(old, dataset / "ledger")
    outcome = verdict(dataset)
    assert outcome.state == "broken"
    # Opening for writing would drop leaves beyond the old checkpoint: it must not get there.
    with pytest.raises(LedgerError, match="rolled back"):
        pipeline(lines(tmp_path / "third.jsonl", [{"id": "3", "text": "x"}]), dataset)


def test_a_ledger_made_anew_is_not_trusted(dataset, rows, tmp_path):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from audit_ledger import LogSigner

    shutil.rmtree(dataset / "ledger")
    signer = LogSigner(Ed25519PrivateKey.generate(), "redactory.log/" + "0" * 32)
    Log.create(dataset / "ledger", signer, origin=signer.name)
    with pytest.raises(KeyringError, match="new to you"):
        rows(dataset)


def test_reading_refuses_changed_bytes(dataset, rows):
    shard = next((dataset / "shards").iterdir())
    raw = bytearray(shard.read_bytes())
    raw[len(raw) // 2] ^= 1
    shard.write_bytes(raw)
    with pytest.raises(IntegrityError, match="changed since it was sealed"):
        rows(dataset)


def test_every_reading_is_on_record_first(dataset, rows, home):
    before = Log.open(dataset / "ledger").checkpoint.size
    rows(dataset)
    newest = list(Log.open(dataset / "ledger").entries())[-1].statement
    assert newest.kind == "unwrapped"
    assert Log.open(dataset / "ledger").checkpoint.size == before + 1
    (home / "keys" / "log.pem").unlink()
    with pytest.raises(KeyringError, match="must be recorded"):
        rows(dataset)
