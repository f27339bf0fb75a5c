"""Frozen vectors of docs/format/proof-v1.md: still made, still verified, by both engines."""

import importlib.util
import json
from pathlib import Path

import pytest

from zk_proofs.auditing import Evidence, verify_file
from zk_proofs.context import Context
from zk_proofs.model_file import ModelFile
from zk_proofs.strict_inputs import verify_inputs

VECTORS = Path(__file__).parent.parent / "vectors" / "proof-v1"
NAMES = sorted(path.stem for path in VECTORS.glob("*.proof"))


def load(name: str) -> tuple[ModelFile, Evidence, dict]:
    told = json.loads((VECTORS / f"{name}.json").read_bytes())
    model = ModelFile.decode((VECTORS / f"{name}.model.json").read_bytes())
    evidence = Evidence(
        (VECTORS / f"{name}.proof").read_bytes(),
        Context.decode(told["context"].encode()),
        model.model,
        [bytes.fromhex(point) for point in told["points"]],
        told["labels"] if told["salt"] else None,
        bytes.fromhex(told["salt"]),
    )
    return model, evidence, told


@pytest.mark.parametrize("name", NAMES)
def test_they_verify(compiled, name):
    model, evidence, told = load(name)
    model.check(engine=compiled)
    judged = verify_file(evidence, engine=compiled)
    assert list(judged.labels) == told["labels"]
    assert [list(row) for row in judged.scores] == (told["scores"] or [])


@pytest.mark.parametrize("name", ["linear-classes", "row-sign", "mlp-square"])
def test_they_verify_in_plain_python(plain, name):
    _, evidence, told = load(name)
    assert list(verify_file(evidence, engine=plain).labels) == told["labels"]


def test_the_strict_inputs_verify(compiled):
    model, evidence, _ = load("linear-sign")
    strict = json.loads((VECTORS / "linear-sign.strict.json").read_bytes())
    proofs = [bytes.fromhex(text) for text in strict["proofs"]]
    root = strict["points_root"]
    verify_inputs(model.model.policy, evidence.points, root, proofs, engine=compiled)


def test_the_same_command_writes_the_same_files():
    path = VECTORS.parent / "make_proof_v1.py"
    spec = importlib.util.spec_from_file_location("make_proof_v1", path)
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    made = generator.files()
    assert sorted(made) == sorted(path.name for path in VECTORS.iterdir())
    for name, raw in made.items():
        assert (VECTORS / name).read_bytes() == raw, name
