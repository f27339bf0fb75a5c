"""SPU's ABY3 on a task: one process a party over its own TCP link, started by peers.py.

Arguments: rank, file of rows, parameters, then ``HOST:PORT`` of every party as this one reaches
it, and, with ``tls`` among the parameters, a folder with ``ca.crt``, ``p<rank>.crt`` and ``.key``.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("JAX_PLATFORMS", "cpu")
import numpy as np
import spu
from spu import libspu
from spu.utils import frontend

RANK, ROWS, PARAMETERS = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
ADDRESSES = sys.argv[4:]
PARTIES = 3


def program(x: Any, y: Any, w: Any) -> Any:
    """One epoch; JAX unrolls the batches."""
    batch, rate = PARAMETERS["batch"], PARAMETERS["rate"]
    for start in range(0, PARAMETERS["rows"], batch):
        bx, by = x[start : start + batch], y[start : start + batch]
        z = bx @ w
        w = w - (rate / batch) * (bx.T @ (0.5 + 0.197 * z - 0.004 * z * z * z - by))
    return w


def connect() -> Any:
    """The link to the other parties."""
    link = libspu.link.Desc()
    link.recv_timeout_ms = link.http_timeout_ms = 600_000
    for number, address in enumerate(ADDRESSES):
        link.add_party(f"p{number}", address)
    folder = PARAMETERS.get("tls")
    if folder:
        link.enable_ssl = True
        for side in (link.client_ssl_opts, link.server_ssl_opts):
            side.cert.certificate_path = f"{folder}/p{RANK}.crt"
            side.cert.private_key_path = f"{folder}/p{RANK}.key"
            side.verify.ca_file_path = f"{folder}/ca.crt"
            side.verify.verify_depth = 1
    return libspu.link.create_brpc(link, RANK)


def compiled(d: int) -> Any:
    """The program for SPU."""
    n = PARAMETERS["rows"]
    shapes = [np.zeros(s, np.float32) for s in ((n, d), (n,), (d,))]
    secret = [libspu.Visibility.VIS_SECRET] * 3
    names = ["x", "y", "w"]
    return frontend.compile(
        frontend.Kind.JAX,
        program,
        shapes,
        {},
        names,
        secret,
        lambda _: ["w"],
        copts=libspu.CompilerOptions(),
    )[0]


def deal(link: Any, io: Any, runtime: Any, given: Any) -> None:
    """Party 0 shares the rows."""
    values = {"x": given["x"], "y": given["y"], "w": np.zeros(given["x"].shape[1])}
    for name, value in values.items():
        if RANK == 0:
            shares = io.make_shares(np.asarray(value, np.float32), libspu.Visibility.VIS_SECRET)
            for rank in range(1, PARTIES):
                link.send(rank, shares[rank].meta)
                link.send(rank, str(len(shares[rank].share_chunks)).encode())
                for chunk in shares[rank].share_chunks:
                    link.send(rank, chunk)
            runtime.set_var(name, shares[0])
        else:
            share = libspu.Share()
            share.meta = link.recv(0)
            share.share_chunks = [link.recv(0) for _ in range(int(link.recv(0)))]
            runtime.set_var(name, share)


def opened(link: Any, io: Any, runtime: Any) -> Any:
    """The weights at party 0."""
    mine = runtime.get_var("w")
    if RANK:
        link.send(0, mine.meta)
        link.send(0, mine.share_chunks[0])
        return None
    shares = [mine]
    for rank in range(1, PARTIES):
        share = libspu.Share()
        share.meta = link.recv(rank)
        share.share_chunks = [link.recv(rank)]
        shares.append(share)
    return np.asarray(io.reconstruct(shares), float).ravel()


def written() -> int:
    """Bytes that this process has written."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["wchar"])


def peak_mb() -> float:
    """Greatest resident size; ru_maxrss would count the process that started this one."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


def main() -> None:
    """Share, train, open."""
    given = np.load(ROWS)
    options = libspu.logging.LogOptions()
    options.log_level = libspu.logging.LogLevel.WARN
    libspu.logging.setup_logging(options)
    link = connect()
    config = libspu.RuntimeConfig(
        protocol=libspu.ProtocolKind.ABY3, field=libspu.FieldType.FM64, fxp_fraction_bits=18
    )
    runtime, io = spu.Runtime(link, config), spu.Io(PARTIES, config)
    run = compiled(given["x"].shape[1])
    deal(link, io, runtime, given)
    seconds, cpu, sent = [], [], []
    for _ in range(PARAMETERS["epochs"]):
        began, busy, before = time.perf_counter(), time.process_time(), written()
        runtime.run(run)
        seconds.append(time.perf_counter() - began)
        cpu.append(time.process_time() - busy)
        sent.append((written() - before) / 1e6)
    weights = opened(link, io, runtime)
    if RANK == 0:
        peak = peak_mb()
        found = {"seconds": seconds, "cpu": cpu, "sent": sent, "memory": peak}
        print(json.dumps({**found, "weights": weights.tolist()}), flush=True)
    time.sleep(0.3)


main()
