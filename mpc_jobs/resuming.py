"""Where a run starts: at the beginning, or at the newest checkpoint that enough parties hold.

1. Every party tells its marks. The newest that at least t + 1 present parties hold is taken.
2. Parties that lack it get their shares rebuilt, one after the other.
3. All shares are refreshed; the session is new, and so is every mask.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from mpc_jobs import field
from mpc_jobs.checkpoints import CheckpointStore, Mark
from mpc_jobs.faults import MalformedError
from mpc_jobs.kernels import Elements
from mpc_jobs.mesh import Mesh
from mpc_jobs.models import Model
from mpc_jobs.resharing import rebuild, refresh
from mpc_jobs.sharing import Scheme
from redactory.canonical import canonical_json
from redactory.errors import PartyError

_MOST_BYTES = 1 << 24


def starting_point(
    scheme: Scheme,
    mesh: Mesh,
    store: CheckpointStore,
    model: Model,
    *,
    notice: Callable[[str], None],
) -> tuple[int, list[dict[str, Any]], list[Elements]]:
    """Epochs done, what was opened in them, and this party's shares of the weights."""
    told = mesh.broadcast(canonical_json([list(m) for m in store.marks()]), length=_MOST_BYTES)
    held = {number: _marks(raw, number) for number, raw in told.items()}
    counts = Counter(mark for marks in held.values() for mark in marks)
    enough = sorted(mark for mark, count in counts.items() if count > scheme.t)
    if not enough:
        return 0, [], [field.from_signed(w) for w in model.initial()]
    mark = enough[-1]
    holders = [number for number, marks in held.items() if mark in marks]
    if mesh.me in holders:
        checkpoint = store.load(mark)
        history, weights = checkpoint.history, checkpoint.weights
    else:
        history, weights = [], [field.zeros(shape) for shape in model.shapes]
    history = _common_history(mesh, history, holders)
    for lost in (number for number in sorted(held) if number not in holders):
        weights = rebuild(scheme, mesh, weights, lost=lost, helpers=holders)
    weights = refresh(scheme, mesh, weights)
    notice(f"resuming after epoch {mark[0]}")
    return mark[0], history, weights


def _marks(raw: bytes, number: int) -> set[Mark]:
    try:
        marks = {(int(epoch), str(session)) for epoch, session in json.loads(raw)}
    except (ValueError, TypeError):
        raise MalformedError("sent a malformed message", where=f"party {number}") from None
    return marks


def _common_history(
    mesh: Mesh, history: list[dict[str, Any]], holders: list[int]
) -> list[dict[str, Any]]:
    told = mesh.broadcast(canonical_json(history), length=_MOST_BYTES)
    versions = {told[number] for number in holders if number in told}
    if len(versions) != 1:
        raise PartyError("the parties remember different results of the epochs before")
    try:
        value = json.loads(versions.pop())
    except ValueError:
        raise MalformedError("sent a malformed message", where="a party") from None
    if not isinstance(value, list):
        raise MalformedError("sent a malformed message", where="a party")
    return value
