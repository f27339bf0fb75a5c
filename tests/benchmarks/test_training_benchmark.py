"""The training benchmark's own parts: the delay it adds, what it compares, what it prints."""

import importlib.util
import socket
import sys
import threading
import time
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest


@pytest.fixture(scope="module")
def benchmark(repository: Path) -> ModuleType:
    """benchmarks/training.py as a module, with its helpers importable."""
    pytest.importorskip("sklearn")
    folder = str(repository / "benchmarks")
    sys.path.insert(0, folder)
    try:
        spec = importlib.util.spec_from_file_location(
            "training_benchmark", repository / "benchmarks" / "training.py"
        )
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module  # dataclasses look their module up
        spec.loader.exec_module(module)
        yield module
    finally:
        sys.path.remove(folder)
        sys.modules.pop("training_benchmark", None)


def _echo(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        while data := connection.recv(4096):
            connection.sendall(data)


def test_the_proxy_delays_both_ways_and_keeps_the_order(benchmark):
    from learning.delay import delayed
    from learning.engine import free_ports

    (listening,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_echo, args=(server,), daemon=True)
        thread.start()
        with (
            delayed(20, {listening: server.getsockname()[1]}),
            socket.create_connection(("127.0.0.1", listening)) as client,
        ):
            began = time.monotonic()
            for number in range(50):
                client.sendall(number.to_bytes(2, "big"))
            received = b""
            while len(received) < 100:
                received += client.recv(4096)
            took = time.monotonic() - began
        thread.join(5)
    assert received == b"".join(n.to_bytes(2, "big") for n in range(50))
    assert 0.04 <= took < 2  # not fifty times as long: many chunks are under way at once


def test_plain_descent_learns_the_rule(benchmark):
    from learning.data import Task, descend, draw

    task = Task(rows=500, d=8, epochs=5)
    rows = draw(task)
    weights, seconds = descend(task, rows)
    assert rows.accuracy(weights) > 0.8
    assert len(seconds) == 5
    assert (rows.x[:, -1] == 1).all()
    assert np.array_equal(rows.x, np.round(rows.x * 2**16) / 2**16)


def test_ratios_are_of_the_same_task_delay_and_parties(benchmark):
    from learning.data import Task
    from learning.measured import Measured

    task = Task(2000, 64, 3)

    def one(engine: str, seconds: float, name: str = task.name, *, delay: int = 0, n: int = 3):
        return Measured(engine, name, (n, 1), delay, seconds, 1.0, 1.0, None, 1.0, 0.9)

    found = [
        one("redactory", 0.5),
        one("redactory", 0.1, n=4),
        one("redactory", 0.1, name="2000x8"),
        one("spu", 2.0),
        one("spu095", 4.0),
        one("mpyc", 50.0),
        one("redactory", 1.0, delay=25),
        one("spu095", 3.0, delay=25),
    ]
    assert benchmark.compared(found, [], task) == {
        "vs_mpyc": 100.0,
        "cpu_vs_mpyc": 1.0,
        "vs_spu095_aby3": 8.0,
        "cpu_vs_spu095_aby3": 1.0,
        "vs_spu010_aby3": 4.0,
        "cpu_vs_spu010_aby3": 1.0,
        "vs_spu_aby3": 4.0,
        "vs_spu095_aby3_25ms": 3.0,
        "vs_spu_aby3_25ms": 3.0,
    }
    from learning.page import plot, table

    assert table(found, benchmark.NAMES).count("\n") == 1 + len(found)
    assert plot(found, benchmark.NAMES).startswith("<svg")


def test_a_peer_that_would_take_long_trains_once(benchmark):
    from learning.data import Task
    from learning.measured import Measured

    def epochs(d: int, key: str = "mpyc") -> int:
        before = [Measured("mpyc", "2000x64", (3, 1), 0, 10.0, 1.0, 1.0, None, 1.0, 0.9)]
        return benchmark.epochs_for(key, Task(2000, d, 3), before)

    assert epochs(256) == 3
    assert epochs(1024) == 1
    assert epochs(1024, "spu") == 3
