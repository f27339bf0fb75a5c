"""The pseudonym key: subkeys apart from each other, scopes apart, files private."""

import hmac
import json
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redactory.errors import InputError, KeyringError
from redactory.pseudonym import SUBKEYS, PseudonymKey, load_or_create, pseudonym

KEYS = st.binary(min_size=32, max_size=32)


@given(KEYS)
def test_subkeys_differ_and_are_reproducible(key):
    subkeys = [PseudonymKey(key).subkey(name) for name in SUBKEYS]
    assert len({key, *subkeys}) == len(SUBKEYS) + 1
    assert subkeys == [PseudonymKey(key).subkey(name) for name in SUBKEYS]


def test_the_derivation_is_plain_hkdf():
    """HKDF-SHA-256, salt and info as documented: what is stored must stay linkable."""
    secret = bytes(range(32))
    for purpose in SUBKEYS:
        assert PseudonymKey(secret).subkey(purpose) == _hkdf(secret, purpose.encode())


def _hkdf(secret: bytes, info: bytes) -> bytes:
    """RFC 5869 with hmac alone, 32 bytes."""
    extracted = hmac.digest(b"redactory/pseudonym-key/v1", secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def test_unknown_purpose_and_wrong_length_are_refused():
    with pytest.raises(KeyringError):
        PseudonymKey(bytes(32)).subkey("other")
    with pytest.raises(KeyringError):
        PseudonymKey(bytes(31))


def test_a_scope_keeps_its_key_and_its_name_off_the_disk_listing(tmp_path):
    first = load_or_create(tmp_path, "Clinic of Dr Ana Pérez")
    again = load_or_create(tmp_path, "Clinic of Dr Ana Pérez")
    other = load_or_create(tmp_path, "another")
    assert first.key_id == again.key_id != other.key_id
    for path in tmp_path.iterdir():
        assert "Ana" not in path.name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("scope", ["", "a\nb", "x" * 121])
def test_scopes_that_cannot_be_names(tmp_path, scope):
    with pytest.raises(InputError):
        load_or_create(tmp_path, scope)


@pytest.mark.parametrize("content", [b"", b"{}", b'{"scope": "s", "key": "AAAA"}', b"\xff"])
def test_a_damaged_key_file_is_named(tmp_path, content):
    load_or_create(tmp_path, "s")
    (path,) = tmp_path.iterdir()
    path.write_bytes(content)
    with pytest.raises(KeyringError) as error:
        load_or_create(tmp_path, "s")
    assert error.value.where == str(path) or "32 bytes" in error.value.what


def test_a_key_file_under_another_scopes_name(tmp_path):
    load_or_create(tmp_path, "s")
    (path,) = tmp_path.iterdir()
    stored = json.loads(path.read_text())
    path.write_text(json.dumps(stored | {"scope": "other"}))
    with pytest.raises(KeyringError, match="another scope"):
        load_or_create(tmp_path, "s")


@given(KEYS, st.text(), st.text())
def test_pseudonyms_depend_on_kind_and_value(key, one, other):
    assert pseudonym(key, "record_id", one) != pseudonym(key, "subject", one)
    same = pseudonym(key, "subject", one) == pseudonym(key, "subject", other)
    assert same == (one == other)
