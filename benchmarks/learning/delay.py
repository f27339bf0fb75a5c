"""A network with delay: a proxy in front of every party, in a process of its own.

Every chunk of bytes is passed on a fixed time after it came, in order, both ways; many may be
under way, so only latency changes, not the rate. ``python delay.py MS LISTEN:TARGET ...``.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

_CHUNK = 1 << 16


async def _pass_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float
) -> None:
    queue: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def write() -> None:
        while True:
            due, data = await queue.get()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            if not data:
                break
            writer.write(data)
            with contextlib.suppress(ConnectionError):
                await writer.drain()
        with contextlib.suppress(OSError):
            writer.close()

    task = asyncio.create_task(write())
    data = b"-"
    while data:
        try:
            data = await reader.read(_CHUNK)
        except ConnectionError:
            data = b""
        queue.put_nowait((time.monotonic() + seconds, data))
    await task


async def _reach(target: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect, waiting for a party that is not up yet: its peers take the proxy for it."""
    for _ in range(600):
        with contextlib.suppress(OSError):
            return await asyncio.open_connection("127.0.0.1", target)
        await asyncio.sleep(0.1)
    raise TimeoutError(f"nobody listens at {target}")


async def _serve(seconds: float, routes: Mapping[int, int]) -> None:
    async def accept(
        target: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        inner_reader, inner_writer = await _reach(target)
        await asyncio.gather(
            _pass_on(reader, inner_writer, seconds), _pass_on(inner_reader, writer, seconds)
        )

    def handler(target: int) -> object:
        return lambda reader, writer: accept(target, reader, writer)

    servers = [
        await asyncio.start_server(handler(target), "127.0.0.1", listen)  # type: ignore[arg-type]
        for listen, target in routes.items()
    ]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.gather(*(server.serve_forever() for server in servers))


@contextlib.contextmanager
def delayed(milliseconds: int, routes: Mapping[int, int]) -> Iterator[None]:
    """Proxies from each listening port to its target, while the block runs."""
    if not milliseconds:
        yield
        return
    pairs = [f"{listen}:{target}" for listen, target in routes.items()]
    command = [sys.executable, __file__, str(milliseconds), *pairs]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        try:
            yield
        finally:
            process.terminate()


if __name__ == "__main__":
    given = dict(tuple(map(int, pair.split(":"))) for pair in sys.argv[2:])  # type: ignore[misc]
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_serve(int(sys.argv[1]) / 1000, given))
