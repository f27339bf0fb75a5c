"""Range proofs in dalek's format: dalek's own verify, changed ones do not, ours look alike."""

import os

import pytest

from redactory.errors import ProofError
from zk_proofs import bulletproofs
from zk_proofs.accumulator import Accumulator
from zk_proofs.curve import L
from zk_proofs.randomness import Nonces
from zk_proofs.reader import ElementReader
from zk_proofs.session import Prover, Verifier
from zk_proofs.transcript import Transcript

CASES = [(8 << i, 1 << j) for i in range(4) for j in range(4)]


def verdict(engine, raw, commitments, bits, label) -> bool:
    basis = bulletproofs.dalek_basis(engine, bits, len(commitments))
    accumulator = Accumulator(basis)
    try:
        transcript = Transcript(label, engine.permute)
        verifier = Verifier(accumulator, transcript, ElementReader(raw))
        bulletproofs.verify(verifier, commitments, bits)
        return accumulator.holds()
    except ProofError:
        return False


@pytest.fixture(scope="module")
def stored(dalek):
    label = dalek["transcript_label"].encode()
    commitments = [bytes.fromhex(text) for text in dalek["value_commitments_hex"]]
    proofs = [bytes.fromhex(text) for text in dalek["proofs_hex"]]
    return label, commitments, dict(zip(CASES, proofs, strict=True))


@pytest.mark.parametrize("case", CASES)
def test_dalek_proofs_verify_and_changed_ones_do_not(compiled, stored, case):
    label, commitments, proofs = stored
    (bits, count), raw = case, proofs[case]
    values = commitments[:count]
    assert verdict(compiled, raw, values, bits, label)
    for at in range(0, len(raw), 32):
        changed = bytearray(raw)
        changed[at] ^= 2
        assert not verdict(compiled, bytes(changed), values, bits, label)
    assert not verdict(compiled, raw, values, bits, b"another label")
    assert not verdict(compiled, raw[:-32], values, bits, label)
    assert not verdict(compiled, raw + bytes(32), values, bits, label)
    if count > 1:
        assert not verdict(compiled, raw, values[::-1], bits, label)


@pytest.mark.parametrize("case", [(8, 1), (32, 2)])
def test_the_plain_engine_verifies_them_too(plain, stored, case):
    label, commitments, proofs = stored
    assert verdict(plain, proofs[case], commitments[: case[1]], case[0], label)


@pytest.mark.parametrize("position", [4, 5, 6])
def test_scalars_must_be_canonical(compiled, stored, position):
    label, commitments, proofs = stored
    raw = bytearray(proofs[8, 1])
    at = 32 * position
    value = int.from_bytes(raw[at : at + 32], "little") + L
    raw[at : at + 32] = value.to_bytes(32, "little")
    assert not verdict(compiled, bytes(raw), commitments[:1], 8, label)


@pytest.mark.parametrize(("bits", "count"), [(8, 1), (16, 2), (64, 8)])
def test_ours_have_the_same_layout_and_verify(compiled, stored, bits, count):
    _, _, proofs = stored
    values = [2**bits - 1, 0, 1, 2 ** (bits - 1), 7, 5, 3, 2][:count]
    basis = bulletproofs.dalek_basis(compiled, bits, count)
    nonces = Nonces(os.urandom, b"ours")
    prover = Prover(basis, Transcript(b"ours", compiled.permute), nonces)
    commitments = bulletproofs.prove(prover, values, nonces.scalars(count), bits)
    assert len(prover.proof()) == len(proofs[bits, count])
    assert verdict(compiled, prover.proof(), commitments, bits, b"ours")
    swapped = [commitments[-1], *commitments[1:]]
    assert count == 1 or not verdict(compiled, prover.proof(), swapped, bits, b"ours")


@pytest.mark.parametrize("value", [-1, 256])
def test_a_value_outside_is_not_proven(compiled, argument, value):
    prover = argument.prover(bulletproofs.dalek_basis(compiled, 8, 1))
    with pytest.raises(ProofError):
        bulletproofs.prove(prover, [value], [1], 8)


@pytest.mark.parametrize(("bits", "count"), [(7, 1), (8, 3), (8, 0)])
def test_other_shapes_are_refused(compiled, stored, bits, count):
    label, commitments, proofs = stored
    assert not verdict_of_shape(compiled, proofs[8, 1], commitments[:count], bits, label)


def verdict_of_shape(engine, raw, commitments, bits, label) -> bool:
    accumulator = Accumulator(bulletproofs.dalek_basis(engine, 8, 1))
    transcript = Transcript(label, engine.permute)
    verifier = Verifier(accumulator, transcript, ElementReader(raw))
    try:
        bulletproofs.verify(verifier, commitments, bits)
    except ProofError:
        return False
    return accumulator.holds()
