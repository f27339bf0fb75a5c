"""Arithmetic modulo p = 2^255 − 19 in five limbs of 51 bits.

The operations of RFC 9496 §4.2 (``SQRT_RATIO_M1``, sign, equality) on tuples of limbs.
Bounds: products accept limbs below 2^54 and return limbs below 2^51 + 2^13; a sum of two
products is below 2^53, a difference below 2^54. Nothing else needs a carry.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir

from zk_proofs import curve
from zk_proofs.kernels.compiling import I64, I128, Limbs, kernel, limb_operation

_MASK = (1 << 51) - 1
# 4p, limb by limb, so that a difference of products never borrows.
_FOUR_P = [(1 << 53) - 76] + [(1 << 53) - 4] * 4


def to_limbs(value: int) -> tuple[np.uint64, ...]:
    """The five limbs of an integer below 2^255."""
    return tuple(np.uint64(value >> (51 * i) & _MASK) for i in range(5))


ZERO, ONE = to_limbs(0), to_limbs(1)
D, TWICE_D = to_limbs(curve.D), to_limbs(2 * curve.D % curve.P)
SQRT_M1 = to_limbs(curve.SQRT_M1)
INVSQRT_A_MINUS_D = to_limbs(curve.INVSQRT_A_MINUS_D)


def _word(value: int) -> Any:
    return ir.Constant(I64, value)


def _carry_wide(builder: Any, sums: list[Any]) -> list[Any]:
    """128-bit column sums to limbs; what overflows 2^255 comes back times 19."""
    mask, shift = _word(_MASK), ir.Constant(I128, 51)
    limbs: list[Any] = []
    carry = None
    for column in sums:
        value = column if carry is None else builder.add(column, builder.zext(carry, I128))
        limbs.append(builder.and_(builder.trunc(value, I64), mask))
        carry = builder.trunc(builder.lshr(value, shift), I64)
    low = builder.add(limbs[0], builder.mul(carry, _word(19)))
    limbs[0] = builder.and_(low, mask)
    limbs[1] = builder.add(limbs[1], builder.lshr(low, _word(51)))
    return limbs


def _emit_multiply(builder: Any, x: list[Any], y: list[Any]) -> list[Any]:
    wide_x = [builder.zext(v, I128) for v in x]
    wide_y = [builder.zext(v, I128) for v in y]
    wrapped = [builder.zext(builder.mul(v, _word(19)), I128) for v in y]
    sums = []
    for column in range(5):
        terms = [
            builder.mul(wide_x[i], wide_y[column - i] if i <= column else wrapped[column - i + 5])
            for i in range(5)
        ]
        total = terms[0]
        for term in terms[1:]:
            total = builder.add(total, term)
        sums.append(total)
    return _carry_wide(builder, sums)


def _emit_square(builder: Any, x: list[Any]) -> list[Any]:
    plain = [builder.zext(v, I128) for v in x]
    twice = [builder.zext(builder.shl(v, _word(1)), I128) for v in x]
    wrapped = [builder.zext(builder.mul(v, _word(19)), I128) for v in x]
    columns = [
        [(plain[0], plain[0]), (twice[1], wrapped[4]), (twice[2], wrapped[3])],
        [(twice[0], plain[1]), (twice[2], wrapped[4]), (plain[3], wrapped[3])],
        [(twice[0], plain[2]), (plain[1], plain[1]), (twice[3], wrapped[4])],
        [(twice[0], plain[3]), (twice[1], plain[2]), (plain[4], wrapped[4])],
        [(twice[0], plain[4]), (twice[1], plain[3]), (plain[2], plain[2])],
    ]
    sums = []
    for column in columns:
        first, second, third = (builder.mul(a, b) for a, b in column)
        sums.append(builder.add(builder.add(first, second), third))
    return _carry_wide(builder, sums)


def _emit_add(builder: Any, x: list[Any], y: list[Any]) -> list[Any]:
    return [builder.add(a, b) for a, b in zip(x, y, strict=True)]


def _emit_subtract(builder: Any, x: list[Any], y: list[Any]) -> list[Any]:
    return [builder.sub(builder.add(a, _word(c)), b) for a, b, c in zip(x, y, _FOUR_P, strict=True)]


def _carry_once(builder: Any, limbs: list[Any]) -> list[Any]:
    out = list(limbs)
    for i in range(5):
        carry = builder.lshr(out[i], _word(51))
        out[i] = builder.and_(out[i], _word(_MASK))
        back = builder.mul(carry, _word(19)) if i == 4 else carry
        out[(i + 1) % 5] = builder.add(out[(i + 1) % 5], back)
    return out


def _emit_canonical(builder: Any, x: list[Any]) -> list[Any]:
    """The representative in [0, p): two carries, then p is taken off if it still fits."""
    limbs = _carry_once(builder, _carry_once(builder, x))
    over = builder.lshr(builder.add(limbs[0], _word(19)), _word(51))
    for limb in limbs[1:]:
        over = builder.lshr(builder.add(limb, over), _word(51))
    limbs[0] = builder.add(limbs[0], builder.mul(over, _word(19)))
    for i in range(4):
        limbs[i + 1] = builder.add(limbs[i + 1], builder.lshr(limbs[i], _word(51)))
        limbs[i] = builder.and_(limbs[i], _word(_MASK))
    limbs[4] = builder.and_(limbs[4], _word(_MASK))
    return limbs


multiply = limb_operation(2, 5, _emit_multiply)
square = limb_operation(1, 5, _emit_square)
add = limb_operation(2, 5, _emit_add)
subtract = limb_operation(2, 5, _emit_subtract)
carried = limb_operation(1, 5, _carry_once)
canonical = limb_operation(1, 5, _emit_canonical)


@kernel
def negated(a: Limbs) -> Limbs:
    """−a, carried."""
    result: Limbs = carried(subtract(ZERO, carried(a)))
    return result


@kernel
def is_zero(a: Limbs) -> bool:
    """Whether a ≡ 0."""
    x = canonical(a)
    return bool((x[0] | x[1] | x[2] | x[3] | x[4]) == np.uint64(0))


@kernel
def equal(a: Limbs, b: Limbs) -> bool:
    """Whether a ≡ b."""
    return is_zero(subtract(carried(a), carried(b)))


@kernel
def is_negative(a: Limbs) -> bool:
    """``IS_NEGATIVE`` of RFC 9496: the canonical value is odd."""
    return bool((canonical(a)[0] & np.uint64(1)) == np.uint64(1))


@kernel
def _squared(a: Limbs, times: int) -> Limbs:
    for _ in range(times):
        a = square(a)
    return a


@kernel
def _to_2_250_minus_1(a: Limbs) -> tuple[Limbs, Limbs]:
    """Powers a^(2^250 − 1) and a^11, the common start of both exponents."""
    two = square(a)
    nine = multiply(_squared(two, 2), a)
    eleven = multiply(nine, two)
    x5 = multiply(square(eleven), nine)
    x10 = multiply(_squared(x5, 5), x5)
    x20 = multiply(_squared(x10, 10), x10)
    x40 = multiply(_squared(x20, 20), x20)
    x50 = multiply(_squared(x40, 10), x10)
    x100 = multiply(_squared(x50, 50), x50)
    x200 = multiply(_squared(x100, 100), x100)
    return multiply(_squared(x200, 50), x50), eleven


@kernel
def inverse(a: Limbs) -> Limbs:
    """The power a^(p − 2)."""
    high, eleven = _to_2_250_minus_1(a)
    result: Limbs = multiply(_squared(high, 5), eleven)
    return result


@kernel
def sqrt_ratio(u: Limbs, v: Limbs) -> tuple[bool, Limbs]:
    """``SQRT_RATIO_M1`` of RFC 9496 §4.2: (u/v is a square, its root or that of i·u/v)."""
    v3 = multiply(square(v), v)
    high, _ = _to_2_250_minus_1(multiply(u, multiply(square(v3), v)))
    power = multiply(_squared(high, 2), multiply(u, multiply(square(v3), v)))
    root = multiply(multiply(u, v3), power)
    check = multiply(v, square(root))
    minus_u = negated(u)
    correct = equal(check, u)
    flipped = equal(check, minus_u)
    if flipped or equal(check, multiply(minus_u, SQRT_M1)):
        root = multiply(root, SQRT_M1)
    if is_negative(root):
        root = negated(root)
    return correct or flipped, root
