"""From shares over GF(2^127 − 1) to commitments over ristretto255 (Pedersen 1991).

1. Every set A of the PRSS derives r_A < 2^R for each weight. The parties open
   c = w + 2^(β−1) + Σ r_A over the field: |w| < 2^(β−1), so nothing wraps, and c is within
   2^(β−R) of independent of w.
2. Party i's share of w modulo ℓ, the order of the group, is
   c − 2^(β−1) − Σ f_A(i) · r_A, with f_A evaluated modulo ℓ: a polynomial of degree t.
3. Blindings are PRSS sharings modulo ℓ, each set's part uniform; nobody knows their sums.
4. Each party commits to its shares, C_i. Commitments are linear, so all C_i lie on one
   polynomial of degree t "in the exponent", and C = Σ λ_i C_i commits to the weights. Every
   party checks the first and computes the second.

A row of the committed model is one output's weights; the constant's weight times the constant
is its bias.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mpc_jobs import field
from mpc_jobs.faults import InconsistentError, MalformedError
from mpc_jobs.kernels import Elements
from mpc_jobs.shared import SharedArithmetic
from mpc_jobs.sharing import Scheme, lagrange_modulo, set_weight
from redactory.errors import PartyError, ProofError
from zk_proofs.pedersen import SCALAR_ORDER, combine, commit_number, commit_rows

SCALAR_BYTES = 32
POINT_BYTES = 32
_WIDE_BYTES = 64


@dataclass(frozen=True)
class Lifted:
    """One party's part in the commitment to a linear model.

    Attributes:
        commitments: for each output, that to its weights, then that to its bias; public.
        blindings: this party's shares modulo ℓ, in the same order.
    """

    commitments: tuple[bytes, ...]
    blindings: tuple[int, ...]


def commit_to(
    arithmetic: SharedArithmetic, integers: Elements, *, model_range: int, one: int
) -> Lifted:
    """Commit to a linear model that is shared; two rounds.

    Args:
        arithmetic: this party's.
        integers: shares (2, d + 1, k) of the revealed integers; the last row is the constant's.
        model_range: β: every integer is below 2^(β−1) in magnitude.
        one: the integer in the constant column.

    Raises:
        PartyError: the parties' commitments lie on no polynomial of degree t.
    """
    weights = _lift(arithmetic, integers, model_range)
    outputs = weights.shape[1]
    blindings = _blindings(arithmetic, 2 * outputs)
    rows = commit_rows(
        [list(weights[:-1, k]) for k in range(outputs)], [blindings[2 * k] for k in range(outputs)]
    )
    own = []
    for k in range(outputs):
        bias = int(weights[-1, k]) * one % SCALAR_ORDER
        own += [rows[k], commit_number(bias, blindings[2 * k + 1])]
    received = arithmetic.mesh.broadcast(b"".join(own))
    return Lifted(_joint(arithmetic.scheme, received, 2 * outputs), tuple(blindings))


def open_blindings(scheme: Scheme, shares: Mapping[int, Sequence[int]]) -> list[int]:
    """The blindings, from the shares of at least t + 1 parties."""
    points = sorted(shares)[: scheme.t + 1]
    weights = lagrange_modulo(points, 0, SCALAR_ORDER)
    return [
        sum(weight * shares[point][i] for weight, point in zip(weights, points, strict=True))
        % SCALAR_ORDER
        for i in range(len(shares[points[0]]))
    ]


def encode_scalars(scalars: Sequence[int]) -> bytes:
    """32 bytes each, little endian."""
    return b"".join(scalar.to_bytes(SCALAR_BYTES, "little") for scalar in scalars)


def decode_scalars(raw: bytes, *, where: str) -> list[int]:
    """Scalars out of their stored form.

    Raises:
        PartyError: one is not below ℓ, or bytes are missing.
    """
    pieces = [raw[i : i + SCALAR_BYTES] for i in range(0, len(raw), SCALAR_BYTES)]
    scalars = [int.from_bytes(piece, "little") for piece in pieces]
    if len(raw) % SCALAR_BYTES or any(scalar >= SCALAR_ORDER for scalar in scalars):
        raise PartyError("left shares that are no scalars", where=where)
    return scalars


def _lift(
    arithmetic: SharedArithmetic, integers: Elements, model_range: int
) -> np.ndarray[Any, np.dtype[np.object_]]:
    """This party's shares modulo ℓ of the integers, (d + 1, k)."""
    scheme, me = arithmetic.scheme, arithmetic.mesh.me
    offset = 1 << (model_range - 1)
    shape = tuple(integers.shape[1:])
    masks = arithmetic.randomness.set_words(shape)
    covered = field.shift(integers, offset)
    for key_set, mask in masks.items():
        covered = field.scale_add(covered, mask, set_weight(scheme, key_set, me))
    (opened,) = arithmetic.reveal(covered)
    share = field.to_integers(opened) - offset
    for key_set, mask in masks.items():
        share = share - set_weight(scheme, key_set, me, SCALAR_ORDER) * field.to_integers(mask)
    return np.asarray(share % SCALAR_ORDER, dtype=object)


def _blindings(arithmetic: SharedArithmetic, count: int) -> list[int]:
    scheme, me = arithmetic.scheme, arithmetic.mesh.me
    shares = [0] * count
    for key_set, raw in arithmetic.randomness.set_bytes(_WIDE_BYTES * count).items():
        weight = set_weight(scheme, key_set, me, SCALAR_ORDER)
        for i in range(count):
            wide = int.from_bytes(raw[_WIDE_BYTES * i : _WIDE_BYTES * (i + 1)], "little")
            shares[i] = (shares[i] + weight * wide) % SCALAR_ORDER
    return shares


def _joint(scheme: Scheme, received: dict[int, bytes], count: int) -> tuple[bytes, ...]:
    """The commitments at 0, if all parties' lie on one polynomial of degree t."""
    points = sorted(received)
    base, rest = points[: scheme.t + 1], points[scheme.t + 1 :]
    at = {
        n: [raw[POINT_BYTES * i : POINT_BYTES * (i + 1)] for i in range(count)]
        for n, raw in received.items()
    }
    for extra in rest:
        weights = lagrange_modulo(base, extra, SCALAR_ORDER)
        for i in range(count):
            if _combined([at[n][i] for n in base], weights) != at[extra][i]:
                raise InconsistentError(
                    "the parties' commitments do not fit together: one of them committed wrongly"
                )
    weights = lagrange_modulo(base, 0, SCALAR_ORDER)
    return tuple(_combined([at[n][i] for n in base], weights) for i in range(count))


def _combined(commitments: list[bytes], weights: list[int]) -> bytes:
    try:
        return combine(commitments, weights)
    except ProofError:
        raise MalformedError("a party sent what is no commitment") from None
