"""The verifier's side of one proof: transcript, moves of the prover, equations to check."""

from hashlib import sha512

from .group import ORDER, require
from .merlin import Transcript
from .sums import Sum, point


class Dialogue(Transcript):
    """Format 3: what is received is appended, what is taken is not."""

    def __init__(self, proof: bytes, equations: list[Sum]) -> None:
        super().__init__("redactory/proof/v1")
        self.equations = equations
        self._proof = proof

    def receive(self, label: str) -> Sum:
        """The next point, appended under the label."""
        encoding = self._next()
        require(any(encoding), "a point of a proof is the identity")
        received = point(encoding)
        self.append(label, encoding)
        return received

    def scalar(self) -> int:
        """The next scalar."""
        value = int.from_bytes(self._next(), "little")
        require(value < ORDER, "a scalar is not canonical")
        return value

    def append_hash(self, label: str, data: bytes) -> None:
        """Append SHA-512 of the data."""
        self.append(label, sha512(data).digest())

    def end(self) -> None:
        """Nothing may be left over."""
        require(not self._proof, "a proof is too long")

    def _next(self) -> bytes:
        taken, self._proof = self._proof[:32], self._proof[32:]
        require(len(taken) == 32, "a proof is too short")
        return taken
