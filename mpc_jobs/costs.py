"""What a run takes at one party: time, processor, bytes, rounds, memory."""

from __future__ import annotations

import resource
from dataclasses import dataclass
from dataclasses import field as attribute
from pathlib import Path

from mpc_jobs.outcome import Cost


@dataclass
class Costs:
    """Lists that grow by one entry an epoch; what they are is told by :class:`Cost`."""

    epoch_seconds: list[float] = attribute(default_factory=list)
    step_seconds: list[float] = attribute(default_factory=list)
    cpu_seconds: list[float] = attribute(default_factory=list)
    sent_bytes: list[int] = attribute(default_factory=list)
    rounds: list[int] = attribute(default_factory=list)

    def told(self) -> Cost:
        """The costs so far, for the receipt."""
        lists = {name: tuple(values) for name, values in vars(self).items()}
        return Cost(peak_memory_bytes=_peak_memory(), **lists)


def _peak_memory() -> int:
    """Greatest resident size in bytes."""
    status = Path("/proc/self/status")
    if status.exists():  # what getrusage says includes the process that started this one
        fields = status.read_text(encoding="ascii").partition("VmHWM:")[2].split()
        return int(fields[0]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
