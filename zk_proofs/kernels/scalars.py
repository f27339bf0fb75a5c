"""Vectors of scalars modulo ℓ = 2^252 + …, four words each, in Montgomery form.

Arrays are (n, 4) of uint64. A scalar a is kept as a·2^256 mod ℓ, always below ℓ; *plain*
arrays hold a itself and are what the multiplications of points read.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir

from zk_proofs.curve import L
from zk_proofs.kernels.compiling import I64, I128, Limbs, kernel, limb_operation
from zk_proofs.kernels.points import Array

_I256 = ir.IntType(256)
_WORDS = [(L >> (64 * i)) & (2**64 - 1) for i in range(4)]
_MINUS_INVERSE = -pow(L, -1, 2**64) % 2**64


def _words(value: int) -> tuple[np.uint64, ...]:
    return tuple(np.uint64(value >> (64 * i) & (2**64 - 1)) for i in range(4))


MONTGOMERY_ONE = _words(2**256 % L)
_MONTGOMERY_SQUARED = _words(2**512 % L)
_PLAIN_ONE = _words(1)
_ZERO = _words(0)
_NIL = np.uint64(0)


def _join(builder: Any, words: list[Any]) -> Any:
    value = builder.zext(words[0], _I256)
    for i in range(1, 4):
        shifted = builder.shl(builder.zext(words[i], _I256), ir.Constant(_I256, 64 * i))
        value = builder.or_(value, shifted)
    return value


def _split(builder: Any, value: Any) -> list[Any]:
    return [builder.trunc(builder.lshr(value, ir.Constant(_I256, 64 * i)), I64) for i in range(4)]


def _reduced_once(builder: Any, value: Any) -> list[Any]:
    order = ir.Constant(_I256, L)
    smaller = builder.sub(value, order)
    over = builder.icmp_unsigned(">=", value, order)
    return _split(builder, builder.select(over, smaller, value))


def _emit_add(builder: Any, x: list[Any], y: list[Any]) -> list[Any]:
    return _reduced_once(builder, builder.add(_join(builder, x), _join(builder, y)))


def _emit_subtract(builder: Any, x: list[Any], y: list[Any]) -> list[Any]:
    left, right = _join(builder, x), _join(builder, y)
    difference = builder.sub(left, right)
    wrapped = builder.add(difference, ir.Constant(_I256, L))
    under = builder.icmp_unsigned("<", left, right)
    return _split(builder, builder.select(under, wrapped, difference))


def _emit_multiply(builder: Any, x: list[Any], y: list[Any]) -> list[Any]:
    """x·y/2^256 mod ℓ, word by word (coarsely integrated operand scanning)."""
    shift = ir.Constant(I128, 64)
    order = [ir.Constant(I128, word) for word in _WORDS]
    right = [builder.zext(word, I128) for word in y]
    total = [ir.Constant(I64, 0)] * 5

    def step(factor: Any, other: Any, addend: Any, carry: Any) -> tuple[Any, Any]:
        value = builder.add(builder.mul(factor, other), builder.zext(addend, I128))
        value = builder.add(value, builder.zext(carry, I128))
        return builder.trunc(value, I64), builder.trunc(builder.lshr(value, shift), I64)

    for word in x:
        left, carry = builder.zext(word, I128), ir.Constant(I64, 0)
        for j in range(4):
            total[j], carry = step(left, right[j], total[j], carry)
        top = builder.add(total[4], carry)
        quotient = builder.mul(total[0], ir.Constant(I64, _MINUS_INVERSE))
        wide, carry = builder.zext(quotient, I128), ir.Constant(I64, 0)
        _, carry = step(wide, order[0], total[0], carry)
        for j in range(1, 4):
            total[j - 1], carry = step(wide, order[j], total[j], carry)
        last = builder.add(builder.zext(top, I128), builder.zext(carry, I128))
        total[3] = builder.trunc(last, I64)
        total[4] = builder.trunc(builder.lshr(last, shift), I64)
    return _reduced_once(builder, _join(builder, total[:4]))


multiply_one = limb_operation(2, 4, _emit_multiply)
add_one = limb_operation(2, 4, _emit_add)
subtract_one = limb_operation(2, 4, _emit_subtract)


@kernel
def get(a: Array) -> Limbs:
    """One scalar out of its four words."""
    return (a[0], a[1], a[2], a[3])


@kernel
def put(a: Array, value: Limbs) -> None:
    """One scalar into its four words."""
    for i in range(4):
        a[i] = value[i]


@kernel
def to_montgomery(plain: Array, out: Array) -> None:
    """Plain to Montgomery form."""
    for i in range(plain.shape[0]):
        put(out[i], multiply_one(get(plain[i]), _MONTGOMERY_SQUARED))


@kernel
def to_plain(a: Array, out: Array) -> None:
    """Montgomery form to plain."""
    for i in range(a.shape[0]):
        put(out[i], multiply_one(get(a[i]), _PLAIN_ONE))


@kernel
def from_integers(values: Any, out: Array) -> None:
    """Signed 64-bit integers to Montgomery form."""
    for i in range(values.shape[0]):
        value = values[i]
        size = np.uint64(value) if value >= 0 else np.uint64(-value)
        scalar = multiply_one((size, _NIL, _NIL, _NIL), _MONTGOMERY_SQUARED)
        put(out[i], scalar if value >= 0 else subtract_one(_ZERO, scalar))


@kernel
def add(a: Array, b: Array, out: Array) -> None:
    """The sum a + b."""
    for i in range(a.shape[0]):
        put(out[i], add_one(get(a[i]), get(b[i])))


@kernel
def subtract(a: Array, b: Array, out: Array) -> None:
    """The difference a − b."""
    for i in range(a.shape[0]):
        put(out[i], subtract_one(get(a[i]), get(b[i])))


@kernel
def multiply(a: Array, b: Array, out: Array) -> None:
    """The entry-wise product a ∘ b."""
    for i in range(a.shape[0]):
        put(out[i], multiply_one(get(a[i]), get(b[i])))


@kernel
def scale(x: Array, a: Array, out: Array) -> None:
    """Multiples x·a for one scalar x."""
    factor = get(x)
    for i in range(a.shape[0]):
        put(out[i], multiply_one(factor, get(a[i])))


@kernel
def add_scaled(x: Array, a: Array, b: Array, out: Array) -> None:
    """Vectors x·a + b for one scalar x."""
    factor = get(x)
    for i in range(a.shape[0]):
        put(out[i], add_one(multiply_one(factor, get(a[i])), get(b[i])))


@kernel
def add_constant(x: Array, a: Array, out: Array) -> None:
    """Every a_i + x for one scalar x."""
    term = get(x)
    for i in range(a.shape[0]):
        put(out[i], add_one(term, get(a[i])))


@kernel
def dot(a: Array, b: Array, out: Array) -> None:
    """⟨a, b⟩ into one scalar."""
    total = _ZERO
    for i in range(a.shape[0]):
        total = add_one(total, multiply_one(get(a[i]), get(b[i])))
    put(out, total)


@kernel
def combine(values: Any, factors: Array, out: Array) -> None:
    """Σ_j f_j·values_j for rows of signed 64-bit integers, into one vector."""
    out[:] = 0
    row = np.empty((values.shape[1], 4), np.uint64)
    for j in range(values.shape[0]):
        from_integers(values[j], row)
        factor = get(factors[j])
        for i in range(out.shape[0]):
            put(out[i], add_one(get(out[i]), multiply_one(factor, get(row[i]))))


@kernel
def powers(x: Array, start: Array, out: Array) -> None:
    """Powers start·x^i for i = 0, 1, and so on."""
    power, factor = get(start), get(x)
    for i in range(out.shape[0]):
        put(out[i], power)
        power = multiply_one(power, factor)


@kernel
def outer(a: Array, b: Array, out: Array) -> None:
    """All a_i·b_j, at i·len(b) + j."""
    width = b.shape[0]
    for i in range(a.shape[0]):
        factor = get(a[i])
        for j in range(width):
            put(out[i * width + j], multiply_one(factor, get(b[j])))


@kernel
def subset_products(factors: Array, out: Array) -> None:
    """Products of the factors that the bits of the index name, the first the highest bit."""
    put(out[0], MONTGOMERY_ONE)
    filled = 1
    for t in range(factors.shape[0] - 1, -1, -1):
        factor = get(factors[t])
        for i in range(filled):
            put(out[filled + i], multiply_one(get(out[i]), factor))
        filled *= 2
