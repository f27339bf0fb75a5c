"""Broken proof files: always ProofError, never a crash, a hang or much memory."""

import os
import random
import tracemalloc

import pytest

from redactory.errors import ProofError
from zk_proofs.context import Context
from zk_proofs.curve import L, P
from zk_proofs.model_file import ModelFile
from zk_proofs.proof_file import MAGIC, ProofFile
from zk_proofs.quantisation import Quantisation

NAMES = ["linear-sign", "linear-scores", "row-classes", "mlp-relu"]
FUZZED = 100_000 if os.environ.get("REDACTORY_FULL") else 4_000


def with_element(made, index, element):
    """The file with one 32-byte element of its first block replaced."""
    raw, proof = made.file.encode(), made.file.blocks[0].proof
    at = raw.index(proof) + 32 * index
    return raw[:at] + element + raw[at + 32 :]


@pytest.mark.parametrize("name", NAMES)
def test_every_element_matters(proven, rejected, name):
    world, made = proven(name)
    proof = made.file.blocks[0].proof
    for index in range(len(proof) // 32):
        value = int.from_bytes(proof[32 * index : 32 * index + 32], "little")
        wrong = [
            (value ^ 2).to_bytes(32, "little"),
            bytes(32),
            (P + 2).to_bytes(32, "little"),
            b"\xff" * 32,
        ]
        if value + L < 2**256:
            wrong.append((value + L).to_bytes(32, "little"))
        chosen = (
            wrong if os.environ.get("REDACTORY_FULL") else [wrong[0], wrong[index % len(wrong)]]
        )
        for element in chosen:
            assert rejected(world.evidence(made, proof=with_element(made, index, element)))


@pytest.mark.parametrize("name", NAMES)
def test_exchanged_elements(proven, rejected, name):
    world, made = proven(name)
    proof = made.file.blocks[0].proof
    for index in range(len(proof) // 32 - 1):
        one, two = proof[32 * index : 32 * index + 32], proof[32 * index + 32 : 32 * index + 64]
        raw = with_element(made, index, two)
        at = raw.index(two + two)
        raw = raw[: at + 32] + one + raw[at + 64 :]
        assert rejected(world.evidence(made, proof=raw))


@pytest.mark.parametrize("name", NAMES)
def test_truncated_and_extended_files(proven, rejected, name):
    world, made = proven(name)
    raw = made.file.encode()
    for size in [*range(0, len(raw), 7), len(raw) - 1]:
        with pytest.raises(ProofError):
            ProofFile.decode(raw[:size])
    for tail in (b"\0", bytes(32), raw):
        assert rejected(world.evidence(made, proof=raw + tail))


@pytest.mark.parametrize("by", [-64, -32, -1, 1, 32])
def test_proofs_of_another_length(proven, rejected, by):
    from dataclasses import replace

    world, made = proven("linear-sign")
    block = made.file.blocks[0]
    proof = block.proof[:by] if by < 0 else block.proof + bytes(by)
    raw = ProofFile(made.file.context, (replace(block, proof=proof),)).encode()
    assert rejected(world.evidence(made, proof=raw))


def test_counts_that_are_not_there_take_no_memory(proven):
    _, made = proven("linear-sign")
    context = made.file.context.encode().replace(b'"rows":5', b'"rows":4294967295')
    head = MAGIC + len(context).to_bytes(4, "little") + context
    tracemalloc.start()
    for raw in (
        head + b"\xff\xff\xff\xff",
        head.replace(b'"block_rows":5', b'"block_rows":1') + b"\xff\xff\xff\xff",
        MAGIC + b"\xff\xff\xff\xff" + context,
        MAGIC + b"\xff\x0f\x00\x00" + context,
    ):
        with pytest.raises(ProofError):
            ProofFile.decode(raw)
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def _mutated(raw: bytes, chance: random.Random) -> bytes:
    out = bytearray(raw)
    for _ in range(chance.randint(1, 6)):
        kind, at = chance.randrange(6), chance.randrange(len(out) + 1)
        if kind == 0 and at < len(out):
            out[at] ^= 1 << chance.randrange(8)
        elif kind == 1:
            out[at:at] = chance.randbytes(chance.randint(1, 40))
        elif kind == 2:
            del out[at : at + chance.randint(1, 40)]
        elif kind == 3:
            out[at : at + 4] = chance.choice([b"\xff" * 4, bytes(4), b"\x00\x00\x00\x80"])
        elif kind == 4:
            piece = out[at : at + 32]
            other = chance.randrange(len(out) + 1)
            out[other : other + 32] = piece
        else:
            out[at : at + 8] = chance.randbytes(8)
    return bytes(out)


def test_the_parser_survives_anything(proven):
    chance = random.Random(9)
    samples = [proven(name)[1].file.encode() for name in NAMES]
    parsed = 0
    for _ in range(FUZZED):
        raw = _mutated(chance.choice(samples), chance)
        if chance.random() < 0.1:
            raw = chance.randbytes(chance.randrange(600))
        try:
            found = ProofFile.decode(raw)
        except ProofError:
            continue
        assert found.encode() == raw
        parsed += 1
    assert parsed < FUZZED


def test_the_verifier_survives_what_parses(proven, rejected):
    chance = random.Random(11)
    for _ in range(max(FUZZED // 100, 60)):
        world, made = proven(chance.choice(NAMES))
        raw = _mutated(made.file.encode(), chance)
        if raw != made.file.encode():
            assert rejected(world.evidence(made, proof=raw))


def test_models_and_policies_survive_anything(worlds):
    chance = random.Random(13)
    raw = worlds.case("linear-sign")[0].published().encode()
    for _ in range(FUZZED // 20):
        try:
            ModelFile.decode(_mutated(raw, chance))
        except ProofError:
            continue
    for value in (None, [], {}, {"layers": 3}, {"layers": [[]]}, "x", {"inputs": True}):
        with pytest.raises(Exception, match="quantisation"):
            Quantisation.from_json(value)


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 0},
        {"rows": True},
        {"first": -1},
        {"block_rows": 2**16 + 1},
        {"run": "two words"},
        {"run": 5},
        {"features": "AB" * 32},
        {"form": "rows"},
        {"scores": "shown"},
        {"labels": "committed"},
        {"label_commitment": "00" * 32},
        {"format": "redactory-proof/v2"},
        {"form": "row"},
        {"scores": "revealed", "labels": "committed", "label_commitment": "00" * 32},
    ],
)
def test_malformed_contexts(proven, change):
    _, made = proven("linear-sign")
    with pytest.raises(ProofError, match="context"):
        Context(**(vars(made.file.context) | change))
