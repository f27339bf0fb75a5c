"""Kills a writer of a log again and again, and checks what it leaves each time.

    python killed_writer.py FOLDER KILLS SEED

A process of its own, because it forks: each round starts a child that appends batches and
reports every one that was acknowledged, kills it at a random moment, and then opens the log
as the next writer would. Prints ``KILLS ACKNOWLEDGED REPAIRED``.
"""

import os
import random
import signal
import sys
import time
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit_ledger import Draft, Log, LogSigner, Provenance, verify_log

ORIGIN = "redactory.log/" + "0a" * 16
SIGNER = LogSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), ORIGIN)
WHO = Provenance(actor_kind="cli", actor_name="victim", run_id="kill", code_version="0")
LONGEST_LOG = 3000
BATCH = 40


def drafts(first: int, count: int) -> list[Draft]:
    """Statements whose number is their shard."""
    body = {"dataset": "d", "version": 1}
    subject = (("x", "ab" * 32),)
    return [Draft("released", subject, {**body, "shard": str(first + i)}) for i in range(count)]


def write(folder: Path, report: int, seed: int) -> None:
    """The child: append until somebody ends it."""
    draw = random.Random(seed)
    log = Log.open(folder, SIGNER)
    while True:
        size = log.checkpoint.size
        count = draw.randint(1, BATCH)
        log.append(drafts(size, count), WHO)
        os.write(report, (size + count).to_bytes(8, "big"))


def one_kill(folder: Path, draw: random.Random) -> tuple[int, int]:
    """Start, kill, check; (leaves acknowledged, files repaired)."""
    reading, writing = os.pipe()
    seed = draw.getrandbits(32)
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            write(folder, writing, seed)
        finally:
            os._exit(1)
    os.close(writing)
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        told = b"".join(pipe.read(8) for _ in range(draw.randint(0, 3)))
        time.sleep(draw.uniform(0, 0.03))
        os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        told += pipe.read()
    assert os.WIFSIGNALED(status), "the writer failed by itself"
    acknowledged = int.from_bytes(told[-8:], "big") if told else 0
    log = Log.open(folder, SIGNER)
    size = log.checkpoint.size
    assert size >= acknowledged, f"{acknowledged} were acknowledged, {size} are there"
    verdict = verify_log(folder, verifier=SIGNER.verifier)
    assert verdict.ok, verdict.problems
    assert verdict.size == size
    if acknowledged:
        assert log.entry(acknowledged - 1).statement.body.shard == str(acknowledged - 1)
    return acknowledged, len(log.repaired)


def main() -> None:
    """All rounds; a log that has grown long is followed by a fresh one."""
    folder, kills, seed = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    draw = random.Random(seed)
    repaired = acknowledged = 0
    generation = 0
    log = Log.create(folder / "0", SIGNER, origin=ORIGIN)
    for _ in range(kills):
        if log.checkpoint.size > LONGEST_LOG:
            generation += 1
            log = Log.create(folder / str(generation), SIGNER, origin=ORIGIN)
        newest, files = one_kill(folder / str(generation), draw)
        acknowledged += newest > 0
        repaired += files
    print(kills, acknowledged, repaired)


if __name__ == "__main__":
    main()
