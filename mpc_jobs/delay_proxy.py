"""A slow network for trying a job out: a TCP relay that holds every byte back for a while.

Latency without loss and without a limit on bandwidth, as between data centres. Used by tests
and benchmarks; it sees nothing but TLS.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Sequence
from typing import Self

_BLOCK_BYTES = 1 << 16


class DelayProxy:
    """Relays connections to ``ports`` of the loopback interface, each byte ``seconds`` late.

    Args:
        routes: (port to listen at, port to relay to).
        seconds: one-way delay, added in both directions.
    """

    def __init__(self, routes: Sequence[tuple[int, int]], *, seconds: float) -> None:
        self._routes, self._seconds = list(routes), seconds
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        servers = [
            self._loop.run_until_complete(
                asyncio.start_server(self._relay_to(target), "127.0.0.1", port)
            )
            for port, target in self._routes
        ]
        self._ready.set()
        self._loop.run_forever()
        for server in servers:
            server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    def _relay_to(self, port: int):  # type: ignore[no-untyped-def]  # noqa: ANN202 - asyncio's callback
        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(OSError):
                there, back = await asyncio.open_connection("127.0.0.1", port)
                await asyncio.gather(self._pump(reader, back), self._pump(there, writer))

        return relay

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        deliver = asyncio.create_task(self._deliver(queue, sink))
        with contextlib.suppress(OSError):
            while block := await source.read(_BLOCK_BYTES):
                queue.put_nowait((self._loop.time() + self._seconds, block))
        queue.put_nowait((self._loop.time() + self._seconds, b""))
        await deliver

    async def _deliver(
        self, queue: asyncio.Queue[tuple[float, bytes]], sink: asyncio.StreamWriter
    ) -> None:
        with contextlib.suppress(OSError):
            while True:
                due, block = await queue.get()
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                if not block:
                    break
                sink.write(block)
                await sink.drain()
        sink.close()
