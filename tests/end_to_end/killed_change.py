"""Run by test_lifecycle: a change of keys that kills itself at its k-th durable step."""

import itertools
import os
import signal
from pathlib import Path

from redactory.keys import KeyStore
from redactory.lifecycle import grant, reseal_shards, revoke, rotate, shred
from redactory.reading import Trust

# What makes something durable or visible; each may be the last thing this process does.
_STEPS = ("fsync", "link", "replace", "rename", "unlink", "rmdir")


def kill_at(step: int) -> "itertools.count[int]":
    """Count durable steps, from any thread; die before number ``step`` (never, if negative)."""
    numbers = itertools.count()

    def counting(real):
        def call(*arguments, **options):
            if next(numbers) == step:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **options)

        return call

    for name in _STEPS:
        setattr(os, name, counting(getattr(os, name)))
    return numbers


def change(kind: str, dataset: str, keys: KeyStore) -> None:
    """The change of that name: from the reader's key to bob's, or to nobody's."""
    trust, reader, bob = Trust(), keys.identity("reader"), keys.recipient("bob")
    if kind == "grant":
        grant(dataset, trust, reader, [bob])
    elif kind == "rotate":
        rotate(dataset, trust, reader, bob)
    elif kind == "revoke":
        revoke(dataset, trust, [reader.kid])
    elif kind == "reseal":
        reseal_shards(dataset, trust, reader, [bob])
    else:
        shred(dataset, trust)


def work(kind: str, dataset: str, home: str, step: int, counted: str) -> None:
    """One attempt."""
    os.environ["REDACTORY_HOME"] = home
    keys = KeyStore(Path(home))
    numbers = kill_at(step)
    change(kind, dataset, keys)
    Path(counted).write_text(str(next(numbers)))
