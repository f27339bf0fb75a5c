"""What the English name model costs at least on this processor, whatever stands around it.

    python benchmarks/timing/floor.py TEXTS.json

Prints bytes a word piece, word pieces a CPU second of the bare model at each length of its
sequences (one thread, batches that fit the cache), and the multiply-adds that the products of its
layers take for a piece.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"
_PIECES = 512  # a batch
_LENGTHS = (16, 32, 64, 128)
_RUNS = 5
# Six layers, each with four products of the width by itself and two by four times of it.
_MULTIPLY_ADDS = 6 * 12 * 384**2


def best(action: Callable[[], Any]) -> float:
    """CPU seconds of the best of some runs."""
    spent = []
    for _ in range(_RUNS):
        began = time.process_time()
        action()
        spent.append(time.process_time() - began)
    return min(spent)


def main() -> None:
    """Measure."""
    import numpy as np
    from tokenizers import Tokenizer

    from pii_rules.ner.session import Session
    from pii_rules.ner.shapes import pieces

    texts = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    folder = Path(__file__).resolve().parents[2] / "pii_rules" / "ner" / "models"
    tokenizer = Tokenizer.from_file(str(folder / "en.json"))
    count = sum(len(pieces(tokenizer, text).ids) for text in texts)
    session = Session(folder / "en.onnx")
    speeds = {}
    for length in _LENGTHS:
        ids = np.random.default_rng(length).integers(200, 20_000, length).astype(np.int32)
        row = {"ids": ids, "shapes": np.ones(length, np.int32)}
        rows = [row] * (_PIECES // length)
        speeds[str(length)] = _PIECES / best(lambda rows=rows: session.run(rows))
    print(
        json.dumps(
            {
                "bytes_a_piece": sum(len(text.encode()) for text in texts) / count,
                "pieces_per_s": speeds,
                "multiply_adds_a_piece": _MULTIPLY_ADDS,
            }
        )
    )


if __name__ == "__main__":
    main()
