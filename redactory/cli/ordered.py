"""Reading records for ``detect`` and ``redact``: one source after the other, in order."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from redactory.errors import InputError
from redactory.sources import Batch, Listing, ReadOptions, read


def batches(listing: Listing, options: ReadOptions) -> Iterator[Batch]:
    """Batches of all sources; made-up ids begin with the number of the source."""
    for number, source in enumerate(listing.sources):
        yield from read(source, options, source_id=str(number))


@contextmanager
def replacing(path: str) -> Iterator[TextIO]:
    """A text file that appears whole at ``path`` when the block ends, or not at all.

    Raises:
        InputError: the place cannot be written, or is no file: what may still be refused cannot
            go out line by line.
    """
    target = Path(path).resolve()  # a link stays a link
    if path == "-" or (target.exists() and not target.is_file()):
        raise InputError("the output is a file, which appears when all is done", where=path)
    temporary = target.parent / f".tmp-{secrets.token_hex(8)}"
    try:
        with temporary.open("x", encoding="utf-8", newline="\n") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", where=path) from None
    finally:
        if temporary.parent.is_dir():
            temporary.unlink(missing_ok=True)


def in_record_order(lines: list[tuple[int, Any]]) -> list[Any]:
    """Values of (record number, value) pairs by record number."""
    return [value for _, value in sorted(lines, key=lambda pair: pair[0])]
