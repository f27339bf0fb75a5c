"""Run by test_resume: a pipeline run that kills itself with SIGKILL at its k-th durable step.

Counted are the calls that make something durable or visible: fsync, link, rename, unlink,
rmdir. The kill comes before the call, so every state between two steps is met.
"""

import itertools
import os
import signal
import sys
from pathlib import Path

from redactory.config import RunConfig
from redactory.keys import KeyStore
from redactory.pipeline.run import run
from redactory.pipeline.setup import RunSetup

_STEPS = ("fsync", "link", "replace", "rename", "unlink", "rmdir")


def kill_at(step: int, counted: Path) -> None:
    """Count durable steps of this process; die at number ``step`` (never, if negative)."""
    numbers = itertools.count()

    def counting(name):
        real = getattr(os, name)

        def call(*arguments, **options):
            number = next(numbers)
            if number == step:
                os.kill(os.getpid(), signal.SIGKILL)
            counted.write_text(str(number + 1))
            return real(*arguments, **options)

        return call

    for name in _STEPS:
        setattr(os, name, counting(name))


def work(options: dict, home: str, step: int, counted: str, resume: bool) -> None:
    """One attempt."""
    os.environ["REDACTORY_HOME"] = home
    setup = RunSetup(RunConfig.parse(options), KeyStore(Path(home)))
    if not resume:
        kill_at(step, Path(counted))
    run(setup, resume=resume, run_id=None if resume else "unbroken")
    sys.stdout.flush()
