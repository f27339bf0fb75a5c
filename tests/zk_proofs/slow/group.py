"""ristretto255 after RFC 9496, on Python's integers.

Points are (X, Y, Z, T) in extended coordinates of the curve -x² + y² = 1 + d·x²·y².
"""

from functools import cache

Point = tuple[int, int, int, int]

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
IDENTITY: Point = (0, 1, 1, 0)


class InvalidError(Exception):
    """What was given is not valid by the format page; the message says which rule."""


def require(condition: object, rule: str) -> None:
    """Raise InvalidError with the broken rule unless the condition holds."""
    if not condition:
        raise InvalidError(rule)


def _magnitude(x: int) -> int:
    return P - x if x & 1 else x


SQRT_M1 = _magnitude(pow(2, (P - 1) // 4, P))


def _sqrt_ratio(u: int, v: int) -> tuple[bool, int]:
    """Section 4.2: whether u/v is a square, and the root of it or of i·u/v."""
    r = u * pow(v, 3, P) * pow(u * pow(v, 7, P), (P - 5) // 8, P) % P
    check = v * r * r % P
    if check in {-u % P, -u * SQRT_M1 % P}:
        r = r * SQRT_M1 % P
    return check in {u % P, -u % P}, _magnitude(r)


SQRT_AD_MINUS_ONE = 25063068953384623474111414158702152701244531502492656460079210482610430750235
assert SQRT_AD_MINUS_ONE**2 % P == (-D - 1) % P


@cache
def decode(encoding: bytes) -> Point:
    """Section 4.3.1: the point of a canonical encoding."""
    s = int.from_bytes(encoding, "little")
    require(len(encoding) == 32 and s < P and not s & 1, "a point is not canonical")
    u1, u2 = (1 - s * s) % P, (1 + s * s) % P
    v = (-D * u1 * u1 - u2 * u2) % P
    square, root = _sqrt_ratio(1, v * u2 * u2 % P)
    den_x = root * u2 % P
    x = _magnitude(2 * s * den_x % P)
    y = u1 * root * den_x * v % P
    t = x * y % P
    require(square and not t & 1 and y, "a point is not canonical")
    return x, y, 1, t


def _elligator(t: int) -> Point:
    """Section 4.3.4, MAP."""
    r = SQRT_M1 * t * t % P
    u = (r + 1) * (1 - D * D) % P
    v = (-1 - r * D) * (r + D) % P
    square, s = _sqrt_ratio(u, v)
    c = -1
    if not square:
        s, c = -_magnitude(s * t % P) % P, r
    n = (c * (r - 1) * (D - 1) ** 2 - v) % P
    w0, w1, w2, w3 = 2 * s * v % P, n * SQRT_AD_MINUS_ONE % P, 1 - s * s, 1 + s * s
    return w0 * w3 % P, w2 * w1 % P, w1 * w3 % P, w0 * w2 % P


def from_uniform(data: bytes) -> Point:
    """Section 4.3.4: a point from 64 bytes."""
    halves = (int.from_bytes(data[i : i + 32], "little") % 2**255 for i in (0, 32))
    return add(*(_elligator(half) for half in halves))


def add(a: Point, b: Point) -> Point:
    """The sum of two points; complete, so doubling is no special case."""
    minus = (a[1] - a[0]) * (b[1] - b[0]) % P
    plus = (a[1] + a[0]) * (b[1] + b[0]) % P
    c = 2 * D * a[3] % P * b[3] % P
    d = 2 * a[2] * b[2] % P
    e, f, g, h = plus - minus, d - c, d + c, plus + minus
    return e * f % P, g * h % P, f * g % P, e * h % P


def is_identity(point: Point) -> bool:
    """Section 4.5, comparison with the identity: all of the 4-torsion stands for it."""
    return point[0] == 0 or point[1] == 0


def multiply(terms: list[tuple[int, Point]]) -> Point:
    """Σ scalar·point by buckets (Pippenger)."""
    window = max(4, len(terms).bit_length() - 4)
    total = IDENTITY
    for shift in reversed(range(0, 253, window)):
        for _ in range(window):
            total = add(total, total)
        buckets = [IDENTITY] * 2**window
        for scalar, point in terms:
            digit = scalar >> shift & (2**window - 1)
            if digit:
                buckets[digit] = add(buckets[digit], point)
        running = inner = IDENTITY
        for bucket in reversed(buckets[1:]):
            running = add(running, bucket)
            inner = add(inner, running)
        total = add(total, inner)
    return total
