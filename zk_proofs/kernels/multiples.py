"""Sums of many multiples of points.

* Pippenger's bucket method over prepared points (variable base), with signed windows;
* the same over tables of 2^(cw)·P, where all windows share one pass (fixed base);
* sums with small or ±1 coefficients, for digits and bits;
* interleaved Straus with width-5 NAF, for few points and to fold generators.

Scalars are *plain* arrays (n, 4) below ℓ. Running time depends on the scalars.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zk_proofs.kernels.compiling import kernel
from zk_proofs.kernels.points import (
    Array,
    add_extended,
    add_niels,
    add_projective,
    double,
    set_identity,
    subtract_niels,
    subtract_projective,
    to_niels,
    to_projective_niels,
)

_SCALAR_BITS = 254  # ℓ < 2^253, and one bit for the last carry


def windows(width: int) -> int:
    """How many signed windows of ``width`` bits cover a scalar."""
    return -(-_SCALAR_BITS // width)


@kernel
def _signed_windows(scalars: Array, width: int, out: Any) -> None:
    """Digits in (−2^(width−1), 2^(width−1)] into ``out`` (windows, n), int32."""
    half = np.int64(1) << np.int64(width - 1)
    mask = (np.uint64(1) << np.uint64(width)) - np.uint64(1)
    for i in range(scalars.shape[0]):
        carry = np.int64(0)
        for w in range(out.shape[0]):
            bit = w * width
            word, offset = bit >> 6, np.uint64(bit & 63)
            value = np.uint64(0)
            if word < 4:
                value = scalars[i, word] >> offset
                if (bit & 63) + width > 64 and word + 1 < 4:
                    value |= scalars[i, word + 1] << (np.uint64(64) - offset)
            digit = np.int64(value & mask) + carry
            carry = np.int64(0)
            if digit > half:
                digit -= np.int64(2) * half
                carry = np.int64(1)
            out[w, i] = digit


@kernel
def _into_bucket(buckets: Array, used: Any, digit: Any, point: Array) -> None:
    slot = (digit if digit > 0 else -digit) - 1
    if used[slot] == 0:
        set_identity(buckets[slot])
        used[slot] = 1
    if digit > 0:
        add_niels(buckets[slot], point)
    else:
        subtract_niels(buckets[slot], point)


@kernel
def _weighted_sum(buckets: Array, used: Any, highest: int, total: Array) -> None:
    """Set total ← Σ (j + 1)·bucket_j for j < highest."""
    running = np.empty(20, np.uint64)
    set_identity(running)
    set_identity(total)
    for j in range(highest - 1, -1, -1):
        if used[j]:
            add_extended(running, buckets[j])
        add_extended(total, running)


@kernel
def variable_base(scalars: Array, points: Array, width: int, result: Array) -> None:
    """Set result ← Σ s_i·P_i over affine Niels points."""
    count, size = scalars.shape[0], 1 << (width - 1)
    number = (254 + width - 1) // width
    digits = np.empty((number, count), np.int32)
    _signed_windows(scalars, width, digits)
    buckets, used = np.empty((size, 20), np.uint64), np.zeros(size, np.uint8)
    total = np.empty(20, np.uint64)
    set_identity(result)
    for w in range(number - 1, -1, -1):
        if w < number - 1:
            for _ in range(width):
                double(result)
        used[:] = 0
        highest = 0
        for i in range(count):
            digit = digits[w, i]
            if digit != 0:
                highest = max(highest, abs(digit))
                _into_bucket(buckets, used, digit, points[i])
        if highest > 0:
            _weighted_sum(buckets, used, highest, total)
            add_extended(result, total)


@kernel
def build_tables(points: Array, width: int, out: Array) -> None:
    """Extended (n, 20) to affine Niels tables (n, windows, 15) of 2^(width·w)·P."""
    current, niels = points.copy(), np.empty((points.shape[0], 15), np.uint64)
    for w in range(out.shape[1]):
        to_niels(current, niels)
        for i in range(current.shape[0]):
            out[i, w] = niels[i]
            if w < out.shape[1] - 1:
                for _ in range(width):
                    double(current[i])


@kernel
def _into_buckets(digits: Any, multiples: Array, buckets: Array, used: Any) -> int:
    """Add one point's multiples by its digits; the highest bucket used."""
    highest = 0
    for w in range(digits.shape[0]):
        if digits[w] != 0:
            highest = max(highest, abs(digits[w]))
            _into_bucket(buckets, used, digits[w], multiples[w])
    return highest


@kernel
def _width(tables: Array) -> int:
    """Bits a window of tables (…, windows, 15)."""
    number = tables.shape[tables.ndim - 2]
    width: int = (_SCALAR_BITS + number - 1) // number
    return width


@kernel
def fixed_base(scalars: Array, tables: Array, index: Any, result: Array) -> None:
    """Set result ← Σ s_i·P_index[i]: one pass over all windows, no doubling.

    ``tables`` (N, windows, 15) holds multiples by 2^(width·w). Every second of them makes
    windows of twice the width, which is cheaper where there are many points.
    """
    width = _width(tables)
    digits = np.empty((tables.shape[1], scalars.shape[0]), np.int32)
    _signed_windows(scalars, width, digits)
    by_point = digits.T.copy()
    size = 1 << (width - 1)
    buckets, used = np.empty((size, 20), np.uint64), np.zeros(size, np.uint8)
    highest = 0
    for i in range(scalars.shape[0]):
        top = _into_buckets(by_point[i], tables[index[i]], buckets, used)
        highest = max(highest, top)
    _weighted_sum(buckets, used, highest, result)


@kernel
def fold_tables(tables: Array, scalars: Array, out: Array) -> None:
    """Set out_i ← Σ_j s_ij·P_(i + j·m), as :func:`fold` does, from the tables of the points."""
    width = _width(tables)
    outputs, terms = out.shape[0], scalars.shape[1]
    digits = np.empty((tables.shape[1], terms), np.int32)
    by_point = np.empty((terms, tables.shape[1]), np.int32)
    size = 1 << (width - 1)
    buckets, used = np.empty((size, 20), np.uint64), np.zeros(size, np.uint8)
    for i in range(outputs):
        if i < scalars.shape[0]:
            _signed_windows(scalars[i], width, digits)
            by_point[:] = digits.T
        used[:] = 0
        highest = 0
        for j in range(terms):
            top = _into_buckets(by_point[j], tables[i + j * outputs], buckets, used)
            highest = max(highest, top)
        _weighted_sum(buckets, used, highest, out[i])


@kernel
def _small_into_buckets(value: Any, multiples: Array, width: int, buckets: Array, used: Any) -> int:
    """Add the multiple of one point by a signed 64-bit integer."""
    rest, sign = (value, 1) if value >= 0 else (-value, -1)
    half = np.int64(1) << np.int64(width - 1)
    highest, w = 0, 0
    while rest != 0:
        digit = rest & (np.int64(2) * half - 1)
        rest >>= np.int64(width)
        if digit > half:
            digit -= np.int64(2) * half
            rest += 1
        if digit != 0:
            highest = max(highest, abs(digit))
            _into_bucket(buckets, used, sign * digit, multiples[w])
        w += 1
    return highest


@kernel
def small_rows(rows: Any, tables: Array, extra: Array, blindings: Array, out: Array) -> None:
    """Set out_i ← Σ_j rows_ij·P_j + b_i·Q for small integers: what commitments are.

    Args:
        rows: (n, d) int64.
        tables: (d, windows, 15) of the points P.
        extra: (windows, 15) of the point Q.
        blindings: (n, 4) plain scalars.
        out: (n, 20) extended.
    """
    width = _width(tables)
    size = 1 << (width - 1)
    digits = np.empty((tables.shape[1], 1), np.int32)
    buckets, used = np.empty((size, 20), np.uint64), np.zeros(size, np.uint8)
    for i in range(rows.shape[0]):
        _signed_windows(blindings[i : i + 1], width, digits)
        used[:] = 0
        highest = _into_buckets(digits[:, 0], extra, buckets, used)
        for j in range(rows.shape[1]):
            top = _small_into_buckets(rows[i, j], tables[j], width, buckets, used)
            highest = max(highest, top)
        _weighted_sum(buckets, used, highest, out[i])


@kernel
def byte_multiples(digits: Any, points: Array, result: Array) -> None:
    """Set result ← Σ d_i·P_i for bytes d_i: one bucket a value."""
    buckets, used = np.empty((255, 20), np.uint64), np.zeros(255, np.uint8)
    for i in range(digits.shape[0]):
        if digits[i] != 0:
            _into_bucket(buckets, used, np.int64(digits[i]), points[i])
    _weighted_sum(buckets, used, 255, result)


@kernel
def add_or_subtract(bits: Any, plus: Array, minus: Array, result: Array) -> None:
    """Set result ← Σ plus_i where the bit is 1, minus Σ minus_i where it is 0."""
    set_identity(result)
    for i in range(bits.shape[0]):
        if bits[i] == 1:
            add_niels(result, plus[i])
        else:
            subtract_niels(result, minus[i])


@kernel
def _width_five_naf(scalar: Array, out: Any) -> None:
    """The non-adjacent form with odd digits in [−15, 15], into int8[256]."""
    out[:] = 0
    position, carry = 0, np.uint64(0)
    while position < 256:
        word, offset = position >> 6, np.uint64(position & 63)
        bits = scalar[word] >> offset
        if (position & 63) > 59 and word < 3:
            bits |= scalar[word + 1] << (np.uint64(64) - offset)
        window = carry + (bits & np.uint64(31))
        if window & np.uint64(1) == np.uint64(0):
            position += 1
            continue
        if window < np.uint64(16):
            carry = np.uint64(0)
            out[position] = np.int8(window)
        else:
            carry = np.uint64(1)
            out[position] = np.int8(np.int64(window) - np.int64(32))
        position += 5


@kernel
def _odd_multiples(point: Array, out: Array) -> None:
    """P, 3P, … 15P in projective Niels form."""
    twice, current = point.copy(), point.copy()
    step = np.empty(20, np.uint64)
    double(twice)
    to_projective_niels(twice, step)
    to_projective_niels(current, out[0])
    for t in range(1, 8):
        add_projective(current, step)
        to_projective_niels(current, out[t])


@kernel
def _straus(nafs: Any, multiples: Array, result: Array) -> None:
    set_identity(result)
    started = False
    for bit in range(255, -1, -1):
        if started:
            double(result)
        for j in range(nafs.shape[0]):
            digit = nafs[j, bit]
            if digit > 0:
                add_projective(result, multiples[j, digit >> 1])
                started = True
            elif digit < 0:
                subtract_projective(result, multiples[j, (-digit) >> 1])
                started = True


@kernel
def fold(points: Array, scalars: Array, out: Array) -> None:
    """Set out_i ← Σ_j s_ij·P_(i + j·m), for m outputs of k points each.

    Args:
        points: (k·m, 20) extended.
        scalars: (1, k, 4) for factors common to all outputs, or (m, k, 4).
        out: (m, 20) extended.
    """
    outputs, terms = out.shape[0], scalars.shape[1]
    nafs = np.empty((terms, 256), np.int8)
    multiples = np.empty((terms, 8, 20), np.uint64)
    for i in range(outputs):
        if i < scalars.shape[0]:
            for j in range(terms):
                _width_five_naf(scalars[i, j], nafs[j])
        for j in range(terms):
            _odd_multiples(points[i + j * outputs], multiples[j])
        _straus(nafs, multiples, out[i])
