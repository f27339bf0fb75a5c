"""What the workers of test_pool.py do; importable by name in their processes."""

import os
import signal
from pathlib import Path

from redactory.errors import InputError


def doubling():
    return lambda number: 2 * number


def naming():
    return lambda _: os.getpid()


def dying_once(folder):
    """Dies over each item the first time it is seen."""

    def work(number):
        mark = Path(folder) / str(number)
        if number % 3 == 1 and not mark.exists():
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return number

    return work


def dying():
    return lambda _: os.kill(os.getpid(), signal.SIGKILL)


def failing():
    def work(number):
        raise InputError("cannot be read", where=f"record {number}")

    return work


def not_made():
    raise InputError("no such policy", where="p.toml")


def echoing():
    return lambda item: item


def large():
    return lambda item: item[::-1]
