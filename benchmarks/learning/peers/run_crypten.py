"""CrypTen on a task: three processes that torch.distributed connects, started by peers.py.

Arguments: rank, file of rows, parameters, port of the meeting point.
"""

import json
import os
import sys
import time
from pathlib import Path

RANK, ROWS, PARAMETERS = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
os.environ.update(
    RANK=str(RANK),
    WORLD_SIZE="3",
    RENDEZVOUS=f"tcp://127.0.0.1:{sys.argv[4]}",
    DISTRIBUTED_BACKEND="gloo",
    GLOO_SOCKET_IFNAME="lo",
)
import crypten  # noqa: E402 - reads the environment when imported
import crypten.communicator as comm  # noqa: E402
import numpy as np  # noqa: E402
import torch  # noqa: E402

torch.set_num_threads(1)


def peak_mb() -> float:
    """Greatest resident size; ru_maxrss would count the process that started this one."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def main() -> None:
    """Share, train, open."""
    given = np.load(ROWS)
    crypten.init()
    crypten.cfg.communicator.verbose = True
    x = crypten.cryptensor(torch.tensor(given["x"], dtype=torch.float32), src=0)
    y = crypten.cryptensor(torch.tensor(given["y"], dtype=torch.float32), src=0)
    weights = crypten.cryptensor(torch.zeros(x.shape[1]), src=0)
    batch, rate = PARAMETERS["batch"], PARAMETERS["rate"]
    seconds, cpu, sent = [], [], []
    for _ in range(PARAMETERS["epochs"]):
        comm.get().reset_communication_stats()
        began, busy = time.perf_counter(), time.process_time()
        for start in range(0, PARAMETERS["rows"], batch):
            bx, by = x[start : start + batch], y[start : start + batch]
            z = bx.matmul(weights)
            predicted = z * (0.197 - z * z * 0.004) + 0.5
            weights = weights - bx.t().matmul(predicted - by) * (rate / batch)
        seconds.append(time.perf_counter() - began)
        cpu.append(time.process_time() - busy)
        sent.append(comm.get().get_communication_stats()["bytes"] / 1e6)
    opened = weights.get_plain_text().numpy()
    if RANK == 0:
        peak = peak_mb()
        found = {"seconds": seconds, "cpu": cpu, "sent": sent, "memory": peak}
        print(json.dumps({**found, "weights": opened.tolist()}), flush=True)


main()
