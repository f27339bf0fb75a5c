"""How much faster two worker processes are than one, by the clock, once both have loaded.

python benchmarks/timing/workers.py TEXTS.json NER WORKERS
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


def searcher(ner: str) -> Callable[[Sequence[str]], int]:
    """What each process does."""
    from pii_rules import Detector, Refused

    detector = Detector(ner=ner)

    def search(texts: Sequence[str]) -> int:
        found = [detector.detect_record({"text": text}) for text in texts]
        return sum(0 if isinstance(spans, Refused) else len(spans) for spans in found)

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
            for batch in batches:  # one at a time: the other process stays idle
                list(mapped([batch]))
        else:
            list(mapped(batches))
        print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main()
