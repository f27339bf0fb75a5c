"""The screen by Hyperscan: all patterns in one pass over the text.

Compiling takes some seconds, so the compiled form is kept in the user's cache folder, under a
name that follows from the patterns and the library; without a writable folder it is compiled
again in each process. The library checks a sum over what it reads back.
"""

from __future__ import annotations

import contextlib
import json
import platform
import threading
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, NamedTuple

import hyperscan
import numpy as np
from platformdirs import user_cache_path

from pii_rules.candidates.relaxed import relaxed
from pii_rules.candidates.screen import Candidates
from redactory.canonical import digest_of
from redactory.durable import open_folder
from redactory.errors import RedactoryError

_FLAGS: Final = (
    hyperscan.HS_FLAG_CASELESS
    | hyperscan.HS_FLAG_DOTALL
    | hyperscan.HS_FLAG_MULTILINE
    | hyperscan.HS_FLAG_UTF8
    | hyperscan.HS_FLAG_PREFILTER  # a superset where a pattern cannot be decided in one pass
    | hyperscan.HS_FLAG_ALLOWEMPTY
)
# Patterns in one automaton disturb each other: in two parts they compile in half of the time.
_PARTS: Final = 2


class Compiled:
    """A screen that reads the text once, whatever the number of patterns.

    A pattern that Hyperscan cannot compile (one with a named list, say) is a candidate for every
    text, and so are all patterns for a text that is not valid Unicode.

    Args:
        patterns: outlines of them, in the syntax of the ``regex`` module, numbered in this order.
        cache: folder to keep the compiled form in; default the user's.
    """

    def __init__(self, patterns: Sequence[str], cache: Path | None = None) -> None:
        self._all = range(len(patterns))
        spelt = [relaxed(pattern) for pattern in patterns]
        automata = _read(spelt, cache) or _write(spelt, cache, _compile(spelt))
        self._parts, self._always = automata.parts, automata.refused
        self._lock = threading.Lock()  # a database has working memory for one scan at a time

    def candidates(self, text: str) -> Candidates:
        """The patterns that may match in ``text``."""
        try:
            raw = text.encode()
        except UnicodeEncodeError:
            return dict.fromkeys(self._all)
        found: dict[int, list[int]] = defaultdict(list)
        with self._lock:
            for part in self._parts:
                part.scan(raw, match_event_handler=_note, context=found)
        if len(raw) > len(text):
            _in_characters(found, raw)
        everywhere: Candidates = dict.fromkeys(self._always)
        return dict(sorted({**found, **everywhere}.items()))


class _Automata(NamedTuple):
    """What the patterns become: databases, and the numbers of the patterns in none of them."""

    parts: list[Any]
    refused: list[int]


def _note(
    number: int, _start: int, end: int, _flags: int, found: defaultdict[int, list[int]]
) -> None:
    found[number].append(end)


def _in_characters(found: dict[int, list[int]], raw: bytes) -> None:
    """Turn offsets in UTF-8 into offsets in code points, in place."""
    begins = (np.frombuffer(raw, np.uint8) & 0xC0) != 0x80
    before = np.concatenate(([0], np.cumsum(begins)))
    for number, ends in found.items():
        found[number] = before[ends].tolist()


def _compile(patterns: Sequence[str]) -> _Automata:
    every = list(enumerate(patterns))
    shares = [share for n in range(_PARTS) if (share := every[n::_PARTS])]
    with ThreadPoolExecutor() as pool:
        compiled = list(pool.map(_part, shares))
    return _Automata(
        [part for part, _ in compiled if part is not None],
        sorted(number for _, refused in compiled for number in refused),
    )


def _part(share: Sequence[tuple[int, str]]) -> tuple[Any, list[int]]:
    """One database, and the numbers of what it could not take."""
    refused: list[int] = []
    known = list(share)
    while known:
        try:
            return _database(known), refused
        except hyperscan.error:
            good = [pair for pair in known if _is_known(pair)]
            refused = [number for number, pattern in known if (number, pattern) not in good]
            known = good
    return None, refused


def _is_known(pair: tuple[int, str]) -> bool:
    try:
        _database([pair])
    except hyperscan.error:
        return False
    return True


def _database(share: Sequence[tuple[int, str]]) -> Any:
    database = hyperscan.Database()
    database.compile(
        expressions=[pattern.encode() for _, pattern in share],
        ids=[number for number, _ in share],
        elements=len(share),
        flags=[_FLAGS] * len(share),
    )
    return database


def _place(patterns: Sequence[str], cache: Path | None) -> tuple[Path, str]:
    """Folder and name of the compiled form: another for other patterns, library or machine."""
    folder = cache or user_cache_path("redactory")
    about = [list(patterns), version("hyperscan"), platform.machine(), _FLAGS, _PARTS]
    return folder, f"screen-{digest_of(about)[:32]}.hs"


def _read(patterns: Sequence[str], cache: Path | None) -> _Automata | None:
    """The compiled form as it was kept; None when there is none that can be used."""
    folder, name = _place(patterns, cache)
    try:
        head, _, body = (folder / name).read_bytes().partition(b"\n")
        about = json.loads(head)
        parts, first = [], 0
        for size in about["sizes"]:
            parts.append(_loaded(body[first : first + size]))
            first += size
        return _Automata(parts, about["refused"])
    except (OSError, ValueError, KeyError, TypeError, hyperscan.error):
        return None


def _loaded(raw: bytes) -> Any:
    database = hyperscan.loadb(raw, hyperscan.HS_MODE_BLOCK)
    database.scratch = hyperscan.Scratch(database)
    return database


def _write(patterns: Sequence[str], cache: Path | None, automata: _Automata) -> _Automata:
    """Keep the compiled form for the next process, if the folder can be written."""
    folder, name = _place(patterns, cache)
    raw = [hyperscan.dumpb(part) for part in automata.parts]
    head = json.dumps({"sizes": list(map(len, raw)), "refused": automata.refused}).encode()
    with contextlib.suppress(OSError, RedactoryError):
        open_folder(folder).replace(name, b"".join([head, b"\n", *raw]))
    return automata
