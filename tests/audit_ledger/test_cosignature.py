"""Cosignatures: another implementation's, round trips, and what must not verify."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from audit_ledger import Cosigner, verify_log
from audit_ledger.checkpoint import Checkpoint
from audit_ledger.cosignature import CosignatureVerifier, new_cosigner_key, signed_message
from audit_ledger.note import Note, SignatureLine
from redactory.errors import LedgerError

ALGORITHMS = ["ed25519", "ml-dsa-44"]
TIME = 1_770_000_000


@pytest.fixture(params=ALGORITHMS)
def witness(request):
    return Cosigner(new_cosigner_key(request.param), "witness.example/w1")


def cosigned(log, *witnesses, time=TIME):
    note = Note.decode(log.checkpoint.note, where="note")
    lines = [witness.cosign(log.checkpoint, time=time) for witness in witnesses]
    return note.with_signatures(lines)


def test_the_message_of_the_specification():
    """The example of c2sp.org/tlog-cosignature, and the layout of its ML-DSA message."""
    root = bytes(range(32))
    checkpoint = Checkpoint("example.com/behind-the-sofa", 20852163, root)
    assert signed_message("ed25519", "w", checkpoint, 1679315147) == (
        b"cosignature/v1\ntime 1679315147\n" + checkpoint.text().encode()
    )
    message = signed_message("ml-dsa-44", "witness", checkpoint, 1679315147)
    assert message == (
        b"subtree/v1\n\x00"
        b"\x07witness"
        + (1679315147).to_bytes(8, "big")
        + bytes([27])
        + b"example.com/behind-the-sofa"
        + bytes(8)
        + (20852163).to_bytes(8, "big")
        + root
    )


def test_a_line_is_what_any_ed25519_library_can_check(log):
    key = Ed25519PrivateKey.generate()
    line = Cosigner(key, "w").cosign(log.checkpoint, time=TIME)
    public = Ed25519PublicKey.from_public_bytes(key.public_key().public_bytes_raw())
    text = f"cosignature/v1\ntime {TIME}\n" + log.checkpoint.text()
    assert int.from_bytes(line.signature[:8], "big") == TIME
    public.verify(line.signature[8:], text.encode())


def test_round_trip(log, witness):
    note = cosigned(log, witness)
    verifier = CosignatureVerifier.from_vkey(witness.verifier.vkey())
    assert verifier == witness.verifier
    assert verifier.verify(log.checkpoint, note, where="note") == TIME
    assert Note.decode(note.encode(), where="note") == note


def test_no_line_is_no_signature(log, witness):
    note = Note.decode(log.checkpoint.note, where="note")
    assert witness.verifier.verify(log.checkpoint, note, where="note") is None


def test_every_flipped_byte_of_a_line_is_refused(log, witness):
    line = witness.cosign(log.checkpoint, time=TIME)
    note = Note.decode(log.checkpoint.note, where="note")
    for position in range(0, len(line.signature), 1 if len(line.signature) < 100 else 97):
        damaged = bytearray(line.signature)
        damaged[position] ^= 1
        bad = SignatureLine(line.name, line.key_id, bytes(damaged))
        with pytest.raises(LedgerError, match="does not verify"):
            witness.verifier.verify(log.checkpoint, note.with_signatures([bad]), where="note")


def test_a_signature_of_another_state_is_refused(log, witness, sealed, provenance):
    old = cosigned(log, witness)
    log.append([sealed(1)], provenance)
    stale = Note.decode(log.checkpoint.note, where="note").with_signatures(old.signatures[1:])
    with pytest.raises(LedgerError, match="does not verify"):
        witness.verifier.verify(log.checkpoint, stale, where="note")


@pytest.mark.parametrize("name", ["", "a b", "a+b", "ü", "x" * 201])
def test_bad_names(name):
    with pytest.raises(LedgerError, match="name"):
        Cosigner(Ed25519PrivateKey.generate(), name)


def test_damaged_verifier_keys(witness):
    line = witness.verifier.vkey()
    for bad in ("", line[:-4], line.replace("+", "-"), "x" + line, line + "\n"):
        with pytest.raises(LedgerError):
            CosignatureVerifier.from_vkey(bad)


def test_a_log_key_is_no_witness_key(signer):
    with pytest.raises(LedgerError, match="witness"):
        CosignatureVerifier.from_vkey(signer.verifier.vkey())


@given(st.integers(0, 2**63 - 1), st.text(st.characters(codec="ascii"), min_size=1, max_size=40))
def test_messages_never_collide(time, name):
    checkpoint = Checkpoint("origin", 7, bytes(32))
    messages = {signed_message(a, name, checkpoint, time) for a in ("ed25519", "ml-dsa-44")}
    assert len(messages) == 2
    assert signed_message("ml-dsa-44", name + "x", checkpoint, time) not in messages


def test_verifying_with_witnesses(log, folder, signer, sealed, provenance):
    log.append([sealed(1)], provenance)
    names = ("one", "two", "three")
    witnesses = [Cosigner(Ed25519PrivateKey.generate(), name) for name in names]
    keys = [witness.verifier for witness in witnesses]
    log.attach(cosigned(log, *witnesses[:2]).encode())
    assert Checkpoint.open(log.checkpoint.note, signer.verifier, where="c").size == 1
    verdict = verify_log(folder, verifier=signer.verifier, witnesses=keys, quorum=2)
    assert verdict.ok
    assert verdict.witnessed == ("one", "two")
    verdict = verify_log(folder, verifier=signer.verifier, witnesses=keys)
    assert "only 2 of your witnesses" in verdict.problems[0].what


def test_the_log_goes_on_after_it_was_witnessed(log, folder, signer, sealed, provenance):
    log.attach(cosigned(log, Cosigner(new_cosigner_key("ml-dsa-44"), signer.name)).encode())
    log.append([sealed(1)], provenance)
    assert log.checkpoint.note.count("—".encode()) == 1
    assert verify_log(folder, verifier=signer.verifier).ok
