"""Vectors of scalars: both engines against Python's integers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redactory.errors import ProofError
from zk_proofs.curve import L
from zk_proofs.self_test import check

scalar = st.integers(0, L - 1) | st.sampled_from([0, 1, L - 1, L - 2, 2**252, 2**64 - 1, 2**192])
pairs = st.lists(st.tuples(scalar, scalar), min_size=1, max_size=20)


@settings(max_examples=60)
@given(pairs, scalar)
def test_arithmetic(compiled, plain, both, x):
    a, b = [p[0] for p in both], [p[1] for p in both]
    expected = {
        "add": [(u + v) % L for u, v in both],
        "subtract": [(u - v) % L for u, v in both],
        "multiply": [u * v % L for u, v in both],
        "outer": [u * v % L for u in a for v in b],
    }
    for engine in (compiled, plain):
        va, vb = engine.vector(a), engine.vector(b)
        for name, result in expected.items():
            assert engine.integers(getattr(engine, name)(va, vb)) == result
        assert engine.dot(va, vb) == sum(u * v for u, v in both) % L
        assert engine.integers(engine.scale(x, va)) == [x * u % L for u in a]
        assert engine.integers(engine.shift(x, va)) == [(x + u) % L for u in a]
        assert engine.integers(engine.add_scaled(x, va, vb)) == [(x * u + v) % L for u, v in both]
        assert engine.integers(engine.powers(x, 5, 3)) == [3 * x**i % L for i in range(5)]


@settings(max_examples=30)
@given(st.lists(scalar, max_size=6))
def test_subset_products(compiled, plain, factors):
    expected = []
    for index in range(1 << len(factors)):
        product = 1
        for position, factor in enumerate(factors):
            if index >> (len(factors) - 1 - position) & 1:
                product = product * factor % L
        expected.append(product)
    for engine in (compiled, plain):
        assert engine.integers(engine.subset_products(factors)) == expected


@given(st.lists(st.integers(), max_size=20))
def test_integers_of_any_sign_and_size_are_reduced(compiled, plain, values):
    for engine in (compiled, plain):
        assert engine.integers(engine.vector(values)) == [value % L for value in values]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=20))
def test_arrays_of_machine_integers(compiled, values):
    array = np.array(values, np.int64)
    assert compiled.integers(compiled.vector(array)) == [value % L for value in values]


@pytest.mark.parametrize("bound", [1, 2**11, 2**31 - 1])
def test_combinations_of_rows_are_exact_at_the_limits(compiled, plain, bound):
    random = np.random.default_rng(7)
    rows = random.choice([-bound, bound, 0, bound - 1], size=(300, 5))
    factors = [int.from_bytes(random.bytes(32), "little") % L for _ in range(300)]
    factors[0] = L - 1
    expected = [
        sum(f * int(x) for f, x in zip(factors, column, strict=True)) % L for column in rows.T
    ]
    for engine in (compiled, plain):
        assert engine.integers(engine.combine(rows, factors)) == expected


def test_tables_are_read_by_bytes(engine):
    table = engine.vector(range(1000, 1256))
    assert engine.integers(engine.take(table, b"\x00\xff\x07")) == [1000, 1255, 1007]


def test_an_engine_that_is_wrong_is_found(compiled, plain, monkeypatch):
    check(compiled)
    monkeypatch.setattr(type(compiled), "add_points", lambda _self, p, _q: p)
    with pytest.raises(ProofError, match="wrong results"):
        check(compiled)
