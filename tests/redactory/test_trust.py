"""Trust decisions: pins come from the user, never from the folder; history only grows."""

import json
import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit_ledger import Draft, Log, LogSigner, Provenance
from redactory.errors import KeyringError, LedgerError
from redactory.trust import TrustStore, check_log, load_log_key, refuse_rollback, remember

ORIGIN = "redactory.log/" + "a" * 32
WHO = Provenance(actor_kind="system", actor_name="test", run_id=None, code_version="0")


@pytest.fixture
def signer():
    return LogSigner(Ed25519PrivateKey.generate(), ORIGIN)


@pytest.fixture
def store(tmp_path):
    return TrustStore(tmp_path / "trust")


@pytest.fixture
def log(tmp_path, signer):
    made = Log.create(tmp_path / "ledger", signer, origin=ORIGIN)
    grow(made)
    return made


def grow(log):
    body = {"dataset": "d", "verdict": "intact", "checkpoint_size": 1}
    log.append([Draft(kind="verified", subject=(), body=body)], WHO)


def test_first_contact_then_trust(tmp_path, log, store):
    folder = tmp_path / "ledger"
    assert not check_log(folder, store).trusted
    assert store.pin(ORIGIN) is None
    assert check_log(folder, store, trust_new=True).trusted
    grow(log)
    again = check_log(folder, store)
    assert again.trusted
    assert again.verdict.ok
    assert store.pin(ORIGIN).checkpoint == log.checkpoint.note.decode()


def test_a_pinned_log_with_another_key(tmp_path, log, store):
    check_log(tmp_path / "ledger", store, trust_new=True)
    shutil.rmtree(tmp_path / "ledger")
    Log.create(tmp_path / "ledger", LogSigner(Ed25519PrivateKey.generate(), ORIGIN), origin=ORIGIN)
    verdict = check_log(tmp_path / "ledger", store, trust_new=True).verdict
    assert not verdict.ok


def test_rollback_and_fork(tmp_path, log, signer, store):
    folder = tmp_path / "ledger"
    shutil.copytree(folder, tmp_path / "old")
    grow(log)
    remember(store, log)
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "old", folder)
    assert not check_log(folder, store).verdict.ok
    with pytest.raises(LedgerError, match="rolled back"):
        refuse_rollback(store, Log.open(folder))
    fork = Log.open(folder, signer)
    grow(fork)
    assert not check_log(folder, store).verdict.ok
    with pytest.raises(LedgerError, match="forked"):
        refuse_rollback(store, Log.open(folder))


def test_a_named_key_wins_over_first_contact(tmp_path, log, store):
    key = tmp_path / "key"
    key.write_text(log.verifier.vkey() + "\n")
    assert check_log(tmp_path / "ledger", store, log_key=load_log_key(key)).trusted
    stranger = LogSigner(Ed25519PrivateKey.generate(), ORIGIN).verifier
    assert not check_log(tmp_path / "ledger", store, log_key=stranger).verdict.ok


@pytest.mark.parametrize("content", ["", "nonsense", "a+b+c"])
def test_key_files_that_hold_no_key(tmp_path, content):
    (tmp_path / "key").write_text(content)
    with pytest.raises(KeyringError):
        load_log_key(tmp_path / "key")
    with pytest.raises(KeyringError):
        load_log_key(tmp_path / "absent")


def test_a_damaged_pin_is_not_first_contact(tmp_path, log, store):
    check_log(tmp_path / "ledger", store, trust_new=True)
    (pin,) = (tmp_path / "trust").iterdir()
    pin.write_text(json.dumps({"origin": ORIGIN}))
    with pytest.raises(KeyringError, match="cannot be read"):
        check_log(tmp_path / "ledger", store, trust_new=True)
