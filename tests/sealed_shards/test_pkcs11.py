"""Keys on PKCS #11 tokens, beyond what every identity must do (test_keyrings.py)."""

import pytest
from cryptography.hazmat.primitives.asymmetric import mlkem

from redactory.errors import KeyringError
from sealed_shards.hybrid import HybridIdentity
from sealed_shards.pkcs11 import Pkcs11Keyring

pytestmark = pytest.mark.xdist_group("opencryptoki")  # one process at a time has the token

PAYLOAD = bytes(range(64))


def test_keys_on_a_token(hsm):
    with pytest.raises(KeyringError, match="exists already"):
        hsm.keyring.create_rsa(hsm.name)
    with pytest.raises(KeyringError, match="3072 or 4096"):
        hsm.keyring.create_rsa("weak", bits=2048)
    with pytest.raises(KeyringError, match="has no RSA key of this name"):
        hsm.keyring.recipient("absent")


def test_the_private_half_cannot_be_read_out(hsm):
    import pkcs11

    key = hsm.keyring.identity(hsm.name)._key
    assert key[pkcs11.Attribute.SENSITIVE]
    assert not key[pkcs11.Attribute.EXTRACTABLE]
    with pytest.raises(pkcs11.PKCS11Error):
        _ = key[pkcs11.Attribute.PRIVATE_EXPONENT]


def test_the_rsa_half_of_a_hybrid_key_may_be_on_a_token(hsm):
    inner = hsm.keyring.identity(hsm.name)
    both = HybridIdentity(inner, inner.recipient, mlkem.MLKEM768PrivateKey.generate())
    assert both.unwrap(both.recipient.wrap(PAYLOAD), where="w") == PAYLOAD


def test_softhsm_makes_keys_and_is_found_unable_to_unwrap(tokens, tmp_path, unavailable):
    """SoftHSM 2.6.1 knows OAEP with SHA-1 only; a version that can do more may pass."""
    token = tokens.softhsm(tmp_path, unavailable)
    with pytest.raises(KeyringError, match="token does not open"):
        Pkcs11Keyring(token.module, token.label, token.pin[::-1])
    with pytest.raises(KeyringError, match="token cannot be used"):
        Pkcs11Keyring(token.module, "other", token.pin)
    with Pkcs11Keyring(token.module, token.label, token.pin, write=True) as keyring:
        recipient = keyring.create_rsa("reader")
        assert recipient.bits == 3072
        assert keyring.recipient("reader").kid == recipient.kid
        try:
            opened = keyring.identity("reader").unwrap(recipient.wrap(PAYLOAD), where="w")
        except KeyringError as error:
            assert error.what == "the token cannot do RSA-OAEP with SHA-256"  # noqa: PT017
        else:
            assert opened == PAYLOAD


def test_what_is_no_library(tmp_path):
    with pytest.raises(KeyringError, match="token cannot be used"):
        Pkcs11Keyring(str(tmp_path / "no.so"), "tests", "1234")
