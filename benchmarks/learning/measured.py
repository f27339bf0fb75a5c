"""What a run of an engine took, in one form for all of them."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Measured:
    """One engine on one task.

    Attributes:
        engine: its key.
        task: rows x features.
        parties: (n, t).
        delay_ms: one way, between any two parties.
        seconds: of an epoch, median; the first epoch is left out where there are several.
        cpu_seconds: of one party in an epoch, median.
        sent_mb: by one party in an epoch.
        rounds: of communication in an epoch; None where the engine does not tell.
        memory_mb: greatest resident size of a party.
        accuracy: on the test rows.
        epochs: that it trained.
    """

    engine: str
    task: str
    parties: tuple[int, int]
    delay_ms: int
    seconds: float
    cpu_seconds: float
    sent_mb: float | None
    rounds: float | None
    memory_mb: float
    accuracy: float
    epochs: int = 3

    @property
    def cells(self) -> int:
        """Numbers in the task's rows, which the work of an epoch goes with."""
        rows, _, d = self.task.partition("x")
        return int(rows) * int(d)

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def typical(values: Sequence[float]) -> float:
    """Median without the first, which pays for what later ones find ready."""
    return statistics.median(values[1:] if len(values) > 1 else values)
