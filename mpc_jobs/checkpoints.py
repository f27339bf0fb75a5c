"""A party's shares of the weights after an epoch, sealed to itself.

A checkpoint is named by its epoch and the session that made it: after a crash two sessions may
both have made one for the same epoch, from different random truncations, and shares of one do
not go with shares of the other.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mpc_jobs import field
from mpc_jobs.kernels import Elements
from mpc_jobs.sealing import open_message, seal_message
from redactory.canonical import canonical_json
from redactory.durable import open_folder
from redactory.errors import IntegrityError
from sealed_shards.key_files import AnyIdentity

_NAME = re.compile(r"(\d{6})-([0-9a-f]{24})\.sealed\Z")
_KEPT = 2

Mark = tuple[int, str]
"""(epochs done, first 24 hex digits of the session): what parties agree on when they resume."""


@dataclass(frozen=True)
class Checkpoint:
    """Where a run stood.

    Attributes:
        mark: which.
        history: what was opened so far, epoch by epoch; public.
        weights: this party's shares.
    """

    mark: Mark
    history: list[dict[str, Any]]
    weights: list[Elements]


class CheckpointStore:
    """The checkpoints of one party for one job.

    Args:
        folder: where they lie.
        context: the job's digest and the party's name; bound to every checkpoint.
        identity: the party's own.
        shapes: of the weight matrices.
    """

    def __init__(
        self,
        folder: Path,
        context: dict[str, Any],
        identity: AnyIdentity,
        shapes: Sequence[tuple[int, int]],
    ) -> None:
        self._folder = open_folder(folder)
        self._context, self._identity, self._shapes = context, identity, list(shapes)

    def marks(self) -> list[Mark]:
        """What is here, oldest first."""
        matches = (_NAME.match(name) for name in self._folder.names())
        return sorted((int(m[1]), m[2]) for m in matches if m)

    def save(self, checkpoint: Checkpoint) -> None:
        """Store durably; older ones than the one before are removed."""
        header = canonical_json(checkpoint.history)
        shares = b"".join(field.encode(w) for w in checkpoint.weights)
        message = len(header).to_bytes(4, "big") + header + shares
        sealed = seal_message(self._identity.recipient, self._context_of(checkpoint.mark), message)
        self._folder.replace(_name(checkpoint.mark), sealed)
        for mark in self.marks():
            if mark[0] <= checkpoint.mark[0] - _KEPT:
                self._folder.delete(_name(mark))

    def load(self, mark: Mark) -> Checkpoint:
        """The checkpoint ``mark``.

        Raises:
            IntegrityError: it was changed.
            KeyringError: it was sealed to another party.
        """
        name = _name(mark)
        where = self._folder.path(name)
        message = open_message(
            self._identity, self._context_of(mark), self._folder.read(name), where=where
        )
        size = int.from_bytes(message[:4], "big")
        history, shares = json.loads(message[4 : 4 + size]), message[4 + size :]
        weights, start = [], 0
        for shape in self._shapes:
            end = start + field.ELEMENT_BYTES * int(np.prod(shape))
            weights.append(field.decode(shares[start:end], shape, where=where))
            start = end
        if start != len(shares):
            raise IntegrityError("is a checkpoint of another model", where=where)
        return Checkpoint(mark, history, weights)

    def clear(self) -> None:
        """Remove all: the job is done."""
        for mark in self.marks():
            self._folder.delete(_name(mark))

    def _context_of(self, mark: Mark) -> dict[str, Any]:
        return {**self._context, "epoch": mark[0], "session": mark[1]}


def _name(mark: Mark) -> str:
    return f"{mark[0]:06d}-{mark[1]}.sealed"
