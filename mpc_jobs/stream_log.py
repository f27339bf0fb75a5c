"""What proves that no stream of the common randomness was ever used twice.

One line of canonical JSON for every session that a party entered, durable before its first
block is drawn: the session, and a fingerprint of each set's key. At a session's end a second
line tells how much was drawn of each stream.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

from redactory.canonical import canonical_json
from redactory.durable import fsync_folder
from redactory.errors import PartyError

_LABEL = b"redactory-mpc/v1 fingerprint\0"


class StreamLog:
    """The file ``path``, one for each party; never shortened."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def entries(self) -> list[dict[str, object]]:
        """All lines that are whole, oldest first."""
        if not self._path.exists():
            return []
        entries = []
        for line in self._path.read_bytes().splitlines():
            with contextlib.suppress(ValueError):  # a crash cut this line while it was written
                entries.append(json.loads(line))
        return entries

    def enter(
        self, job_digest: bytes, session: bytes, keys: Mapping[tuple[int, ...], bytes]
    ) -> None:
        """Record that ``session`` begins.

        Raises:
            PartyError: it, or one of its keys, was used before.
        """
        prints = sorted(hashlib.sha256(_LABEL + key).hexdigest()[:32] for key in keys.values())
        for entry in self.entries():
            known = entry.get("keys", [])
            if entry["session"] == session.hex() or (
                isinstance(known, list) and set(known) & set(prints)
            ):
                raise PartyError(
                    "this session's randomness was used before",
                    hint="start all parties again: they draw fresh randomness",
                )
        self._append({"job": job_digest.hex(), "keys": prints, "session": session.hex()})

    def leave(self, session: bytes, drawn: int) -> None:
        """Record how many bytes each stream of ``session`` gave."""
        self._append({"drawn": drawn, "session": session.hex()})

    def _append(self, entry: dict[str, object]) -> None:
        new = not self._path.exists()
        with self._path.open("ab") as file:
            if file.tell() and not self._ends_whole():
                file.write(b"\n")  # a crash cut the last line; what it said had not begun
            file.write(canonical_json(entry) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        if new:
            fsync_folder(self._path.parent)

    def _ends_whole(self) -> bool:
        with self._path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
