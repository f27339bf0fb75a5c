"""What the table of engines does not show: a job larger than memory, and the cost of noise."""

from __future__ import annotations

import numpy as np
from learning.data import FRACTION_BITS, Task, draw
from learning.engine import MEGABYTE, Parties, training_of
from learning.measured import typical

from mpc_jobs.training_spec import Features, Privacy, Training

_DELTA = 1e-6


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


def private(parties: Parties, *, rows: int, d: int, epsilon: float) -> dict[str, float]:
    """A job with a privacy budget, and the same without.

    Returns:
        Seconds of an epoch of both, and the budget.
    """
    task = Task(rows, d, epochs=3)
    drawn = draw(task)
    x = drawn.x[:, :-1] / np.linalg.norm(drawn.x[:, :-1], axis=1, keepdims=True)
    integers = np.trunc(x * 2**FRACTION_BITS).astype(np.int64)
    features = Features(columns=d, fraction_bits=FRACTION_BITS, largest=1 << FRACTION_BITS, norm=1)
    training = Training(epochs=task.epochs, batch_rows=rows // 4, learning_rate=0.2)
    found: dict[str, float] = {"rows": rows, "d": d, "epsilon": epsilon, "delta": _DELTA}
    for name, budget in (("plain", None), ("private", Privacy(epsilon=epsilon, delta=_DELTA))):
        told = training.model_copy(update={"privacy": budget})
        done = parties.train(told, integers, drawn.y[:, None].astype(np.int64), features)
        found[f"{name}_seconds"] = max(typical(cost.step_seconds) for cost in done.costs)
    return found
