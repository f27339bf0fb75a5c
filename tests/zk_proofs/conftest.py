"""Both engines, and helpers that every test of proofs needs."""

import json

import pytest

from zk_proofs.accumulator import Accumulator
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
