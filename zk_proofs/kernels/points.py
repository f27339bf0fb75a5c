"""Points in arrays: addition, doubling, encodings, and the map of bytes to the group.

Layouts, each word a limb of :mod:`zk_proofs.kernels.field`:

* extended, 20 words: X, Y, Z, T;
* affine Niels, 15 words: y + x, y − x, 2dxy, for additions of prepared points;
* projective Niels, 20 words: Y + X, Y − X, 2dT, 2Z, for points without an inversion.

Formulas: Hisil, Wong, Carter, Dawson 2008 (twisted Edwards, a = −1), complete here.
Encodings: RFC 9496 §4.3.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from zk_proofs import curve
from zk_proofs.kernels import field as fe
from zk_proofs.kernels.compiling import Limbs, kernel

Array = np.ndarray[Any, np.dtype[np.uint64]]

_ONE_MINUS_D_SQ = fe.to_limbs(curve.ONE_MINUS_D_SQ)
_D_MINUS_ONE_SQ = fe.to_limbs(curve.D_MINUS_ONE_SQ)
_SQRT_AD_MINUS_ONE = fe.to_limbs(curve.SQRT_AD_MINUS_ONE)
_MASK = np.uint64((1 << 51) - 1)
_ZERO, _ONE = np.uint64(0), np.uint64(1)


@kernel
def load(words: Array, at: int) -> Limbs:
    """One coordinate."""
    return (words[at], words[at + 1], words[at + 2], words[at + 3], words[at + 4])


@kernel
def store(words: Array, at: int, value: Limbs) -> None:
    """Write one coordinate."""
    for i in range(5):
        words[at + i] = value[i]


@kernel
def _finish(p: Array, e: Limbs, f: Limbs, g: Limbs, h: Limbs) -> None:
    store(p, 0, fe.multiply(e, f))
    store(p, 5, fe.multiply(g, h))
    store(p, 10, fe.multiply(f, g))
    store(p, 15, fe.multiply(e, h))


@kernel
def set_identity(p: Array) -> None:
    """Set p ← the identity."""
    p[:] = 0
    p[5] = 1
    p[10] = 1


@kernel
def add_niels(p: Array, q: Array) -> None:
    """Set p ← p + q, q affine Niels."""
    x, y, z, t = load(p, 0), load(p, 5), load(p, 10), load(p, 15)
    a = fe.multiply(fe.subtract(y, x), load(q, 5))
    b = fe.multiply(fe.add(y, x), load(q, 0))
    c = fe.multiply(t, load(q, 10))
    d = fe.add(z, z)
    _finish(p, fe.subtract(b, a), fe.subtract(d, c), fe.add(d, c), fe.add(b, a))


@kernel
def subtract_niels(p: Array, q: Array) -> None:
    """Set p ← p − q, q affine Niels."""
    x, y, z, t = load(p, 0), load(p, 5), load(p, 10), load(p, 15)
    a = fe.multiply(fe.subtract(y, x), load(q, 0))
    b = fe.multiply(fe.add(y, x), load(q, 5))
    c = fe.multiply(t, load(q, 10))
    d = fe.add(z, z)
    _finish(p, fe.subtract(b, a), fe.add(d, c), fe.subtract(d, c), fe.add(b, a))


@kernel
def to_projective_niels(p: Array, q: Array) -> None:
    """Set q ← p in projective Niels form."""
    x, y, z, t = load(p, 0), load(p, 5), load(p, 10), load(p, 15)
    store(q, 0, fe.add(y, x))
    store(q, 5, fe.carried(fe.subtract(y, x)))
    store(q, 10, fe.multiply(t, fe.TWICE_D))
    store(q, 15, fe.add(z, z))


@kernel
def add_projective(p: Array, q: Array) -> None:
    """Set p ← p + q, q projective Niels."""
    x, y, z, t = load(p, 0), load(p, 5), load(p, 10), load(p, 15)
    a = fe.multiply(fe.subtract(y, x), load(q, 5))
    b = fe.multiply(fe.add(y, x), load(q, 0))
    c = fe.multiply(t, load(q, 10))
    d = fe.multiply(z, load(q, 15))
    _finish(p, fe.subtract(b, a), fe.subtract(d, c), fe.add(d, c), fe.add(b, a))


@kernel
def subtract_projective(p: Array, q: Array) -> None:
    """Set p ← p − q, q projective Niels."""
    x, y, z, t = load(p, 0), load(p, 5), load(p, 10), load(p, 15)
    a = fe.multiply(fe.subtract(y, x), load(q, 0))
    b = fe.multiply(fe.add(y, x), load(q, 5))
    c = fe.multiply(t, load(q, 10))
    d = fe.multiply(z, load(q, 15))
    _finish(p, fe.subtract(b, a), fe.add(d, c), fe.subtract(d, c), fe.add(b, a))


@kernel
def add_extended(p: Array, q: Array) -> None:
    """Set p ← p + q, q extended."""
    x, y, z, t = load(p, 0), load(p, 5), load(p, 10), load(p, 15)
    a = fe.multiply(fe.subtract(y, x), fe.subtract(load(q, 5), load(q, 0)))
    b = fe.multiply(fe.add(y, x), fe.add(load(q, 5), load(q, 0)))
    c = fe.multiply(fe.multiply(t, load(q, 15)), fe.TWICE_D)
    zz = fe.multiply(z, load(q, 10))
    d = fe.add(zz, zz)
    _finish(p, fe.subtract(b, a), fe.subtract(d, c), fe.add(d, c), fe.add(b, a))


@kernel
def double(p: Array) -> None:
    """Set p ← 2p."""
    x, y, z = load(p, 0), load(p, 5), load(p, 10)
    a, b, zz = fe.square(x), fe.square(y), fe.square(z)
    h = fe.add(a, b)
    g = fe.subtract(a, b)
    e = fe.subtract(h, fe.square(fe.add(x, y)))
    _finish(p, e, fe.add(fe.add(zz, zz), g), g, h)


@kernel
def to_niels(points: Array, out: Array) -> None:
    """Extended (n, 20) to affine Niels (n, 15) with one inversion (Montgomery's trick)."""
    count = points.shape[0]
    before = np.empty((count, 5), np.uint64)
    product = fe.ONE
    for i in range(count):
        store(before[i], 0, product)
        product = fe.multiply(product, load(points[i], 10))
    inverse = fe.inverse(product)
    for i in range(count - 1, -1, -1):
        z_inverse = fe.multiply(inverse, load(before[i], 0))
        inverse = fe.multiply(inverse, load(points[i], 10))
        x = fe.multiply(load(points[i], 0), z_inverse)
        y = fe.multiply(load(points[i], 5), z_inverse)
        store(out[i], 0, fe.carried(fe.add(y, x)))
        store(out[i], 5, fe.carried(fe.subtract(y, x)))
        store(out[i], 10, fe.multiply(fe.multiply(x, y), fe.TWICE_D))


@kernel
def is_identity(p: Array) -> bool:
    """Whether p represents the identity of ristretto255."""
    return fe.is_zero(load(p, 0)) or fe.is_zero(load(p, 5))


@kernel
def _from_words(w: Array) -> Limbs:
    return (
        w[0] & _MASK,
        ((w[0] >> np.uint64(51)) | (w[1] << np.uint64(13))) & _MASK,
        ((w[1] >> np.uint64(38)) | (w[2] << np.uint64(26))) & _MASK,
        ((w[2] >> np.uint64(25)) | (w[3] << np.uint64(39))) & _MASK,
        (w[3] >> np.uint64(12)) & _MASK,
    )


@kernel
def _to_words(limbs: Limbs, w: Array) -> None:
    w[0] = limbs[0] | (limbs[1] << np.uint64(51))
    w[1] = (limbs[1] >> np.uint64(13)) | (limbs[2] << np.uint64(38))
    w[2] = (limbs[2] >> np.uint64(26)) | (limbs[3] << np.uint64(25))
    w[3] = (limbs[3] >> np.uint64(39)) | (limbs[4] << np.uint64(12))


@kernel
def decode(words: Array, out: Array) -> int:
    """Encodings (n, 4) to extended (n, 20); the index of the first invalid one, or −1."""
    again = np.empty(4, np.uint64)
    for i in range(words.shape[0]):
        s = _from_words(words[i])
        _to_words(fe.canonical(s), again)
        for j in range(4):
            if again[j] != words[i, j]:
                return i
        if again[0] & _ONE != _ZERO:
            return i
        ss = fe.square(s)
        u1, u2 = fe.carried(fe.subtract(fe.ONE, ss)), fe.carried(fe.add(fe.ONE, ss))
        u2_squared = fe.square(u2)
        du1 = fe.negated(fe.multiply(fe.D, fe.square(u1)))
        v = fe.carried(fe.subtract(du1, u2_squared))
        was_square, invsqrt = fe.sqrt_ratio(fe.ONE, fe.multiply(v, u2_squared))
        den_x = fe.multiply(invsqrt, u2)
        x = fe.multiply(fe.add(s, s), den_x)
        if fe.is_negative(x):
            x = fe.negated(x)
        y = fe.multiply(u1, fe.multiply(fe.multiply(invsqrt, den_x), v))
        t = fe.multiply(x, y)
        if not was_square or fe.is_negative(t) or fe.is_zero(y):
            return i
        store(out[i], 0, x)
        store(out[i], 5, y)
        store(out[i], 10, fe.ONE)
        store(out[i], 15, t)
    return -1


@kernel
def encode(points: Array, out: Array) -> None:
    """Extended (n, 20) to encodings (n, 4)."""
    for i in range(points.shape[0]):
        x0, y0, z0, t0 = (
            load(points[i], 0),
            load(points[i], 5),
            load(points[i], 10),
            load(points[i], 15),
        )
        u1 = fe.multiply(fe.add(z0, y0), fe.subtract(z0, y0))
        u2 = fe.multiply(x0, y0)
        _, invsqrt = fe.sqrt_ratio(fe.ONE, fe.multiply(u1, fe.square(u2)))
        den1, den = fe.multiply(invsqrt, u1), fe.multiply(invsqrt, u2)
        z_inv = fe.multiply(fe.multiply(den1, den), t0)
        x, y = x0, y0
        if fe.is_negative(fe.multiply(t0, z_inv)):
            x, y = fe.multiply(y0, fe.SQRT_M1), fe.multiply(x0, fe.SQRT_M1)
            den = fe.multiply(den1, fe.INVSQRT_A_MINUS_D)
        if fe.is_negative(fe.multiply(x, z_inv)):
            y = fe.negated(y)
        s = fe.multiply(den, fe.subtract(z0, y))
        if fe.is_negative(s):
            s = fe.negated(s)
        _to_words(fe.canonical(s), out[i])


@kernel
def _map(t: Limbs, out: Array) -> None:
    r = fe.multiply(fe.SQRT_M1, fe.square(t))
    u = fe.multiply(fe.add(r, fe.ONE), _ONE_MINUS_D_SQ)
    rd = fe.multiply(r, fe.D)
    v = fe.multiply(fe.subtract(fe.negated(fe.ONE), rd), fe.add(r, fe.D))
    was_square, s = fe.sqrt_ratio(u, v)
    c = fe.negated(fe.ONE)
    if not was_square:
        s = fe.multiply(s, t)
        if not fe.is_negative(s):
            s = fe.negated(s)
        c = r
    n = fe.multiply(fe.multiply(c, fe.subtract(r, fe.ONE)), _D_MINUS_ONE_SQ)
    n = fe.carried(fe.subtract(n, v))
    sv = fe.multiply(s, v)
    ss = fe.square(s)
    w0, w1 = fe.add(sv, sv), fe.multiply(n, _SQRT_AD_MINUS_ONE)
    w2, w3 = fe.subtract(fe.ONE, ss), fe.add(fe.ONE, ss)
    _finish(out, w0, w3, w1, w2)


@kernel
def from_uniform(words: Array, out: Array) -> None:
    """64 uniform bytes each (n, 8) to extended (n, 20); RFC 9496 §4.3.4."""
    second = np.empty(20, np.uint64)
    for i in range(words.shape[0]):
        _map(_from_words(words[i, :4]), out[i])
        _map(_from_words(words[i, 4:]), second)
        add_extended(out[i], second)
