"""The field's kernels against Python's integers, at random and at the edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpc_jobs import field
from mpc_jobs.field import P
from redactory.errors import PartyError

EDGES = [0, 1, 2, P - 1, P - 2, P // 2, P // 2 + 1, (1 << 26) - 1, 1 << 26, 1 << 52, 1 << 63]
EDGES += [(1 << 64) - 1, 1 << 64, (1 << 64) + 1, (1 << 104) - 1, 1 << 126, P - (1 << 64)]
elements = st.one_of(st.sampled_from(EDGES), st.integers(0, P - 1))
lists = st.lists(elements, min_size=1, max_size=12)


def _of(values, shape=None):
    return field.from_integers(values, shape or (len(values),))


@given(st.data())
def test_elementwise(data):
    a = data.draw(lists)
    b = data.draw(st.lists(elements, min_size=len(a), max_size=len(a)))
    c = data.draw(st.integers(-P, 2 * P))
    for ours, true in (
        (field.add, lambda x, y: x + y),
        (field.subtract, lambda x, y: x - y),
        (field.multiply, lambda x, y: x * y),
        (lambda x, y: field.scale_add(x, y, c), lambda x, y: x + c * y),
        (lambda x, y: field.horner_step(x, c, y), lambda x, y: x * c + y),
    ):
        result = ours(_of(a), _of(b))
        assert list(field.to_integers(result)) == [
            true(x, y) % P for x, y in zip(a, b, strict=True)
        ]
        assert field.is_canonical(result)


@given(lists, st.integers(0, 126))
def test_shifts(values, bits):
    assert list(field.to_integers(field.shift_right(_of(values), bits))) == [
        v >> bits for v in values
    ]


@given(lists)
def test_inverse_square_roots_of_squares(values):
    values = [v or 1 for v in values]
    squares = [v * v % P for v in values]
    roots = field.to_integers(field.inverse_square_root(_of(squares)))
    assert all(root * root * square % P == 1 for root, square in zip(roots, squares, strict=True))


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 511, 1), (2, 512, 2), (2, 513, 1), (2, 1100, 3)])
@pytest.mark.parametrize("kind", ["random", "largest"])
def test_matrix_products(shape, kind):
    n, d, k = shape
    generator = np.random.default_rng(n * d * k)

    def drawn(*sizes):
        count = int(np.prod(sizes))
        if kind == "largest":
            return [P - 1] * count
        return [int.from_bytes(generator.bytes(16), "little") % P for _ in range(count)]

    x, w, e = drawn(n, d), drawn(d, k), drawn(n, k)
    xs, ws, es = (
        np.array(v, object).reshape(s) for v, s in ((x, (n, d)), (w, (d, k)), (e, (n, k)))
    )
    product = field.matmul(_of(x, (n, d)), _of(w, (d, k)))
    assert (field.to_integers(product) == (xs @ ws) % P).all()
    product = field.transposed_matmul(_of(x, (n, d)), _of(e, (n, k)))
    assert (field.to_integers(product) == (xs.T @ es) % P).all()


@pytest.mark.parametrize("rows", [513, 1025])
def test_many_rows_do_not_overflow_the_accumulators(rows):
    x = field.filled((rows, 2), P - 1)
    product = field.transposed_matmul(x, field.filled((rows, 1), P - 1))
    assert (field.to_integers(product) == rows).all()


@given(st.lists(st.integers(-(1 << 63), (1 << 63) - 1), min_size=1, max_size=8))
def test_signed_integers(values):
    a = field.from_signed(np.array(values, np.int64))
    assert field.is_canonical(a)
    assert list(field.to_signed(a)) == values
    assert list(field.to_int64(a)) == values


@given(lists)
def test_stored_and_sent_forms(values):
    a = _of(values)
    assert (field.decode(field.encode(a), (len(values),), where="x") == a).all()
    row = a.reshape(2, 1, -1)
    raw = field.to_rows(row)
    assert raw.tobytes() == b"".join(v.to_bytes(16, "little") for v in values)
    assert (field.from_rows(raw) == row).all()


@pytest.mark.parametrize("value", [P, P + 1, (1 << 128) - 1, 1 << 127])
def test_numbers_that_are_no_elements_are_refused(value):
    words = np.array([value & ((1 << 64) - 1), value >> 64], "<u8")
    with pytest.raises(PartyError, match="no element"):
        field.decode(words.tobytes(), (1,), where="party 2")


@pytest.mark.parametrize("size", [0, 15, 17, 32])
def test_messages_of_the_wrong_length_are_refused(size):
    with pytest.raises(PartyError, match="wrong length"):
        field.decode(bytes(size), (1,), where="party 2")
