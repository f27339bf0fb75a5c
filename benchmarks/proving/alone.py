"""Proves and verifies in a process of its own, and tells how much memory that took.

python benchmarks/proving/alone.py row|shard|mlp
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # beside it: the folder of the benchmarks
from proving.ours import BLOCK, ROW, SHARD_ROWS, measure  # noqa: E402
from proving.worlds import Shape  # noqa: E402

CASES = {
    "row": (Shape(), ROW),
    "shard": (Shape(rows=SHARD_ROWS), BLOCK),
    "mlp": (Shape(classes=10, hidden=32), BLOCK),
}


def peak_mb() -> float:
    """Greatest resident size; ru_maxrss would count the process that started this one."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024 / 1e6


if __name__ == "__main__":
    measure(*CASES[sys.argv[1]], rounds=1)
    print(json.dumps({"memory_mb": peak_mb()}))
