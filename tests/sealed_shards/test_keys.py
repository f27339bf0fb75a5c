"""Recipients, identities and the software keyring."""

import base64
import hashlib
import shutil
import stat
import subprocess

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding
from hypothesis import given, settings
from hypothesis import strategies as st

from redactory.errors import InputError, KeyringError
from sealed_shards import RsaIdentity, RsaRecipient, SoftwareKeyring
from sealed_shards.pkcs8 import encrypt_private_key
from sealed_shards.software import load_identity, write_secret

PASSPHRASE = b"correct horse"
OID_SCRYPT = bytes.fromhex("06092b06010401da47040b")


def public_pem(key) -> bytes:
    return key.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


@pytest.fixture(scope="session")
def rsa_pem(alice):
    return encrypt_private_key(alice._private_key, PASSPHRASE)


@pytest.fixture(scope="session")
def keyring(tmp_path_factory):
    ring = SoftwareKeyring(tmp_path_factory.mktemp("home") / "keys")
    ring.create_rsa("reader", PASSPHRASE)
    ring.create_ed25519("log", PASSPHRASE)
    return ring


def test_weak_key_is_refused_as_recipient_identity_and_new_key(weak_key, tmp_path):
    for attempt in (
        lambda: RsaRecipient(weak_key.public_key()),
        lambda: RsaRecipient.from_pem(public_pem(weak_key.public_key()), where="k"),
        lambda: RsaIdentity(weak_key),
        lambda: SoftwareKeyring(tmp_path).create_rsa("weak", PASSPHRASE, bits=2048),
    ):
        with pytest.raises(KeyringError, match="2048 bits is too weak"):
            attempt()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("pem", [b"", b"hello", b"-----BEGIN PUBLIC KEY-----\nAAAA\n"])
def test_what_is_no_public_key_is_refused(pem):
    with pytest.raises(KeyringError, match="not a public key"):
        RsaRecipient.from_pem(pem, where="k")


def test_other_kinds_of_keys_are_refused(rsa_pem):
    for key in (ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())):
        with pytest.raises(KeyringError, match="not an RSA"):
            RsaRecipient.from_pem(public_pem(key.public_key()), where="k")
    with pytest.raises(KeyringError, match="never the private key") as caught:
        RsaRecipient.from_pem(rsa_pem, where="k")
    assert "BEGIN" not in str(caught.value)


def test_key_id_is_the_digest_of_the_public_key(alice):
    der = base64.b64decode("".join(alice.recipient.to_pem().decode().splitlines()[1:-1]))
    assert alice.kid == alice.recipient.kid == hashlib.sha256(der).hexdigest()
    assert RsaRecipient.from_pem(alice.recipient.to_pem(), where="k").kid == alice.kid


@settings(max_examples=20)
@given(st.binary(min_size=64, max_size=64))
def test_wrap_and_unwrap(alice, bob, payload):
    wrapped = alice.recipient.wrap(payload)
    assert wrapped != alice.recipient.wrap(payload), "OAEP is randomised"
    assert alice.unwrap(wrapped, where="w") == payload
    with pytest.raises(KeyringError):
        bob.unwrap(wrapped, where="w")


def test_whatever_is_wrong_with_a_wrap_the_error_is_the_same(alice, bob):
    """Manger's attack lives on the difference."""
    wrapped = alice.recipient.wrap(bytes(64))
    public = alice._private_key.public_key()
    labelled, sha1 = (
        public.encrypt(bytes(64), padding.OAEP(padding.MGF1(digest), digest, label))
        for digest, label in ((hashes.SHA256(), b"label"), (hashes.SHA1(), None))
    )
    wrong = [b"", b"\0", wrapped[:-1], wrapped + b"\0", bytes(len(wrapped)), b"\xff" * len(wrapped)]
    wrong += [labelled, sha1, public.encrypt(bytes(64), padding.PKCS1v15())]
    wrong += [bob.recipient.wrap(bytes(64))]
    wrong += [bytes([*wrapped[:i], wrapped[i] ^ 1, *wrapped[i + 1 :]]) for i in range(0, 384, 48)]
    seen = set()
    for each in wrong:
        with pytest.raises(KeyringError) as caught:
            alice.unwrap(each, where="w")
        seen.add((str(caught.value), caught.value.__suppress_context__))
    assert seen == {("w: the wrapped key does not open with this key", True)}


def test_pem_loads_with_cryptography(rsa_pem, alice):
    key = serialization.load_pem_private_key(rsa_pem, PASSPHRASE)
    assert key.private_numbers() == alice._private_key.private_numbers()


@pytest.mark.parametrize("passphrase", [b"x", "Straße 🔑".encode(), b"a" * 200, b" \t"])
def test_any_passphrase_works(passphrase):
    key = ed25519.Ed25519PrivateKey.generate()
    pem = encrypt_private_key(key, passphrase)
    again = serialization.load_pem_private_key(pem, passphrase)
    assert again.private_bytes_raw() == key.private_bytes_raw()


def test_pem_loads_with_openssl(rsa_pem, alice, tmp_path):
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl binary on this machine")
    path = tmp_path / "key.pem"
    path.write_bytes(rsa_pem)
    command = [openssl, "pkey", "-in", str(path), "-pubout", "-passin", "stdin"]
    done = subprocess.run(command, input=PASSPHRASE + b"\n", capture_output=True, check=True)
    assert done.stdout == alice.recipient.to_pem()


def test_pem_is_scrypt_and_salted(alice, rsa_pem):
    lines = rsa_pem.decode().splitlines()
    assert lines[0] == "-----BEGIN ENCRYPTED PRIVATE KEY-----"
    assert max(map(len, lines)) <= 64
    der = base64.b64decode("".join(lines[1:-1]))
    assert OID_SCRYPT in der
    costs = bytes.fromhex("02024000020108020105020120")  # N=2^14, r=8, p=5, 32 bytes
    assert costs in der
    assert encrypt_private_key(alice._private_key, PASSPHRASE) != rsa_pem


def test_pem_is_fixed_by_its_random_bytes():
    key = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    one, two = (encrypt_private_key(key, b"x", random_bytes=bytes) for _ in range(2))
    assert one == two


def test_keyring_gives_back_what_it_made(keyring):
    assert keyring.names() == ["log", "reader"]
    identity = keyring.identity("reader", PASSPHRASE)
    assert identity.kid == keyring.recipient("reader").kid
    signer = keyring.signing_key("log", PASSPHRASE)
    keyring.verify_key("log").verify(signer.sign(b"m"), b"m")


def test_wrong_passphrase_is_one_clear_line(keyring):
    for wrong in (b"Correct horse", b"correct horse "):
        with pytest.raises(KeyringError, match="the passphrase is wrong") as caught:
            keyring.identity("reader", wrong)
        assert wrong.decode() not in str(caught.value)
        assert caught.value.__suppress_context__
    with pytest.raises(KeyringError, match="the passphrase is empty"):
        keyring.identity("reader", b"")


def test_files_are_0600_and_nothing_else_is_left(keyring):
    files = sorted(keyring.folder.iterdir())
    assert [f.name for f in files] == ["log.pem", "log.pub.pem", "reader.pem", "reader.pub.pem"]
    assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}
    assert stat.S_IMODE(keyring.folder.stat().st_mode) == 0o700


def test_a_key_is_never_overwritten(keyring):
    before = keyring._private("log").read_bytes()
    with pytest.raises(KeyringError, match="exists already"):
        keyring.create_ed25519("log", PASSPHRASE)
    assert keyring._private("log").read_bytes() == before


def test_keys_of_the_other_kind_are_refused(keyring):
    with pytest.raises(KeyringError, match="not an RSA key"):
        keyring.identity("log", PASSPHRASE)
    with pytest.raises(KeyringError, match="not an Ed25519 key"):
        keyring.signing_key("reader", PASSPHRASE)
    with pytest.raises(KeyringError, match="not an Ed25519 key"):
        keyring.verify_key("reader")
    with pytest.raises(KeyringError, match="not an RSA public key"):
        keyring.recipient("log")


@pytest.mark.parametrize(
    "name", ["", ".", "a/b", "../a", "/a", "a.pub", "-a", "a\n", "é", "x" * 65]
)
def test_names_that_lead_out_or_mislead_are_refused(tmp_path, name):
    ring = SoftwareKeyring(tmp_path / "keys")
    with pytest.raises(KeyringError, match="not a name"):
        ring.create_ed25519(name, PASSPHRASE)
    assert list(tmp_path.iterdir()) == []


def test_an_empty_passphrase_is_refused(tmp_path):
    with pytest.raises(KeyringError, match="empty passphrase"):
        SoftwareKeyring(tmp_path).create_ed25519("log", b"")
    assert list(tmp_path.iterdir()) == []


def test_absent_damaged_and_unprotected_keys_are_refused(tmp_path, alice):
    with pytest.raises(KeyringError, match="cannot be read"):
        load_identity(tmp_path / "absent.pem", PASSPHRASE)
    for content in (b"", b"\xff\xfe", b"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n"):
        (tmp_path / "bad.pem").write_bytes(content)
        with pytest.raises(KeyringError, match="passphrase is wrong, or"):
            load_identity(tmp_path / "bad.pem", PASSPHRASE)
    plain = alice._private_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    (tmp_path / "plain.pem").write_bytes(plain)
    with pytest.raises(KeyringError, match="not protected"):
        load_identity(tmp_path / "plain.pem", PASSPHRASE)
    (tmp_path / "log.pub.pem").write_bytes(b"nonsense")
    with pytest.raises(KeyringError, match="not a public key"):
        SoftwareKeyring(tmp_path).verify_key("log")


def test_keys_below_a_file_are_an_input_error(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="cannot write the key"):
        SoftwareKeyring(tmp_path / "file" / "keys").create_ed25519("log", PASSPHRASE)


def test_secret_is_written_once(tmp_path):
    write_secret(tmp_path / "s", b"one")
    with pytest.raises(FileExistsError):
        write_secret(tmp_path / "s", b"two")
    assert [(f.name, f.read_bytes()) for f in tmp_path.iterdir()] == [("s", b"one")]
