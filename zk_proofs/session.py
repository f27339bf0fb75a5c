"""The two sides of an argument made non-interactive: what is sent is bound as it is sent.

Prover and verifier run the same sequence of labels. A point enters the transcript the
moment it enters the proof, so no challenge can be known before what it must depend on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from zk_proofs.accumulator import Accumulator
from zk_proofs.engine import Engine, Points
from zk_proofs.generators import Basis
from zk_proofs.randomness import Nonces
from zk_proofs.reader import ElementReader, scalar_bytes
from zk_proofs.transcript import Transcript


@dataclass
class Prover:
    """Makes one proof.

    Attributes:
        basis: what commitments are made over.
        transcript: already bound to the statement.
        nonces: the proof's own stream of nonces.
    """

    basis: Basis
    transcript: Transcript
    nonces: Nonces
    _proof: list[bytes] = field(init=False, default_factory=list)

    @property
    def engine(self) -> Engine:
        """What does the arithmetic."""
        return self.basis.engine

    def send(self, labels: Sequence[bytes], points: Sequence[Points]) -> None:
        """Send one point under each label."""
        encoded = self.engine.encode(self.engine.join_points(points))
        for label, point in zip(labels, encoded, strict=True):
            self.transcript.append(label, point)
            self._proof.append(point)

    def answer(self, *scalars: int) -> None:
        """Send the last scalars of an argument; no challenge follows that depends on them."""
        self._proof += [scalar_bytes(value) for value in scalars]

    def challenge(self, label: bytes) -> int:
        """The verifier's next challenge."""
        return self.transcript.challenge(label)

    def proof(self) -> bytes:
        """Everything sent so far."""
        return b"".join(self._proof)


@dataclass
class Verifier:
    """Reads one proof and adds its equations to an accumulator.

    Attributes:
        accumulator: receives the equations.
        transcript: already bound to the expected statement.
        reader: the proof.
    """

    accumulator: Accumulator
    transcript: Transcript
    reader: ElementReader

    @property
    def engine(self) -> Engine:
        """What does the arithmetic."""
        return self.accumulator.basis.engine

    def receive(self, *labels: bytes) -> list[bytes]:
        """Take one point for each label."""
        points = self.reader.points(len(labels))
        for label, point in zip(labels, points, strict=True):
            self.transcript.append(label, point)
        return points

    def answer(self, count: int) -> list[int]:
        """Take the last scalars of an argument."""
        return [self.reader.scalar() for _ in range(count)]

    def challenge(self, label: bytes) -> int:
        """The next challenge."""
        return self.transcript.challenge(label)
