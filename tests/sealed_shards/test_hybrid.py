"""The hybrid recipient: RSA and ML-KEM-768, and neither alone."""

import hashlib
import importlib.resources
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import mlkem
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from redactory.errors import KeyringError
from sealed_shards import RsaRecipient, SoftwareKeyring
from sealed_shards.hybrid import HybridIdentity, HybridRecipient
from sealed_shards.key_files import load_identity, load_recipient, parse_identity, parse_recipient
from sealed_shards.pkcs8 import encrypt_private_key

PASSPHRASE = b"correct horse"
KEM_BYTES, TAIL_BYTES = 1088, 80


@pytest.fixture(scope="session")
def hybrid(alice):
    return HybridIdentity.of(alice, mlkem.MLKEM768PrivateKey.generate())


@pytest.fixture(scope="session")
def keyring(tmp_path_factory):
    ring = SoftwareKeyring(tmp_path_factory.mktemp("home") / "keys")
    ring.create_hybrid("quantum", PASSPHRASE)
    return ring


def test_sizes_are_those_of_the_page(hybrid):
    assert len(hybrid.recipient.wrap(bytes(64))) == KEM_BYTES + 384 + TAIL_BYTES


def test_key_id_is_over_both_keys(hybrid, alice):
    spki = hybrid._kem.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    both = alice.recipient.to_der() + spki
    assert hybrid.kid == hashlib.sha256(both).hexdigest()
    assert hybrid.kid != alice.kid


def test_each_half_alone_is_not_enough(hybrid, alice, bob):
    """Whoever broke one of the two schemes still meets the other."""
    wrapped = hybrid.recipient.wrap(bytes(64))
    other_kem = mlkem.MLKEM768PrivateKey.generate()
    for broken in (HybridIdentity.of(alice, other_kem), HybridIdentity.of(bob, hybrid._kem)):
        broken.kid = hybrid.kid  # the derivation alone must stop it
        with pytest.raises(KeyringError, match="does not open with this key"):
            broken.unwrap(wrapped, where="w")


@settings(max_examples=60)
@given(st.data())
def test_any_change_gives_the_same_error(hybrid, data):
    wrapped = bytearray(hybrid.recipient.wrap(bytes(64)))
    position = data.draw(st.integers(0, len(wrapped) - 1))
    wrapped[position] ^= data.draw(st.integers(1, 255))
    with pytest.raises(KeyringError) as caught:
        hybrid.unwrap(bytes(wrapped), where="w")
    assert str(caught.value) == "w: the wrapped key does not open with this key"


@pytest.mark.parametrize("length", [0, 1, 80, 1088, 1088 + 80, 1088 + 384 + 79, 3000])
def test_other_lengths_do_not_open(hybrid, length):
    with pytest.raises(KeyringError, match="does not open with this key"):
        hybrid.unwrap(bytes(length), where="w")


def test_halves_of_two_wraps_do_not_mix(hybrid):
    one, two = (hybrid.recipient.wrap(bytes(64)) for _ in range(2))
    for cut in (KEM_BYTES, KEM_BYTES + 384):
        with pytest.raises(KeyringError):
            hybrid.unwrap(one[:cut] + two[cut:], where="w")


def test_key_files(keyring, hybrid):
    recipient = keyring.recipient("quantum")
    identity = keyring.identity("quantum", PASSPHRASE)
    assert isinstance(recipient, HybridRecipient)
    assert identity.unwrap(recipient.wrap(b"p" * 64), where="w") == b"p" * 64
    assert parse_recipient(recipient.to_pem(), where="k").kid == identity.kid
    public = keyring.folder / "quantum.pub.pem"
    before = public.read_bytes()
    public.unlink()
    keyring.restore_public("quantum", PASSPHRASE)
    assert public.read_bytes() == before
    with pytest.raises(KeyringError, match="passphrase is wrong"):
        load_identity(keyring.folder / "quantum.pem", b"other")


def test_half_of_a_hybrid_key_is_refused_where_rsa_is_wanted(hybrid):
    with pytest.raises(KeyringError, match="not an RSA public key"):
        RsaRecipient.from_pem(hybrid.recipient.to_pem(), where="k")


def test_other_second_halves_are_refused(alice, bob, tmp_path):
    rsa = alice.recipient.to_pem()
    for wrong in (rsa + bob.recipient.to_pem(), rsa + rsa + rsa):
        with pytest.raises(KeyringError, match="followed by an ML-KEM-768 key"):
            parse_recipient(wrong, where="k")
    private = encrypt_private_key(alice._private_key, PASSPHRASE)
    with pytest.raises(KeyringError, match="followed by an ML-KEM-768 key"):
        parse_identity(private + private, PASSPHRASE, where="k")
    (tmp_path / "one.pub.pem").write_bytes(rsa)
    assert load_recipient(tmp_path / "one.pub.pem").kid == alice.kid


def test_known_answers_of_ml_kem_768():
    """NIST's known answers, from the registry's `cryptography-vectors`."""
    pytest.importorskip("cryptography_vectors", reason="cryptography-vectors is not installed")
    listed = importlib.resources.files("cryptography_vectors") / "asymmetric" / "MLKEM"
    text = Path(str(listed / "kat_MLKEM_768.rsp")).read_text("ascii")
    done = 0
    for block in text.split("count = ")[1:]:
        lines = (line.partition(" = ") for line in block.splitlines() if " = " in line)
        case = {name: bytes.fromhex(value) for name, _, value in lines}
        key = mlkem.MLKEM768PrivateKey.from_seed_bytes(case["d"] + case["z"])
        assert key.public_key().public_bytes_raw() == case["pk"]
        assert key.decapsulate(case["ct"]) == case["ss"]
        assert key.decapsulate(case["ct_n"]) == case["ss_n"], "implicit rejection"
        done += 1
    assert done == 1000
