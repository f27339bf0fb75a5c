"""The user's keys: made once, mended after a crash, never overwritten."""

import pytest

from redactory.errors import KeyringError
from redactory.keys import KeyStore


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.delenv("REDACTORY_PASSPHRASE_FILE", raising=False)
    made = KeyStore(tmp_path / "home")
    made.draw_passphrase()
    return made


def test_keys_are_made_once(store):
    store.ensure("reader", "log")
    facts = store.facts()
    store.ensure("reader", "log")
    assert store.facts() == facts


@pytest.mark.parametrize("name", ["reader", "log"])
def test_a_crash_between_the_halves_is_mended(store, name):
    store.ensure(name)
    (fact,) = store.facts()
    (store.folder / "keys" / f"{name}.pub.pem").unlink()
    store.ensure(name)
    assert store.facts() == [fact]


def test_a_private_half_that_is_kept_elsewhere(store):
    store.ensure("reader", "log")
    facts = {fact.name: fact.fingerprint for fact in store.facts()}
    (store.folder / "keys" / "reader.pem").unlink()
    store.ensure("reader")  # sealing needs the public half only
    assert store.recipient("reader").kid == facts["reader"]
    with pytest.raises(KeyringError, match="exists already"):
        store.create_reader("reader", bits=3072)
    assert store.recipient("reader").kid == facts["reader"]
    (store.folder / "keys" / "log.pem").unlink()
    with pytest.raises(KeyringError, match="log key is not here"):
        store.ensure("log")


def test_the_drawn_passphrase_is_told_once_and_private(tmp_path, monkeypatch):
    monkeypatch.delenv("REDACTORY_PASSPHRASE_FILE", raising=False)
    notices = []
    for _ in range(2):
        KeyStore(tmp_path, notice=notices.append).draw_passphrase()
    assert len(notices) == 1
    assert (tmp_path / "passphrase").stat().st_mode & 0o777 == 0o600


def test_an_empty_passphrase_file_protects_nothing(tmp_path, monkeypatch):
    (tmp_path / "empty").write_text("\n")
    monkeypatch.setenv("REDACTORY_PASSPHRASE_FILE", str(tmp_path / "empty"))
    with pytest.raises(KeyringError, match="empty"):
        KeyStore(tmp_path / "home").ensure("reader")


def test_a_private_key_is_named_by_file_or_by_name(store):
    store.create_reader("bob", bits=3072)
    kid = store.recipient("bob").kid
    assert store.identity_at("bob").kid == kid
    assert store.identity_at(str(store.folder / "keys" / "bob.pem")).kid == kid
    with pytest.raises(KeyringError, match="cannot be read"):
        store.identity_at("nobody")
