"""Compiled arithmetic in GF(p), p = 2^127 − 1, on arrays of field elements.

An element array is uint64 of shape ``(2, …)``: the low 64 bits of each element, then the high
63; planes rather than pairs make vector code possible. Elements are canonical: below p.

Products go through five limbs of 26 bits; 2^130 ≡ 2^3 folds the upper ones back. A sum of 512
products fits its nine 64-bit accumulators: a limb product is below 2^52, at most five meet in
one accumulator, and 5 · 512 · 2^52 < 2^63.4.

No branch and no memory address in the loops depends on the value of a share.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from mpc_jobs.compiled import compiled, inlined

Elements = npt.NDArray[np.uint64]

Word = np.uint64
Words = npt.NDArray[np.uint64] | npt.NDArray[np.uint32]
Pair = tuple[Word, Word]
Limbs = tuple[Word, Word, Word, Word, Word]
Sums = tuple[Word, Word, Word, Word, Word, Word, Word, Word, Word]

U = np.uint64
_LIMB = U((1 << 26) - 1)
_LOW63 = U((1 << 63) - 1)
_TOP = U((1 << 23) - 1)
_ONES = U((1 << 64) - 1)
_TERMS = 512  # products that the accumulators take between two reductions


@inlined
def _add(alo: Word, ahi: Word, blo: Word, bhi: Word) -> Pair:
    """The sum a + b for a, b < 2^127; the result is canonical."""
    lo = alo + blo
    hi = ahi + bhi + U(lo < alo)
    carry = hi >> U(63)
    hi = hi & _LOW63
    lo = lo + carry
    hi = hi + U(lo < carry)
    # Here (hi, lo) ≤ p; p itself stands for zero.
    full = U(hi == _LOW63) & U(lo == _ONES)
    return lo + full, hi * (U(1) - full)


@inlined
def _limbs(lo: Word, hi: Word) -> Limbs:
    return (
        lo & _LIMB,
        (lo >> U(26)) & _LIMB,
        ((lo >> U(52)) | (hi << U(12))) & _LIMB,
        (hi >> U(14)) & _LIMB,
        hi >> U(40),
    )


@inlined
def _packed(c0: Word, c1: Word, c2: Word, c3: Word, c4: Word) -> Pair:
    """The element Σ c_g · 2^(26 g) for limbs below 2^62; canonical."""
    c1 += c0 >> U(26)
    c2 += c1 >> U(26)
    c3 += c2 >> U(26)
    c4 += c3 >> U(26)
    c0 = (c0 & _LIMB) + (c4 >> U(23))
    c1 = (c1 & _LIMB) + (c0 >> U(26))
    c2 = (c2 & _LIMB) + (c1 >> U(26))
    c3 = (c3 & _LIMB) + (c2 >> U(26))
    c4 = (c4 & _TOP) + (c3 >> U(26))
    c0, c1, c2, c3 = c0 & _LIMB, c1 & _LIMB, c2 & _LIMB, c3 & _LIMB
    lo = c0 | (c1 << U(26)) | (c2 << U(52))
    hi = (c2 >> U(12)) | (c3 << U(14)) | (c4 << U(40))
    # If the second round of carries reached bit 127, all that is left below it is small.
    lo = lo + (hi >> U(63))
    hi = hi & _LOW63
    full = U(hi == _LOW63) & U(lo == _ONES)
    return lo + full, hi * (U(1) - full)


@inlined
def _reduced(  # noqa: PLR0917 - nine sums
    lo: Word,
    hi: Word,
    s0: Word,
    s1: Word,
    s2: Word,
    s3: Word,
    s4: Word,
    s5: Word,
    s6: Word,
    s7: Word,
    s8: Word,
) -> Pair:
    """(lo, hi) + Σ s_g · 2^(26 g): nine accumulators below 2^63.4 folded into one element."""
    s1 += s0 >> U(26)
    s2 += s1 >> U(26)
    s3 += s2 >> U(26)
    s4 += s3 >> U(26)
    s5 += s4 >> U(26)
    s6 += s5 >> U(26)
    s7 += s6 >> U(26)
    s8 += s7 >> U(26)
    x0, x1, x2, x3, x4 = _limbs(lo, hi)
    # 2^130 ≡ 2^3
    return _packed(
        x0 + (s0 & _LIMB) + ((s5 & _LIMB) << U(3)),
        x1 + (s1 & _LIMB) + ((s6 & _LIMB) << U(3)),
        x2 + (s2 & _LIMB) + ((s7 & _LIMB) << U(3)),
        x3 + (s3 & _LIMB) + ((s8 & _LIMB) << U(3)),
        x4 + (s4 & _LIMB) + ((s8 >> U(26)) << U(3)),
    )


@inlined
def _multiply_add(lo: Word, hi: Word, alo: Word, ahi: Word, blo: Word, bhi: Word) -> Pair:  # noqa: PLR0917 - two words each
    """(lo, hi) + a · b."""
    t0, t1, t2, t3, t4 = _limbs(lo, hi)
    x0, x1, x2, x3, x4 = _limbs(alo, ahi)
    y0, y1, y2, y3, y4 = _limbs(blo, bhi)
    # Limb products of weight 2^(130 + k) count eight times at 2^k.
    z1, z2, z3, z4 = y1 << U(3), y2 << U(3), y3 << U(3), y4 << U(3)
    return _packed(
        t0 + x0 * y0 + x1 * z4 + x2 * z3 + x3 * z2 + x4 * z1,
        t1 + x0 * y1 + x1 * y0 + x2 * z4 + x3 * z3 + x4 * z2,
        t2 + x0 * y2 + x1 * y1 + x2 * y0 + x3 * z4 + x4 * z3,
        t3 + x0 * y3 + x1 * y2 + x2 * y1 + x3 * y0 + x4 * z4,
        t4 + x0 * y4 + x1 * y3 + x2 * y2 + x3 * y1 + x4 * y0,
    )


@compiled
def add(a: Elements, b: Elements, out: Elements) -> None:
    """Set out = a + b, arrays of shape (2, m)."""
    for i in range(a.shape[1]):
        out[0, i], out[1, i] = _add(a[0, i], a[1, i], b[0, i], b[1, i])


@compiled
def subtract(a: Elements, b: Elements, out: Elements) -> None:
    """Set out = a − b, arrays of shape (2, m)."""
    for i in range(a.shape[1]):
        out[0, i], out[1, i] = _add(a[0, i], a[1, i], ~b[0, i], _LOW63 ^ b[1, i])


@compiled
def multiply(a: Elements, b: Elements, out: Elements) -> None:
    """Set out = a · b element by element, arrays of shape (2, m)."""
    for i in range(a.shape[1]):
        out[0, i], out[1, i] = _multiply_add(U(0), U(0), a[0, i], a[1, i], b[0, i], b[1, i])


@compiled
def scale_add(total: Elements, a: Elements, factor: Elements) -> None:
    """Add: total += factor · a; ``factor`` has shape (2,), the others (2, m)."""
    for i in range(a.shape[1]):
        total[0, i], total[1, i] = _multiply_add(
            total[0, i], total[1, i], a[0, i], a[1, i], factor[0], factor[1]
        )


@compiled
def horner(total: Elements, point: Elements, a: Elements) -> None:
    """Set total = total · point + a: one step of evaluating a polynomial at ``point``."""
    for i in range(a.shape[1]):
        total[0, i], total[1, i] = _multiply_add(
            a[0, i], a[1, i], total[0, i], total[1, i], point[0], point[1]
        )


@inlined
def _dot(xlo: Words, xhi: Words, w0: Words, w1: Words, w2: Words, w3: Words, w4: Words) -> Sums:  # noqa: PLR0917 - five limbs
    """Nine accumulators of Σ x_j · w_j, at most 512 terms; the limbs of w in five arrays."""
    s0 = U(0)
    s1 = U(0)
    s2 = U(0)
    s3 = U(0)
    s4 = U(0)
    s5 = U(0)
    s6 = U(0)
    s7 = U(0)
    s8 = U(0)
    for j in range(xlo.size):
        x0, x1, x2, x3, x4 = _limbs(xlo[j], xhi[j])
        y0, y1, y2, y3, y4 = U(w0[j]), U(w1[j]), U(w2[j]), U(w3[j]), U(w4[j])
        s0 += x0 * y0
        s1 += x0 * y1 + x1 * y0
        s2 += x0 * y2 + x1 * y1 + x2 * y0
        s3 += x0 * y3 + x1 * y2 + x2 * y1 + x3 * y0
        s4 += x0 * y4 + x1 * y3 + x2 * y2 + x3 * y1 + x4 * y0
        s5 += x1 * y4 + x2 * y3 + x3 * y2 + x4 * y1
        s6 += x2 * y4 + x3 * y3 + x4 * y2
        s7 += x3 * y4 + x4 * y3
        s8 += x4 * y4
    return s0, s1, s2, s3, s4, s5, s6, s7, s8


@compiled
def matmul(x: Elements, w: Elements, out: Elements) -> None:
    """Set out = x · w for x (2, n, d), w (2, d, k), out (2, n, k)."""
    n, d, k = x.shape[1], x.shape[2], w.shape[2]
    limbs = np.empty((k, 5, d), np.uint32)
    for c in range(k):
        for j in range(d):
            y0, y1, y2, y3, y4 = _limbs(w[0, j, c], w[1, j, c])
            limbs[c, 0, j], limbs[c, 1, j], limbs[c, 2, j] = y0, y1, y2
            limbs[c, 3, j], limbs[c, 4, j] = y3, y4
    for i in range(n):
        for c in range(k):
            lo, hi = U(0), U(0)
            for begin in range(0, d, _TERMS):
                end = min(d, begin + _TERMS)
                sums = _dot(
                    x[0, i, begin:end],
                    x[1, i, begin:end],
                    limbs[c, 0, begin:end],
                    limbs[c, 1, begin:end],
                    limbs[c, 2, begin:end],
                    limbs[c, 3, begin:end],
                    limbs[c, 4, begin:end],
                )
                lo, hi = _reduced(lo, hi, *sums)
            out[0, i, c], out[1, i, c] = lo, hi


@compiled
def transposed_matmul(x: Elements, e: Elements, out: Elements) -> None:
    """Set out = xᵀ · e for x (2, n, d), e (2, n, k), out (2, d, k)."""
    n, d, k = x.shape[1], x.shape[2], e.shape[2]
    sums = np.empty((9, d), np.uint64)
    out[:] = U(0)
    for c in range(k):
        for begin in range(0, n, _TERMS):
            sums[:] = U(0)
            for i in range(begin, min(n, begin + _TERMS)):
                y0, y1, y2, y3, y4 = _limbs(e[0, i, c], e[1, i, c])
                xlo, xhi = x[0, i], x[1, i]
                for j in range(d):
                    x0, x1, x2, x3, x4 = _limbs(xlo[j], xhi[j])
                    sums[0, j] += x0 * y0
                    sums[1, j] += x0 * y1 + x1 * y0
                    sums[2, j] += x0 * y2 + x1 * y1 + x2 * y0
                    sums[3, j] += x0 * y3 + x1 * y2 + x2 * y1 + x3 * y0
                    sums[4, j] += x0 * y4 + x1 * y3 + x2 * y2 + x3 * y1 + x4 * y0
                    sums[5, j] += x1 * y4 + x2 * y3 + x3 * y2 + x4 * y1
                    sums[6, j] += x2 * y4 + x3 * y3 + x4 * y2
                    sums[7, j] += x3 * y4 + x4 * y3
                    sums[8, j] += x4 * y4
            for j in range(d):
                out[0, j, c], out[1, j, c] = _reduced(
                    out[0, j, c],
                    out[1, j, c],
                    sums[0, j],
                    sums[1, j],
                    sums[2, j],
                    sums[3, j],
                    sums[4, j],
                    sums[5, j],
                    sums[6, j],
                    sums[7, j],
                    sums[8, j],
                )


@compiled
def shift_right(a: Elements, bits: int, out: Elements) -> None:
    """Set out = ⌊a / 2^bits⌋ of the canonical representatives, 0 ≤ bits < 127."""
    for i in range(a.shape[1]):
        lo, hi = a[0, i], a[1, i]
        if bits == 0:
            out[0, i], out[1, i] = lo, hi
        elif bits < 64:
            out[0, i], out[1, i] = (lo >> U(bits)) | (hi << U(64 - bits)), hi >> U(bits)
        else:
            out[0, i], out[1, i] = hi >> U(bits - 64), U(0)


@compiled
def inverse_square_root(a: Elements, out: Elements) -> None:
    """Set out = a^(2^125 − 1), which squares to 1/a if a is a square other than zero.

    With e_n = a^(2^n − 1): e_2n = e_n^(2^n) · e_n, and one squaring more gives e_(2n+1) after
    multiplying by a. The chain is 1, 3, 7, 15, 31, 62, 125.
    """
    for i in range(a.shape[1]):
        lo, hi = a[0, i], a[1, i]
        length = 1
        for odd in (True, True, True, True, False, True):
            base_lo, base_hi = lo, hi
            for _ in range(length):
                lo, hi = _multiply_add(U(0), U(0), lo, hi, lo, hi)
            lo, hi = _multiply_add(U(0), U(0), lo, hi, base_lo, base_hi)
            length *= 2
            if odd:
                lo, hi = _multiply_add(U(0), U(0), lo, hi, lo, hi)
                lo, hi = _multiply_add(U(0), U(0), lo, hi, a[0, i], a[1, i])
                length += 1
        out[0, i], out[1, i] = lo, hi
