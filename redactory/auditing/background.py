"""One piece of work at a time in a thread of its own, so that no page has to wait for it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

Result = TypeVar("Result")
Progress = Callable[[int, int], None]


class Background(Generic[Result]):
    """Work that is done again and again; its newest result stays.

    Args:
        work: does it; told where to report its progress. It returns its failures.

    Attributes:
        result: of the newest run that ended; None before.
        ended: ``time.time()`` at its end; 0 before.
        seconds: how long it took.
        progress: (done, all) of the run under way.
    """

    def __init__(self, work: Callable[[Progress], Result]) -> None:
        self.result: Result | None = None
        self.ended = 0.0
        self.seconds = 0.0
        self.progress = (0, 0)
        self._work = work
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    @property
    def running(self) -> bool:
        """Whether a run is under way."""
        thread = self._thread
        return thread is not None and thread.is_alive()

    def start(self) -> None:
        """Begin a run, unless one is under way."""
        with self._lock:
            if self.running:
                return
            self.progress = (0, 0)
            self._thread = threading.Thread(target=self._run, name="redactory-audit", daemon=True)
            self._thread.start()

    def wait(self, seconds: float) -> bool:
        """Wait for the run under way, but no longer than this; whether none is left."""
        thread = self._thread
        if thread is not None:
            thread.join(max(0.0, seconds))
        return not self.running

    def _run(self) -> None:
        began = time.monotonic()
        result = self._work(self._report)
        self.seconds = time.monotonic() - began
        self.result, self.ended = result, time.time()

    def _report(self, done: int, everything: int) -> None:
        self.progress = (done, everything)
