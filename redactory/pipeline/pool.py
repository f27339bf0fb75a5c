"""An order-preserving map over worker processes, with bounded memory.

Each worker holds one item at a time. One that dies (killed for its memory, say) is replaced and
its item begun again; an item that ends several workers ends the map. Results come in the order of
the items, so nothing depends on how many workers there are or which of them died.

Record batches travel as Arrow IPC streams: only the rows of a slice, in one piece.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import ForkingPickler
from typing import Any, Final, TypeVar

import pyarrow as pa

from redactory.errors import RedactoryError

Item = TypeVar("Item")
Result = TypeVar("Result")
Make = Callable[..., Callable[[Any], Any]]

_WORTH_A_SECOND_PROCESS: Final = (
    16 << 20
)  # below, loading the models again costs more than it saves
_TRIES: Final = 3
_HELD: Final = 2
_SPAWN: Final = multiprocessing.get_context("spawn")


def _as_ipc(batch: pa.RecordBatch) -> tuple[Callable[[bytes], pa.RecordBatch], tuple[bytes]]:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, batch.schema) as stream:
        stream.write_batch(batch)
    return _from_ipc, (sink.getvalue().to_pybytes(),)


def _from_ipc(stream: bytes) -> pa.RecordBatch:
    with pa.ipc.open_stream(stream) as reader:
        return reader.read_next_batch()


# Arrow's own way would send all of the buffers that a slice stands in.
ForkingPickler.register(pa.RecordBatch, _as_ipc)


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
        RedactoryError: several worker processes in a row died over one item.
    """
    if workers == 1:
        function = make(*arguments)
        yield lambda items: map(function, items)
        return
    # Native thread pools in every worker would fight over the same cores.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    pool = [_Worker(make, arguments) for _ in range(workers)]
    try:
        yield lambda items: _in_order(pool, items)
    finally:
        for worker in pool:
            worker.end()


class _Worker:
    """A process, and the item it works on.

    Args:
        make: as in ``ordered_map``.
        arguments: of ``make``.
    """

    def __init__(self, make: Make, arguments: tuple[Any, ...]) -> None:
        self._made_of = (make, arguments)
        self.number: int | None = None
        self._item: Any = None
        self._deaths = 0
        self._start()

    def _start(self) -> None:
        self.connection, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_work, args=(theirs, *self._made_of), daemon=True)
        with _uninterrupted():
            self._process.start()
        theirs.close()  # so that its end is noticed here

    def give(self, number: int, item: Any) -> None:
        """Begin with an item; the worker must be free."""
        self.number, self._item, self._deaths = number, item, 0
        self._send()

    def _send(self) -> None:
        # A worker that has died does not take it; its end shows when its answer is read.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send(self._item)

    def answer(self) -> tuple[bool, Any] | None:
        """Whether its work went well, with the result or the error.

        None when it died and another process has begun again.

        Raises:
            RedactoryError: too many have died over this item.
        """
        try:
            told: tuple[bool, Any] = self.connection.recv()
        except (EOFError, ConnectionResetError):
            self.end()
            self._deaths += 1
            if self._deaths == _TRIES:
                raise RedactoryError(
                    f"{_TRIES} worker processes died over the same records",
                    hint="is there enough memory? run again with fewer --workers; "
                    "a run goes on with --resume",
                ) from None
            self._start()
            self._send()
            return None
        self.number = self._item = None
        return told

    def end(self) -> None:
        """End the process, whatever it does."""
        self.connection.close()
        self._process.kill()
        self._process.join()


def _in_order(pool: list[_Worker], items: Iterable[Item]) -> Iterator[Any]:
    coming = enumerate(items)
    done: dict[int, Any] = {}
    first = given = 0
    more = True
    while True:
        for worker in pool:
            if more and worker.number is None and given - first < _HELD * len(pool):
                number, item = next(coming, (None, None))
                more = number is not None
                if number is not None:
                    worker.give(number, item)
                    given += 1
        while first in done:
            yield done.pop(first)
            first += 1
        if not more and first == given:
            return
        if any(worker.number is not None for worker in pool):
            _collect(pool, done)


def _collect(pool: list[_Worker], done: dict[int, Any]) -> None:
    """Wait for an answer and note it."""
    busy = {worker.connection: worker for worker in pool if worker.number is not None}
    for ready in wait(list(busy)):
        worker = busy[ready]  # type: ignore[index]  # only connections are waited for
        number = worker.number
        answer = worker.answer()
        if answer is not None and number is not None:
            went_well, value = answer
            if not went_well:
                raise value
            done[number] = value


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Processes started here inherit the blocked signal: only the parent answers an interrupt."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(connection: Connection, make: Make, arguments: tuple[Any, ...]) -> None:
    """The life of a worker process: one item after the other until the parent is gone."""
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    try:
        function = make(*arguments)
    except RedactoryError as error:
        # Raised here, it would print a traceback instead of its one line.
        function = partial(_fail, error)
    with contextlib.suppress(EOFError, OSError):
        while True:
            connection.send(_outcome(function, connection.recv()))


def _outcome(function: Callable[[Any], Any], item: Any) -> tuple[bool, Any]:
    try:
        return True, function(item)
    except Exception as error:  # noqa: BLE001 - the parent raises it
        return False, error


def _fail(error: RedactoryError, _item: Any) -> Any:
    raise error


def _end_with_the_parent() -> None:
    # A worker whose parent was killed would wait for work for ever, and go on writing into
    # a run that somebody resumes.
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
