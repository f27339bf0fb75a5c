"""The peers, each in an environment of its own: how to install them and how to start them."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from detecting.environments import Environment
from learning.certificates import write_certificates
from learning.data import Rows, Task
from learning.delay import delayed
from learning.engine import free_ports
from learning.measured import Measured, typical

_SCRIPTS = Path(__file__).resolve().parent / "peers"
_LONGEST_SECONDS = 1800

# Rank, the addresses of all parties as this one reaches them, rows, parameters -> arguments.
Arguments = Callable[[int, Sequence[str], str, str], list[str]]


@dataclass(frozen=True)
class Rival:
    """A peer.

    Attributes:
        key: in the results.
        name: in tables.
        environment: what to install.
        arguments: of one party's process.
        through_proxies: whether its connections can be led through the delaying proxies.
        tls: whether it runs with TLS here.
    """

    key: str
    name: str
    environment: Environment
    arguments: Arguments
    through_proxies: bool = True
    tls: bool = False


class RivalError(Exception):
    """A peer did not finish; says why in one line."""


def _mpyc(rank: int, addresses: Sequence[str], rows: str, parameters: str) -> list[str]:
    parties = [part for address in addresses for part in ("-P", address)]
    script = str(_SCRIPTS / "run_mpyc.py")
    return [script, *parties, "-I", str(rank), "--no-log", rows, parameters]


def _spu(rank: int, addresses: Sequence[str], rows: str, parameters: str) -> list[str]:
    return [str(_SCRIPTS / "run_spu.py"), str(rank), rows, parameters, *addresses]


def _crypten(rank: int, addresses: Sequence[str], rows: str, parameters: str) -> list[str]:
    port = addresses[0].rpartition(":")[2]
    return [str(_SCRIPTS / "run_crypten.py"), str(rank), rows, parameters, port]


RIVALS: Final = (
    Rival("mpyc", "MPyC 0.11", Environment("mpyc", (("mpyc==0.11", "numpy", "gmpy2"),)), _mpyc),
    Rival("spu095", "SPU 0.9.5 ABY3", Environment("spu095", (("spu==0.9.5",),)), _spu),
    Rival(
        "spu",
        "SPU 0.10 ABY3, TLS",
        Environment("spu", (("spu==0.10.0.dev20251211",),)),
        _spu,
        tls=True,
    ),
    Rival(
        "crypten",
        "CrypTen 0.4.1",
        Environment(
            "crypten",
            (
                ("torch==2.5.1", "torchvision==0.20.1", "numpy<2", "onnx", "pandas", "pyyaml"),
                ("omegaconf", "scikit-learn", "future", "tensorboard", "scipy"),
                ("--no-deps", "crypten==0.4.1"),
            ),
        ),
        _crypten,
        through_proxies=False,
    ),
)


def measure(
    rival: Rival, python: Path, task: Task, rows: Rows, folder: Path, *, delay_ms: int = 0
) -> Measured:
    """A peer on a task.

    Raises:
        RivalError: it did not finish.
    """
    file = folder / "rows.npz"
    rows.save(file)
    parameters = task.parameters()
    if rival.tls:
        parameters["tls"] = str(write_certificates(folder / "certificates", 3))
    ports, proxies = free_ports(3), free_ports(3)
    with delayed(delay_ms, dict(zip(proxies, ports, strict=True))):
        commands = []
        for rank in range(3):
            addresses = [
                f"127.0.0.1:{proxies[other] if delay_ms and other != rank else ports[other]}"
                for other in range(3)
            ]
            arguments = rival.arguments(rank, addresses, str(file), json.dumps(parameters))
            commands.append([str(python.absolute()), *arguments])
        found = _result(_finish(commands, folder))
    return Measured(
        engine=rival.key,
        task=task.name,
        parties=(3, 1),
        delay_ms=delay_ms,
        seconds=typical(found["seconds"]),
        cpu_seconds=typical(found["cpu"]),
        sent_mb=typical(found["sent"]),
        rounds=None,
        memory_mb=found["memory"],
        accuracy=rows.accuracy(np.array(found["weights"])),
        epochs=task.epochs,
    )


def _result(printed: str) -> dict[str, Any]:
    """The one line of JSON among whatever else a library prints."""
    for line in printed.splitlines():
        if line.startswith("{"):
            found: dict[str, Any] = json.loads(line)
            return found
    raise RivalError("it printed no result")


def _finish(commands: Sequence[Sequence[str]], folder: Path) -> str:
    """What the first process prints; all are ended if one fails."""
    processes = [
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,  # some write logs where they stand
        )
        for command in commands
    ]
    try:
        told = [process.communicate(timeout=_LONGEST_SECONDS) for process in processes]
    except subprocess.TimeoutExpired:
        raise RivalError(f"did not finish within {_LONGEST_SECONDS} seconds") from None
    finally:
        for process in processes:
            process.kill()
            process.wait()
    for process, (_, error) in zip(processes, told, strict=True):
        if process.returncode or not told[0][0].strip():
            lines = error.strip().splitlines() or ["it printed nothing"]
            raise RivalError(lines[-1][:200])
    return told[0][0]
