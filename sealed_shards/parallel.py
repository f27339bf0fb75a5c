"""One thing for many shards at once.

Durable writes and cold reads wait for the disk or the store, and hashing and RSA run outside the
interpreter's lock: threads are enough, and more of them than processors are of use.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

_AT_ONCE: Final = max(8, os.cpu_count() or 1)
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def results(action: Callable[[_Item], _Result], items: Iterable[_Item]) -> Iterator[_Result]:
    """``action`` of each item, in their order, as they come; an error ends the others."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        pending = [pool.submit(action, item) for item in items]
        try:
            for future in pending:
                yield future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def for_each(action: Callable[[_Item], _Result], items: Iterable[_Item]) -> list[_Result]:
    """The same, when all are done."""
    return list(results(action, items))
