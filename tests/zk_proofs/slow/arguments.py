"""The arguments of format 4.1 to 4.5; each appends its equation, as a sum that must vanish."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from .dialogue import Dialogue
from .group import ORDER, require
from .sums import Sum, blinding, combine, number, powers, vector

MOST_ENTRIES = 65536


def pad(count: int) -> int:
    """The least power of two that is at least count."""
    size = 1
    while size < count:
        size *= 2
    return size


def inverse(scalar: int) -> int:
    """1/scalar; the scalar is not 0."""
    return pow(scalar, -1, ORDER)


def _fold(dialogue: Dialogue, entries: int) -> tuple[list[tuple[int, Sum]], list[int], list[int]]:
    """The rounds that 4.1 and 4.2 share: Σ x·L + x^-1·R, the s_i and the u_i."""
    terms: list[tuple[int, Sum]] = []
    s, u = [1], [1]
    while len(s) < entries:
        left, right = dialogue.receive("L"), dialogue.receive("R")
        x = dialogue.challenge("x")
        terms += [(x, left), (inverse(x), right)]
        # The first challenge belongs to the highest bit, so each later one to a lower bit.
        s = [product * factor % ORDER for product in s for factor in (1, x)]
        u = [product * factor % ORDER for product in u for factor in (1, inverse(x))]
    return terms, s, u


def inner_product(
    dialogue: Dialogue, entries: int, claim: Sum, weights: Sequence[int] | None = None
) -> None:
    """4.1."""
    require(entries <= MOST_ENTRIES, "an argument has too many entries")
    weights = weights or [1] * entries
    dialogue.append("dom-sep", b"redactory/inner-product/v1")
    dialogue.append_u64("n", entries)
    rounds, s, u = _fold(dialogue, entries)
    a, b = dialogue.receive("A"), dialogue.receive("B")
    e = dialogue.challenge("e")
    r, t, delta = dialogue.scalar(), dialogue.scalar(), dialogue.scalar()
    dialogue.equations.append(
        combine(
            (e * e, combine((1, claim), *rounds)),
            (e, a),
            (1, b),
            (-e * r, vector("G", s)),
            (-e * t, vector("H", (x * v for x, v in zip(u, weights, strict=True)))),
            (-r * t, number(1)),
            (-delta, blinding(1)),
        )
    )


def linear_form(dialogue: Dialogue, side: str, form: Sequence[int], claim: Sum) -> None:
    """4.2."""
    require(len(form) <= MOST_ENTRIES, "an argument has too many entries")
    dialogue.append("dom-sep", b"redactory/linear-form/v1")
    dialogue.append("side", side.encode())
    dialogue.append_u64("n", len(form))
    rounds, s, _ = _fold(dialogue, len(form))
    a = dialogue.receive("A")
    e = dialogue.challenge("e")
    r, delta = dialogue.scalar(), dialogue.scalar()
    dialogue.equations.append(
        combine(
            (e, combine((1, claim), *rounds)),
            (1, a),
            (-r, vector(side, s)),
            (-r, number(sum(x * f for x, f in zip(s, form, strict=True)))),
            (-delta, blinding(1)),
        )
    )


def bit_range(dialogue: Dialogue, bits: int, values: Sequence[Sum]) -> None:
    """4.3."""
    m = len(values)
    n = bits * m
    dialogue.append("dom-sep", b"redactory/bit-range/v1")
    dialogue.append_u64("bits", bits)
    dialogue.append_u64("values", m)
    a = dialogue.receive("A")
    y, z = dialogue.challenge("y"), dialogue.challenge("z")
    weights = list(islice(powers(inverse(y), 1), n))
    p = [pow(z, j + 2, ORDER) * 2**i for j in range(m) for i in range(bits)]
    c = (z - z * z) * sum(islice(powers(y, 1), n))
    c -= (2**bits - 1) * sum(islice(powers(z, 3), m))
    claim = combine(
        (1, a),
        *zip(powers(z, 2), values, strict=False),
        (-z, vector("G", [1] * n)),
        (1, vector("H", (z + w * p_i for w, p_i in zip(weights, p, strict=True)))),
        (c, number(1)),
    )
    inner_product(dialogue, n, claim, weights)


def product(dialogue: Dialogue, entries: int, w: Sum, x: Sum, t: Sum) -> None:
    """4.4."""
    e = dialogue.challenge("e")
    inner_product(dialogue, entries, combine((e, w), (e * e, x), (e**3, t)))


@dataclass
class Relation:
    """What a statement gives at move 3 of a lookup."""

    p: list[int]
    q_extras: list[int]
    c: int
    v: Sum


def lookup(
    dialogue: Dialogue,
    *,
    digits: int,
    extras: int,
    alpha: int,
    c_d: Sum,
    c_r: Sum,
    relation: Callable[[int, int], Relation],
) -> None:
    """4.5 from move 3 on; `relation` is called with y and z, and gives p without the padding."""
    n = pad(digits + 256 + extras)
    require(n <= MOST_ENTRIES, "an argument has too many entries")
    y, z = dialogue.challenge("y"), dialogue.challenge("z")
    given = relation(y, z)
    e = dialogue.challenge("e")
    omega = list(islice(powers(y, 1), n))
    weights = list(islice(powers(inverse(y), 1), n))
    require(all((alpha + t) % ORDER for t in range(256)), "alpha is minus a byte")
    q = [alpha * w + z for w in omega[:digits]] + [0] * 256 + given.q_extras
    q += [0] * (n - len(q))
    p = given.p + [0] * (n - len(given.p))
    p[digits : digits + 256] = [-z * inverse(alpha + t) for t in range(256)]
    scaled_q = [w * q_i % ORDER for w, q_i in zip(weights, q, strict=True)]
    constant = given.c + sum(omega[:digits])
    constant += sum(q_i * p_i for q_i, p_i in zip(scaled_q, p, strict=True))
    claim = combine(
        (e, c_d),
        (e * e, c_r),
        (e**3, given.v),
        (e, vector("G", scaled_q)),
        (e * e, vector("H", (w * p_i for w, p_i in zip(weights, p, strict=True)))),
        (e**3 * constant, number(1)),
    )
    inner_product(dialogue, n, claim, weights)
