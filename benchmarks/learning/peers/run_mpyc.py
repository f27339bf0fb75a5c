"""MPyC on a task, by its own fixed-point arrays: one process a party, started by peers.py.

The idiom is that of MPyC's demos: secure arrays, its operators, a truncation after each product.
The last arguments are the file of rows and the parameters; MPyC reads those before.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np

_ROWS, _PARAMETERS = sys.argv[-2], json.loads(sys.argv[-1])
del sys.argv[-2:]
from mpyc.runtime import mpc  # noqa: E402 - reads the command line when imported


def peak_mb() -> float:
    """Greatest resident size; ru_maxrss would count the process that started this one."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


async def main() -> None:
    """Share, train, open."""
    given = np.load(_ROWS)
    batch, rate = _PARAMETERS["batch"], _PARAMETERS["rate"]
    number = mpc.SecFxp(32, 16)
    await mpc.start()
    x = mpc.input(number.array(given["x"], integral=False), senders=0)
    y = mpc.input(number.array(given["y"], integral=False), senders=0)
    await mpc.gather(x)
    await mpc.gather(y)
    weights = number.array(np.zeros(x.shape[1]), integral=False)
    seconds, cpu, sent = [], [], []
    for _ in range(_PARAMETERS["epochs"]):
        began, busy, before = time.perf_counter(), time.process_time(), _sent()
        for start in range(0, _PARAMETERS["rows"], batch):
            bx, by = x[start : start + batch], y[start : start + batch]
            z = bx @ weights
            predicted = z * (0.197 - z * z * 0.004) + 0.5
            weights = weights - bx.T @ (predicted - by) * (rate / batch)
            await mpc.gather(weights)
        seconds.append(time.perf_counter() - began)
        cpu.append(time.process_time() - busy)
        sent.append((_sent() - before) / 1e6)
    opened = np.asarray(await mpc.output(weights), float)
    if mpc.pid == 0:
        peak = peak_mb()
        found = {"seconds": seconds, "cpu": cpu, "sent": sent, "memory": peak}
        print(json.dumps({**found, "weights": opened.tolist()}), flush=True)
    await mpc.shutdown()


def _sent() -> int:
    return sum(party.protocol.nbytes_sent for party in mpc.parties if party.pid != mpc.pid)


mpc.run(main())
