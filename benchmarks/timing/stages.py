"""Where the pipeline's time goes: CPU seconds by stage of one whole run in this process.

    python benchmarks/timing/stages.py TEXTS.json NER GATE

The functions that begin a stage are wrapped in a stop watch that counts each moment for the
innermost stage only.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"


class Watch:
    """CPU seconds by stage."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._stages = ["other"]
        self._since = time.process_time()

    def _turn(self) -> None:
        now = time.process_time()
        self.spent[self._stages[-1]] += now - self._since
        self._since = now

    def over(self, owner: Any, name: str, stage: str) -> None:
        """Count the time in ``owner.name`` for ``stage``; of a generator, the time of each step."""
        inner = getattr(owner, name)

        def counted(*arguments: Any, **named: Any) -> Any:
            result = self._timed(stage, lambda: inner(*arguments, **named))
            return self._steps(result, stage) if isinstance(result, Iterator) else result

        setattr(owner, name, counted)

    def _steps(self, steps: Iterator[Any], stage: str) -> Iterator[Any]:
        end = object()
        while (item := self._timed(stage, lambda: next(steps, end))) is not end:
            yield item

    def _timed(self, stage: str, action: Callable[[], Any]) -> Any:
        if self._stages[-1] == "gate":  # its second search is its own
            stage = "gate"
        self._turn()
        self._stages.append(stage)
        try:
            return action()
        finally:
            self._turn()
            self._stages.pop()

    def stop(self) -> dict[str, float]:
        """The seconds of each stage."""
        self._turn()
        return {stage: round(seconds, 3) for stage, seconds in self.spent.items()}


def run_once(source: Path, folder: Path, ner: str, *, gate: bool) -> tuple[dict[str, float], float]:
    """Seconds by stage, and all of them."""
    import pii_rules.gate
    import pii_rules.redactor
    from pii_rules.detector import Detector
    from redactory.config import RunConfig
    from redactory.pipeline import planning, sealing
    from redactory.pipeline import run as pipeline
    from redactory.pipeline.sanitise import PolicySanitiser
    from redactory.pipeline.setup import RunSetup

    config = RunConfig(
        input=(str(source),), output=str(folder / "out"), workers=1, ner=ner, leak_gate=gate
    )
    warm = Detector(ner=ner)  # loading is not the point, and the models stay in the page cache
    warm.detect_record({"text": "Maria Rossi of Leeds"})
    watch = Watch()
    watch.over(Detector, "detect", "detect")
    watch.over(pii_rules.redactor.Redactor, "redact", "redact")
    watch.over(pii_rules.gate.LeakGate, "check", "gate")
    watch.over(PolicySanitiser, "__init__", "load")
    watch.over(PolicySanitiser, "_cost", "utility")
    watch.over(sealing, "seal", "seal")
    watch.over(planning, "read", "read")
    watch.over(pipeline, "list_batches", "list")
    watch.over(pipeline, "record_run", "record")
    watch.over(pipeline, "publish_run", "publish")
    began = time.process_time()
    pipeline.run(RunSetup(config))
    return watch.stop(), time.process_time() - began


def main() -> None:
    """One run."""
    texts = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["REDACTORY_HOME"] = str(folder / "home")
        source = folder / "in.jsonl"
        rows = ({"id": f"r{n}", "text": text} for n, text in enumerate(texts))
        source.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        spent, total = run_once(source, folder, sys.argv[2], gate=sys.argv[3] == "gate")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"stages": spent, "cpu_s": total, "peak_bytes": peak}))


if __name__ == "__main__":
    main()
