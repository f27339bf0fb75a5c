"""One thing for many shards at once.

Durable writes wait for the disk or the store, and hashing and RSA run outside the interpreter's
lock, so threads are enough.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

_AT_ONCE: Final = 8
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def for_each(action: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
    """``action`` of all items, in their order; after an error no further one is begun."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        done = [pool.submit(action, item) for item in items]
        try:
            return [future.result() for future in done]
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
