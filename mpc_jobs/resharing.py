"""Fresh shares of the same values, and a lost party's shares rebuilt.

*Refreshing*: every party deals a sharing of zero and all add what they got. Shares from before
and after do not go together, so what an attacker took from t parties before is worthless.

*Rebuilding* (Herzberg et al., "Proactive Secret Sharing", CRYPTO 1995, section 4): to give party
j its share f(j), every helper deals a polynomial that is zero at j; each adds what it got to its
own share and sends the sum to j, who interpolates at j. It learns f(j) and nothing else.

A party that is lost in the middle may have dealt to some and not to others; only what everybody
received is added.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from mpc_jobs import field
from mpc_jobs.kernels import Elements
from mpc_jobs.mesh import Mesh
from mpc_jobs.sharing import RandomBytes, Scheme


def refresh(
    scheme: Scheme,
    mesh: Mesh,
    values: Sequence[Elements],
    *,
    random_bytes: RandomBytes = os.urandom,
) -> list[Elements]:
    """New shares of ``values``; two rounds."""
    flat = _joined(values)
    return _parted(field.add(flat, _dealt(scheme, mesh, flat.shape[1], 0, random_bytes)), values)


def rebuild(
    scheme: Scheme,
    mesh: Mesh,
    values: Sequence[Elements],
    *,
    lost: int,
    helpers: Sequence[int],
    random_bytes: RandomBytes = os.urandom,
) -> list[Elements]:
    """Party ``lost`` gets its shares of ``values`` from ``helpers``; three rounds for everybody.

    Args:
        scheme: parties and threshold.
        mesh: the connections.
        values: own shares; at the lost party, arrays of the right shapes.
        lost: who lacks its shares.
        helpers: who has them; at least t + 1.
        random_bytes: for the polynomials.
    """
    flat = _joined(values)
    count = flat.shape[1]
    blinded = field.add(flat, _dealt(scheme, mesh, count, lost, random_bytes))
    blank = bytes(field.ELEMENT_BYTES * count)
    peers = [n for n in mesh.present if n != mesh.me]
    payloads = {n: field.encode(blinded) if n == lost else blank for n in peers}
    received = mesh.exchange(payloads, own=field.encode(blinded))
    if mesh.me != lost:
        return list(values)
    shares = {
        n: field.decode(raw, (count,), where=f"party {n}")
        for n, raw in received.items()
        if n in helpers
    }
    return _parted(scheme.reconstruct(shares, degree=scheme.t, at=lost), values)


def _dealt(scheme: Scheme, mesh: Mesh, count: int, at: int, random_bytes: RandomBytes) -> Elements:
    """This party's shares of a random polynomial, of everybody's making, that is zero ``at``."""
    mine = scheme.extend(field.zeros((count,)), random_bytes, at=at)
    received = mesh.exchange(
        {n: field.encode(mine[n - 1]) for n in mesh.present if n != mesh.me},
        own=field.encode(mine[mesh.me - 1]),
    )
    views = mesh.broadcast(sum(1 << n for n in received).to_bytes(4, "big"))
    common = int.from_bytes(next(iter(views.values())), "big")
    for view in views.values():
        common &= int.from_bytes(view, "big")
    total = field.zeros((count,))
    for number, raw in received.items():
        if common >> number & 1:
            total = field.add(total, field.decode(raw, (count,), where=f"party {number}"))
    return total


def _joined(values: Sequence[Elements]) -> Elements:
    return np.concatenate([value.reshape(2, -1) for value in values], axis=1)


def _parted(flat: Elements, like: Sequence[Elements]) -> list[Elements]:
    ends = np.cumsum([value[0].size for value in like])[:-1]
    pieces = np.split(flat, ends, axis=1)
    return [
        np.ascontiguousarray(piece).reshape(value.shape)
        for piece, value in zip(pieces, like, strict=True)
    ]
