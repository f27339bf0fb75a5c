"""Which shared values are negative: shared bits, without opening anything about the values.

Random bits: Damgård, Fitzi, Kiltz, Nielsen, Toft, "Unconditionally Secure Constant-Rounds
Multi-party Computation for Equality, Comparison, Bits and Exponentiation", TCC 2006. The
comparison: Catrina, de Hoogh, "Improved Primitives for Secure Multiparty Integer Computation",
SCN 2010, with a tree of carries.
"""

from __future__ import annotations

import numpy as np

from mpc_jobs import field
from mpc_jobs.field import P
from mpc_jobs.kernels import Elements
from mpc_jobs.shared import SharedArithmetic
from redactory.errors import PartyError

_HALF = pow(2, -1, P)


def random_bits(arithmetic: SharedArithmetic, shape: tuple[int, ...]) -> Elements:
    """Shares of uniform bits that nobody knows; one round.

    Of a random r its square s is opened, which leaves r's sign open: (r / √s + 1) / 2.
    """
    r = arithmetic.randomness.random(shape)
    (square,) = arithmetic.reveal(arithmetic.multiply(r, r))
    if not bool((square[0] | square[1]).all()):
        raise PartyError("a random number was zero, which is as likely as guessing a key")
    sign = field.multiply(r, field.inverse_square_root(square))
    return field.scale(field.shift(sign, 1), _HALF)


def are_negative(arithmetic: SharedArithmetic, values: Elements, *, bits: int) -> Elements:
    """Shares of 1 where a value is negative, else of 0.

    Args:
        arithmetic: this party's.
        values: shares (2, …) of values v, −2^(bits−1) ≤ v < 2^(bits−1).
        bits: their width; R − bits bits of statistical masking remain.
    """
    low = bits - 1
    flat = values.reshape(2, -1)
    mask_bits = random_bits(arithmetic, (low, flat.shape[1]))
    mask = _weighted(mask_bits)
    high = arithmetic.randomness.random_below(flat.shape[1:], shift=low)
    covered = field.add(field.add(flat, mask), field.scale(high, 1 << low))
    (opened,) = arithmetic.reveal(field.shift(covered, 1 << low))
    public = _remainder(opened, low)
    wrapped = _public_below(arithmetic, public, mask_bits)
    remainder = field.add(field.subtract(public, mask), field.scale(wrapped, 1 << low))
    negative = field.scale(field.subtract(remainder, flat), pow(1 << low, -1, P))
    return negative.reshape(values.shape)


def _weighted(bits: Elements) -> Elements:
    """Σ 2^i b_i over the first axis."""
    total = field.zeros((bits.shape[2],))
    for i in reversed(range(bits.shape[1])):
        total = field.horner_step(total, 2, np.ascontiguousarray(bits[:, i]))
    return total


def _remainder(values: Elements, bits: int) -> Elements:
    """Public values mod 2^bits, bits ≤ 64."""
    result = field.zeros(values.shape[1:])
    result[0] = values[0] & np.uint64((1 << bits) - 1)
    return result


def _public_below(arithmetic: SharedArithmetic, public: Elements, bits: Elements) -> Elements:
    """Shares of [c < r] for public c and r given by its shared bits, lowest first.

    For each bit: g = r_i and not c_i, e = r_i equals c_i. Of two neighbours, the higher one
    decides unless it is equal: (g, e) = (g_hi + e_hi · g_lo, e_hi · e_lo).
    """
    count = bits.shape[1]
    mine = np.array([(public[0] >> np.uint64(i)) & np.uint64(1) for i in range(count)])
    ones = np.stack([mine, np.zeros_like(mine)])
    zeros = np.stack([np.uint64(1) - mine, np.zeros_like(mine)])
    greater = field.multiply(bits, zeros)
    equal = field.subtract(field.add(field.multiply(field.scale(bits, 2), ones), zeros), bits)
    while greater.shape[1] > 1:
        pairs = greater.shape[1] // 2
        rest = greater[:, 2 * pairs :], equal[:, 2 * pairs :]
        low_g, high_g = _neighbours(greater, pairs)
        low_e, high_e = _neighbours(equal, pairs)
        passed, both = arithmetic.reduce(
            field.multiply(high_e, low_g), field.multiply(high_e, low_e)
        )
        greater = np.concatenate([field.add(high_g, passed), rest[0]], axis=1)
        equal = np.concatenate([both, rest[1]], axis=1)
    return np.ascontiguousarray(greater[:, 0])


def _neighbours(values: Elements, pairs: int) -> tuple[Elements, Elements]:
    return (
        np.ascontiguousarray(values[:, 0 : 2 * pairs : 2]),
        np.ascontiguousarray(values[:, 1 : 2 * pairs : 2]),
    )


def largest_column(arithmetic: SharedArithmetic, values: Elements, *, bits: int) -> Elements:
    """Shares (2, n, k) of 1 in the column of each row's largest value, by a knock-out.

    Args:
        arithmetic: this party's.
        values: shares (2, n, k) of values within ±2^(bits−2).
        bits: width of a difference of two values.
    """
    columns = values.shape[2]
    best = [np.ascontiguousarray(values[:, :, c]) for c in range(columns)]
    ahead = [[field.filled(values.shape[1:2], 1)] for _ in range(columns)]
    while len(best) > 1:
        pairs = len(best) // 2
        first, second = best[0 : 2 * pairs : 2], best[1 : 2 * pairs : 2]
        difference = np.stack(
            [field.subtract(a, b) for a, b in zip(first, second, strict=True)], axis=1
        )
        loses = are_negative(arithmetic, difference, bits=bits)
        products, next_best, next_ahead = [], [], []
        for i in range(pairs):
            lost = np.ascontiguousarray(loses[:, i])
            won = field.shift(field.scale(lost, -1), 1)
            products.append(field.multiply(lost, np.ascontiguousarray(difference[:, i])))
            products += [field.multiply(won, flag) for flag in ahead[2 * i]]
            products += [field.multiply(lost, flag) for flag in ahead[2 * i + 1]]
        reduced = iter(arithmetic.reduce(*products))
        for i in range(pairs):
            next_best.append(field.subtract(first[i], next(reduced)))
            flags = len(ahead[2 * i]) + len(ahead[2 * i + 1])
            next_ahead.append([next(reduced) for _ in range(flags)])
        best = next_best + best[2 * pairs :]
        ahead = next_ahead + ahead[2 * pairs :]
    return np.ascontiguousarray(np.stack(ahead[0], axis=2))
