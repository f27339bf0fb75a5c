"""A few operations of every kind, whose results both engines must share.

Run on the compiled engine it loads or compiles every kernel; compared with the plain engine
it finds kernels that are wrong, whether by a fault of the compiler or because a cache of
compiled code is older than the code it was made from.
"""

from __future__ import annotations

from itertools import chain

from redactory.errors import ProofError
from zk_proofs.curve import L
from zk_proofs.engine import Engine, Vector
from zk_proofs.plain import PlainEngine

_FACTORS = (L - 3, 2**252 + 5)


def _scalars(engine: Engine, pair: Vector) -> list[list[int]]:
    rows = [[-7, 3, 2**31 - 1], [5, 0, -(2**31) + 1]]
    vectors = [
        engine.add(pair, pair),
        engine.subtract(engine.zeros(2), pair),
        engine.multiply(pair, pair),
        engine.outer(pair, pair),
        engine.scale(3, engine.shift(-4, pair)),
        engine.add_scaled(_FACTORS[0], pair, engine.powers(_FACTORS[1], 2, 9)),
        engine.subset_products(_FACTORS),
        engine.take(pair, b"\1\0"),
        engine.combine(rows, _FACTORS),
        engine.concatenated([pair[1:], pair]),
    ]
    return [[engine.dot(pair, pair)], *(engine.integers(one) for one in vectors)]


def _points(engine: Engine, pair: Vector) -> list[bytes]:
    two = engine.from_uniform([bytes(range(64)), bytes(range(64, 128))])
    two = engine.decode(engine.encode(two))
    prepared = engine.prepare(two)
    found = [
        engine.sum(pair, two),
        prepared.sum([(0, pair)]),
        prepared.sum_bytes(0, b"\2\xff"),
        prepared.sum_bits(0, 0, b"\1\0"),
        prepared.fold(0, 2, pair, 1),
        engine.fold(two, pair, 1),
        engine.add_points(two[:1], two[1:]),
        prepared.commit(0, [[-7, 2**61 + 12345], [300, 0]], 1, _FACTORS),
    ]
    return engine.encode(engine.join_points(found))


def results(engine: Engine) -> bytes:
    """What the operations give, in bytes."""
    pair, state = engine.vector(_FACTORS), bytearray(range(200))
    engine.permute(state)
    numbers = chain.from_iterable(_scalars(engine, pair))
    points = [*_points(engine, pair), engine.is_identity(engine.decode([bytes(32)])).to_bytes()]
    return b"".join([state, *(n.to_bytes(32, "little") for n in numbers), *points])


def check(engine: Engine) -> None:
    """Make sure that an engine gives the right results.

    Raises:
        ProofError: it does not.
    """
    if results(engine) != results(PlainEngine()):
        raise ProofError(
            "the compiled kernels give wrong results",
            hint="remove the __pycache__ of zk_proofs/kernels, or numba's cache folder",
        )
