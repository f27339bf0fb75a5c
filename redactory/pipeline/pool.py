"""An order-preserving map over worker processes, with bounded memory."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

from redactory.errors import RedactoryError

Item = TypeVar("Item")
Result = TypeVar("Result")

_WORTH_A_SECOND_PROCESS = 16 << 20  # below, loading the models again costs more than it saves


def worker_count(asked: int, input_bytes: int) -> int:
    """Processes to use: as asked, or (0) as many as the input keeps busy."""
    if asked:
        return asked
    return max(1, min(os.cpu_count() or 1, input_bytes // _WORTH_A_SECOND_PROCESS + 1))


@contextmanager
def ordered_map(
    make: Callable[..., Callable[[Item], Result]], arguments: tuple[Any, ...], workers: int
) -> Iterator[Callable[[Iterable[Item]], Iterator[Result]]]:
    """A ``map`` whose calls run in ``workers`` processes, results in order.

    At most two items a worker are held at a time, so memory does not grow with the input.

    Args:
        make: a module-level function that loads what is needed and returns the function to
            map; called once in each process.
        arguments: of ``make``.
        workers: 1 runs everything in this process.

    Raises:
        RedactoryError: a worker process died.
    """
    if workers == 1:
        function = make(*arguments)
        yield lambda items: map(function, items)
        return
    # Native thread pools in every worker would fight over the same cores.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_start,
        initargs=(make, arguments),
    )
    try:
        yield lambda items: _in_order(pool, items, held=2 * workers)
    except BrokenProcessPool:
        raise RedactoryError(
            "a worker process died", hint="continue with the same command and --resume"
        ) from None
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _in_order(pool: ProcessPoolExecutor, items: Iterable[Item], *, held: int) -> Iterator[Any]:
    waiting: deque[Future[Any]] = deque()
    for item in items:
        with _uninterrupted():
            waiting.append(pool.submit(_call, item))
        if len(waiting) >= held:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Processes started here inherit the blocked signal: only the parent answers an interrupt."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_function: Callable[[Any], Any] | None = None


def _start(make: Callable[..., Callable[[Any], Any]], arguments: tuple[Any, ...]) -> None:
    global _function  # noqa: PLW0603 - a worker process serves one map, its models loaded once
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    try:
        _function = make(*arguments)
    except RedactoryError as error:
        # Raised here, it would break the pool and print a traceback instead of its one line.
        _function = partial(_fail, error)


def _end_with_the_parent() -> None:
    # A worker whose parent was killed would wait for work for ever, and go on writing into
    # a run that somebody resumes.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _fail(error: RedactoryError, _item: Any) -> Any:
    raise error


def _call(item: Any) -> Any:
    assert _function is not None  # noqa: S101 - set when the process started
    return _function(item)
