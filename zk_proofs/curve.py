"""ristretto255 in plain integers (RFC 9496), the reference that everything else must equal.

Slow and simple: Python integers, extended coordinates, no tables. It decides what a valid
encoding is, maps bytes to the group, and carries the verification where no compiled
kernels are installed. Not constant time; the threat model says so.
"""

from __future__ import annotations

from typing import Final

P: Final = 2**255 - 19
L: Final = 2**252 + 27742317777372353535851937790883648493
D: Final = -121665 * pow(121666, -1, P) % P
SQRT_M1: Final = pow(2, (P - 1) // 4, P)

POINT_BYTES: Final = 32
UNIFORM_BYTES: Final = 64

# X, Y, Z, T with x = X/Z, y = Y/Z, xy = T/Z on −x² + y² = 1 + d·x²y².
Point = tuple[int, int, int, int]
IDENTITY: Final[Point] = (0, 1, 1, 0)


def sqrt_ratio(u: int, v: int) -> tuple[bool, int]:
    """``SQRT_RATIO_M1``: whether u/v is a square, and the non-negative root of u/v or i·u/v."""
    v3 = v * v * v % P
    root = u * v3 * pow(u * v3 * v3 * v, (P - 5) // 8, P) % P
    check = v * root * root % P
    correct, flipped = check == u % P, check == -u % P
    if flipped or check == -u * SQRT_M1 % P:
        root = root * SQRT_M1 % P
    return correct or flipped, _absolute(root)


def _absolute(value: int) -> int:
    return P - value if value & 1 else value


INVSQRT_A_MINUS_D: Final = sqrt_ratio(1, -1 - D)[1]
# RFC 9496 §4.1 fixes the sign of this constant; its root below is the other one.
SQRT_AD_MINUS_ONE: Final = P - sqrt_ratio(-D - 1, 1)[1]
ONE_MINUS_D_SQ: Final = (1 - D * D) % P
D_MINUS_ONE_SQ: Final = (D - 1) ** 2 % P


def decode(encoded: bytes) -> Point | None:
    """The element of a canonical encoding (§4.3.1), or None."""
    s = int.from_bytes(encoded, "little")
    if len(encoded) != POINT_BYTES or s >= P or s & 1:
        return None
    ss = s * s % P
    u1, u2 = 1 - ss, 1 + ss
    u2_sqr = u2 * u2 % P
    v = (-D * u1 * u1 - u2_sqr) % P
    was_square, invsqrt = sqrt_ratio(1, v * u2_sqr % P)
    den_x = invsqrt * u2 % P
    x = _absolute(2 * s * den_x % P)
    y = u1 * invsqrt * den_x * v % P
    t = x * y % P
    return None if not was_square or t & 1 or y == 0 else (x, y, 1, t)


def encode(point: Point) -> bytes:
    """The 32-byte encoding (§4.3.2)."""
    x0, y0, z0, t0 = point
    u1 = (z0 + y0) * (z0 - y0) % P
    u2 = x0 * y0 % P
    _, invsqrt = sqrt_ratio(1, u1 * u2 * u2 % P)
    den1, den2 = invsqrt * u1 % P, invsqrt * u2 % P
    z_inv = den1 * den2 * t0 % P
    if t0 * z_inv % P & 1:
        x, y, den = y0 * SQRT_M1 % P, x0 * SQRT_M1 % P, den1 * INVSQRT_A_MINUS_D % P
    else:
        x, y, den = x0, y0, den2
    if x * z_inv % P & 1:
        y = -y
    return _absolute(den * (z0 - y) % P).to_bytes(POINT_BYTES, "little")


def from_uniform(data: bytes) -> Point:
    """The group element of 64 uniform bytes (§4.3.4)."""
    if len(data) != UNIFORM_BYTES:
        raise ValueError("the map to the group takes 64 bytes")
    halves = (int.from_bytes(data[i : i + 32], "little") % 2**255 for i in (0, 32))
    first, second = (_map(half % P) for half in halves)
    return add(first, second)


def _map(t: int) -> Point:
    r = SQRT_M1 * t * t % P
    u = (r + 1) * ONE_MINUS_D_SQ % P
    v = (-1 - r * D) * (r + D) % P
    was_square, s = sqrt_ratio(u, v)
    c = P - 1
    if not was_square:
        s, c = -_absolute(s * t % P) % P, r
    n = (c * (r - 1) * D_MINUS_ONE_SQ - v) % P
    w0, w1 = 2 * s * v % P, n * SQRT_AD_MINUS_ONE % P
    w2, w3 = (1 - s * s) % P, (1 + s * s) % P
    return w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P


def add(p: Point, q: Point) -> Point:
    """The sum (unified, complete formulas for a = −1)."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * D * p[3] * q[3] % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def double(p: Point) -> Point:
    """The sum of a point with itself."""
    a, b = p[0] * p[0] % P, p[1] * p[1] % P
    c = 2 * p[2] * p[2] % P
    h = a + b
    e = h - (p[0] + p[1]) ** 2 % P
    g = a - b
    f = c + g
    return e * f % P, g * h % P, f * g % P, e * h % P


def negate(p: Point) -> Point:
    """The inverse element."""
    return -p[0] % P, p[1], p[2], -p[3] % P


def is_identity(p: Point) -> bool:
    """Whether this is a representative of the identity element (§4.3.3: equality with it)."""
    return p[0] % P == 0 or p[1] % P == 0
