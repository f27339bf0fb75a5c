"""Where the pipeline's time goes: CPU seconds by stage of one whole run in this process.

    python benchmarks/timing/stages.py TEXTS.json NER GATE

The functions that begin a stage are wrapped in a stop watch that counts each moment for the
innermost stage only. What a run of one record costs (deriving keys from the passphrase, loading
rules and models) is taken off and told as ``start``.
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

    def start(self) -> None:
        """Begin anew."""
        self.spent.clear()
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


def watched() -> Watch:
    """A watch over the pipeline's functions."""
    import pii_rules.gate
    import pii_rules.redactor
    from pii_rules.detector import Detector
    from redactory.pipeline import planning, sealing
    from redactory.pipeline import run as pipeline
    from redactory.pipeline.sanitise import PolicySanitiser

    watch = Watch()
    watch.over(Detector, "detect", "detect")
    watch.over(pii_rules.redactor.Redactor, "redact", "redact")
    watch.over(pii_rules.gate.LeakGate, "check", "gate")
    watch.over(PolicySanitiser, "_cost", "utility")
    watch.over(sealing, "seal", "seal")
    watch.over(planning, "read", "read")
    watch.over(pipeline, "list_batches", "list")
    watch.over(pipeline, "record_run", "record")
    watch.over(pipeline, "publish_run", "publish")
    return watch


def run_once(watch: Watch, source: Path, output: Path, ner: str, *, gate: bool) -> dict[str, float]:
    """Seconds by stage."""
    from redactory.config import RunConfig
    from redactory.pipeline.run import run
    from redactory.pipeline.setup import RunSetup

    config = RunConfig(input=(str(source),), output=str(output), workers=1, ner=ner, leak_gate=gate)
    watch.start()
    run(RunSetup(config))
    return watch.stop()


def main() -> None:
    """One run."""
    texts = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["REDACTORY_HOME"] = str(folder / "home")
        lines = [json.dumps({"id": f"r{n}", "text": t}) + "\n" for n, t in enumerate(texts)]
        watch, spent = watched(), []
        for turn, count in enumerate((1, 1, len(lines))):  # the first makes the keys
            source = folder / f"{turn}.jsonl"
            source.write_text("".join(lines[:count]), encoding="utf-8")
            output = folder / f"out{turn}"
            spent.append(run_once(watch, source, output, sys.argv[2], gate=sys.argv[3] == "gate"))
    _, start, whole = spent
    stages = {name: max(whole[name] - start.get(name, 0.0), 0.0) for name in whole}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    told = {"stages": stages, "cpu_s": sum(stages.values()), "start_s": sum(start.values())}
    print(json.dumps({**told, "peak_bytes": peak}))


if __name__ == "__main__":
    main()
