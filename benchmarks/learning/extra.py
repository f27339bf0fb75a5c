"""What the table of engines does not show: a job larger than memory, and the cost of noise."""

from __future__ import annotations

import time

import numpy as np
from learning.data import FRACTION_BITS, Task
from learning.engine import MEGABYTE, Parties, training_of

from mpc_jobs.privacy.noise import NoisePlan
from mpc_jobs.sharing import Scheme
from mpc_jobs.training_spec import Features


def streamed(parties: Parties, *, rows: int, d: int, memory_bytes: int) -> dict[str, float]:
    """One epoch over shares that are read as they are needed.

    Returns:
        Seconds of the epoch, MB of the shares of one party, and the peak memory of a party.
    """
    random = np.random.default_rng(1)
    x = random.integers(-(1 << 11), 1 << 11, (rows, d), np.int64)
    y = (x[:, :1] > 0).astype(np.int64)
    norm = float(np.sqrt((x.astype(np.float64) ** 2).sum(axis=1).max())) / 2**FRACTION_BITS
    features = Features(
        columns=d, fraction_bits=FRACTION_BITS, largest=1 << FRACTION_BITS, norm=norm * 1.001
    )
    done = parties.train(
        training_of(Task(rows, d, epochs=1)), x, y, features, memory_bytes=memory_bytes
    )
    return {
        "rows": rows,
        "d": d,
        "epoch_seconds": max(cost.step_seconds[0] for cost in done.costs),
        "shares_mb": rows * (d + 1) * 16 / MEGABYTE,
        "peak_memory_mb": done.memory_mb,
    }


def noise_seconds(task: Task) -> float:
    """CPU seconds of one party to draw and share its noise for an epoch."""
    plan = NoisePlan(Scheme(3, 1), 1 << 37, multiplier=4.0, epochs=task.epochs, delta=1e-6)
    began = time.process_time()
    for _ in range(-(-task.rows // task.batch)):
        plan.deal((task.d + 1, 1), present=3)
    return time.process_time() - began
