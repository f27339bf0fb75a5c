"""Both engines, and helpers that every test of proofs needs."""

import importlib.util
import json
import sys
from functools import cache
from pathlib import Path

import pytest

from redactory.errors import ProofError
from zk_proofs.accumulator import Accumulator
from zk_proofs.auditing import verify_file
from zk_proofs.engine import default_engine, plain_engine
from zk_proofs.randomness import Nonces
from zk_proofs.reader import ElementReader
from zk_proofs.session import Prover, Verifier
from zk_proofs.transcript import Transcript


@pytest.fixture(scope="session")
def compiled():
    return default_engine()


@pytest.fixture(scope="session")
def plain():
    return plain_engine()


@pytest.fixture(scope="session", params=["compiled", "plain"])
def engine(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(scope="session")
def dalek(shared_data):
    return json.loads((shared_data / "vectors" / "dalek_range_proofs.json").read_text("utf-8"))


class Argument:
    """Runs one argument for both sides with a fixed label and fixed nonces."""

    label = b"a test"

    def prover(self, basis, nonces=b"") -> Prover:
        transcript = Transcript(self.label, basis.engine.permute)
        return Prover(basis, transcript, Nonces(bytes, nonces))

    def holds(self, basis, proof: bytes, check) -> bool:
        accumulator = Accumulator(basis)
        transcript = Transcript(self.label, basis.engine.permute)
        verifier = Verifier(accumulator, transcript, ElementReader(proof))
        check(verifier)
        verifier.reader.end()
        return accumulator.holds()


@pytest.fixture(scope="session")
def argument():
    return Argument()


@pytest.fixture(scope="session")
def worlds():
    """The module of small models and rows, which this folder shares."""
    path = Path(__file__).with_name("worlds.py")
    spec = importlib.util.spec_from_file_location("worlds", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules["worlds"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def proven(worlds):
    """name → (world, proven file) of one of the cases, made once."""

    @cache
    def make(name):
        world, request = worlds.case(name)
        return world, world.prove(request)

    return make


@pytest.fixture(scope="session")
def rejected():
    """Whether evidence is judged false, by the library's own error only."""

    def judge(evidence, engine=None) -> bool:
        try:
            verify_file(evidence, engine=engine)
        except ProofError:
            return True
        return False

    return judge
