"""Signed notes and checkpoints: known answers, codecs, and one accepted form only."""

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from audit_ledger.checkpoint import Checkpoint
from audit_ledger.note import LogSigner, LogVerifier, Note, SignatureLine
from redactory.errors import LedgerError

PRINTABLE = st.characters(min_codepoint=0x21, max_codepoint=0x7E, exclude_characters="+")
NAMES = st.text(PRINTABLE, min_size=1, max_size=40)
LINES = st.text(
    st.characters(min_codepoint=0x20, exclude_categories=("Cs", "Cc")), min_size=1, max_size=40
)
KEYS = st.binary(min_size=32, max_size=32).map(Ed25519PrivateKey.from_private_bytes)


# The verifier key of the example in golang.org/x/mod/sumdb/note.
FOREIGN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def test_a_verifier_key_of_another_implementation():
    assert LogVerifier.from_vkey(FOREIGN).vkey() == FOREIGN


def test_key_id_is_that_of_the_specification(signer, origin):
    public = base64.b64decode(signer.verifier.vkey().split("+", 2)[2])[1:]
    want = hashlib.sha256(origin.encode() + b"\x0a\x01" + public).digest()[:4]
    assert signer.verifier.key_id == want
    assert signer.verifier.fingerprint == hashlib.sha256(public).hexdigest()


@given(KEYS, NAMES)
def test_vkey_round_trip(key, name):
    verifier = LogSigner(key, name).verifier
    assert LogVerifier.from_vkey(verifier.vkey()) == verifier


@pytest.mark.parametrize("name", ["", "a b", "a+b", "ü", "a\nb", "a" * 201])
def test_bad_key_names(name):
    with pytest.raises(LedgerError):
        LogSigner(Ed25519PrivateKey.generate(), name)


def test_every_flipped_bit_of_a_vkey_is_seen(signer):
    raw = signer.verifier.vkey().encode()
    for position in range(len(raw) * 8):
        damaged = bytearray(raw)
        damaged[position // 8] ^= 1 << position % 8
        with pytest.raises(LedgerError):
            LogVerifier.from_vkey(damaged.decode("latin-1"), where="log.vkey")


@given(KEYS, NAMES, st.lists(LINES, min_size=1, max_size=4))
def test_note_round_trip(key, name, lines):
    signer = LogSigner(key, name)
    note = signer.sign("".join(f"{line}\n" for line in lines))
    assert Note.decode(note.encode(), where="note") == note
    signer.verifier.verify(note, where="note")


def test_every_flipped_bit_of_a_checkpoint_is_seen(signer, origin):
    raw = Checkpoint.signed(origin, 7, bytes(32), signer).note
    for position in range(len(raw) * 8):
        damaged = bytearray(raw)
        damaged[position // 8] ^= 1 << position % 8
        with pytest.raises(LedgerError):
            Checkpoint.open(bytes(damaged), signer.verifier, where="checkpoint")


def test_signatures_of_unknown_keys_are_carried(signer, origin):
    note = Note.decode(Checkpoint.signed(origin, 0, bytes(32), signer).note, where="note")
    witness = SignatureLine("witness.example", b"\x01\x02\x03\x04", b"\x05" * 64)
    both = Note(note.text, (witness, *note.signatures))
    assert Note.decode(both.encode(), where="note") == both
    assert Checkpoint.open(both.encode(), signer.verifier, where="c").size == 0


def test_every_line_of_the_key_must_verify(signer):
    note = signer.sign("text\n")
    false = SignatureLine(signer.name, signer.verifier.key_id, bytes(64))
    with pytest.raises(LedgerError, match="does not verify"):
        signer.verifier.verify(Note(note.text, (*note.signatures, false)), where="note")


def test_another_key_of_the_same_name(signer, origin):
    other = LogSigner(Ed25519PrivateKey.generate(), origin)
    with pytest.raises(LedgerError, match="not signed by the log's key"):
        other.verifier.verify(signer.sign("text\n"), where="note")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"text\n",
        b"text\n\n",
        b"text\n\n\xe2\x80\x94 a\n",
        b"text\n\n\xe2\x80\x94 a AAAA\n",
        b"text\n\n\xe2\x80\x94 a AAAAAAA=",
        b"text\n\n- a AAAAAAA=\n",
        b"te\rxt\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"\xff\n\n\xe2\x80\x94 a AAAAAAA=\n",
        b"text\n\n\xe2\x80\x94 a AAAAAAB=\n",
    ],
)
def test_malformed_notes(raw):
    with pytest.raises(LedgerError, match="not a signed note"):
        Note.decode(raw, where="checkpoint")


@given(
    NAMES, st.integers(0, 10**18), st.binary(min_size=32, max_size=32), st.lists(LINES, max_size=3)
)
def test_checkpoint_round_trip(origin, size, root, extensions):
    checkpoint = Checkpoint(origin, size, root, tuple(extensions))
    assert Checkpoint.from_text(checkpoint.text(), where="checkpoint") == checkpoint


ROOT = base64.b64encode(bytes(32)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n",
        "origin\n1\n",
        f"\n1\n{ROOT}\n",
        f"origin\n01\n{ROOT}\n",
        f"origin\n-1\n{ROOT}\n",
        f"origin\n+1\n{ROOT}\n",
        f"origin\n１\n{ROOT}\n",
        f"origin\n1\n{ROOT}",
        f"origin\n1\n{ROOT}\n\n",
        f"origin\n1\n{ROOT[:-1]}\n",
        "origin\n1\nAAAA\n",
        f"origin\n1\n{ROOT[:-2]}B=\n",
    ],
)
def test_malformed_checkpoints(text):
    with pytest.raises(LedgerError, match="not a checkpoint"):
        Checkpoint.from_text(text, where="checkpoint")


def test_a_checkpoint_of_another_origin(signer):
    foreign = signer.sign(Checkpoint("someone.else/log", 0, bytes(32)).text())
    with pytest.raises(LedgerError, match="another log"):
        Checkpoint.open(foreign.encode(), signer.verifier, where="checkpoint")


def test_a_private_key_never_shows(signer):
    assert repr(signer) == f"LogSigner({signer.name!r})"
