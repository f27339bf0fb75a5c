"""What this project's proofs cost, case by case, in CPU seconds of one core."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from proving.worlds import Shape, World

from zk_proofs.auditing import audit, verify_file
from zk_proofs.engine import default_engine
from zk_proofs.generators import Basis, vector_bases
from zk_proofs.shards import Request

Result = TypeVar("Result")

ROW, BLOCK = Request(form="row"), Request()
SHARD_ROWS, SHARDS = 960, 16
VECTORS = 4096  # entries of the vectors of a full block


@dataclass(frozen=True)
class Measured:
    """One case.

    Attributes:
        system: who.
        case: which statement.
        prove_s, verify_s: CPU seconds of one proof.
        proof_bytes: of the proof; points and labels are public beside it.
        setup_s: what must be made first, once: None if nothing.
        setup_mb: and its size.
        memory_mb: greatest resident size of the process, if it was alone in it.
        rows: that one proof is about.
        commit_s: of the commitment to the inputs, which is made once for all models.
    """

    system: str
    case: str
    prove_s: float
    verify_s: float
    proof_bytes: int
    setup_s: float | None = None
    setup_mb: float | None = None
    memory_mb: float | None = None
    rows: int = 1
    commit_s: float | None = None

    def as_json(self) -> dict[str, Any]:
        """For ``--json``."""
        return asdict(self)


def cpu(action: Callable[[], Result], rounds: int = 5) -> tuple[float, Result]:
    """(median CPU seconds, last result), after one round that is not counted."""
    result, seen = action(), []
    for _ in range(rounds):
        began = time.process_time()
        result = action()
        seen.append(time.process_time() - began)
    return statistics.median(seen), result


def measure(shape: Shape, request: Request = BLOCK, *, rounds: int = 5) -> Measured:
    """Prove and verify one shard, or one row of it."""
    drawn = World.draw(shape)
    commit_s, world = cpu(drawn.commit, rounds)
    prove_s, proven = cpu(lambda: world.prove(request), rounds)
    evidence = world.evidence(proven)
    verify_s, _ = cpu(lambda: verify_file(evidence), rounds)
    size = sum(len(block.proof) for block in proven.file.blocks)
    form = "one row" if request.form == "row" else f"block of {shape.rows:,}"
    return Measured(
        "redactory", f"{shape.name}, {form}", prove_s, verify_s, size,
        rows=shape.rows, commit_s=commit_s,
    )  # fmt: skip


def audited(rounds: int = 3) -> tuple[float, int]:
    """(CPU seconds of one audit of 16 shards, rows in it)."""
    evidence = []
    for seed in range(SHARDS):
        world = World.draw(Shape(rows=SHARD_ROWS), seed).commit()
        evidence.append(world.evidence(world.prove()))
    seconds, verdicts = cpu(lambda: audit(evidence), rounds)
    assert not any(one.fault for one in verdicts)
    return seconds, SHARD_ROWS * SHARDS


def generators() -> float:
    """CPU seconds to hash the generators of full vectors and make their tables, once a process."""
    engine = default_engine()

    def make() -> Basis:
        return Basis(engine, *(vector_bases(engine, side, 0, VECTORS) for side in (b"G", b"H")))

    return cpu(make, 1)[0]


def memory_mb(what: str) -> float:
    """Greatest resident size of a process that proves and verifies one row, or one shard."""
    command = [sys.executable, str(Path(__file__).with_name("alone.py")), what]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout)["memory_mb"])
