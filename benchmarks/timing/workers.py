"""How much faster two worker processes are than one, once both have loaded.

    python benchmarks/timing/workers.py TEXTS.json NER WORKERS

Prints seconds by the clock, and CPU seconds of the process that worked longest: what the clock
would show on a machine with nothing else to do.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from redactory.pipeline.pool import ordered_map

os.environ["OMP_NUM_THREADS"] = "1"
_BATCH = 16


def searcher(ner: str) -> Callable[[Sequence[str]], tuple[int, float]]:
    """What each process does; tells its number and the CPU seconds it took."""
    from pii_rules import Detector

    detector = Detector(ner=ner)

    def search(texts: Sequence[str]) -> tuple[int, float]:
        began = time.process_time()
        for text in texts:
            detector.detect_record({"text": text})
        return os.getpid(), time.process_time() - began

    return search


def main() -> None:
    """Seconds for all texts."""
    texts = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    batches = [texts[first : first + _BATCH] for first in range(0, len(texts), _BATCH)]
    workers = int(sys.argv[3])
    # One worker must be a process too, so that only their number differs.
    with ordered_map(searcher, (sys.argv[2],), max(workers, 2)) as mapped:
        list(mapped([[texts[0]]] * 2 * workers))  # every process has loaded and searched
        began = time.perf_counter()
        if workers == 1:
            told = [one for batch in batches for one in mapped([batch])]  # the other stays idle
        else:
            told = list(mapped(batches))
        spent = time.perf_counter() - began
    by_process: dict[int, float] = {}
    for process, seconds in told:
        by_process[process] = by_process.get(process, 0.0) + seconds
    print(json.dumps({"seconds": spent, "cpu_s": max(by_process.values())}))


if __name__ == "__main__":
    main()
