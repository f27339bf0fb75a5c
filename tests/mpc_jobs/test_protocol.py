"""Sharing, the fused opening and models on shares, against integers in the clear."""

import os

import numpy as np
import pytest

from mpc_jobs import field, kernels
from mpc_jobs.comparing import are_negative, largest_column, random_bits
from mpc_jobs.compiling import compile_program, one
from mpc_jobs.sharing import Scheme
from mpc_jobs.training_spec import Features, Labels, Training
from mpc_jobs.twin import PlainArithmetic
from mpc_jobs.warm_up import warm_up
from redactory.errors import PartyError

CHUNK = 50_000
CHUNKS = 50 if os.environ.get("REDACTORY_FULL") else 1  # in all four schemes: 10^7 products


def test_truncation_is_off_by_no_more_than_a_unit_for_each_key_set(scheme, parties):
    generator = np.random.default_rng(5)
    units, errors = len(scheme.key_sets), []
    for _ in range(CHUNKS):
        a = generator.integers(-(1 << 24), 1 << 24, CHUNK)
        b = generator.integers(-(1 << 24), 1 << 24, CHUNK)
        a[:4], b[:4] = [0, -1, (1 << 24) - 1, -(1 << 24)], [0, 1, (1 << 24) - 1, (1 << 24) - 1]
        x, y = (scheme.share(field.from_signed(v)) for v in (a, b))

        def work(arithmetic, x=x, y=y):
            me = arithmetic.mesh.me - 1
            return arithmetic.truncate((arithmetic.multiply(x[me], y[me]), 20))[0]

        result = field.to_int64(scheme.reconstruct(parties(scheme, work), degree=scheme.t))
        errors.append(result - a * b / 2**20)
    found = np.concatenate(errors)
    assert abs(found).max() <= (units + 1) / 2
    assert abs(found.mean()) < 5 * found.std() / np.sqrt(found.size)


def test_products_keep_no_higher_degree(scheme, parties, rebuilt):
    x = scheme.share(field.from_signed(np.array([3, -4, 1 << 40])))

    def work(arithmetic):
        mine = x[arithmetic.mesh.me - 1]
        product = arithmetic.multiply(mine, mine)
        (reduced,) = arithmetic.reduce(product)
        return reduced

    assert list(rebuilt(scheme, parties(scheme, work))) == [9, 16, 1 << 80]


def test_revealing_needs_no_reduction(scheme, parties):
    x = scheme.share(field.from_signed(np.array([7, -9])))

    def work(arithmetic):
        mine = x[arithmetic.mesh.me - 1]
        return field.to_signed(arithmetic.reveal(arithmetic.multiply(mine, mine))[0])

    assert all(list(seen) == [49, 81] for seen in parties(scheme, work).values())


@pytest.mark.parametrize("scheme", [(4, 1)], indirect=True)
def test_a_wrong_share_is_noticed_where_shares_are_redundant(scheme, parties):
    x = scheme.share(field.from_signed(np.arange(8)))

    def work(arithmetic):
        mine = x[arithmetic.mesh.me - 1]
        return arithmetic.truncate((arithmetic.multiply(mine, mine), 4))

    with pytest.raises(PartyError, match="do not fit together"):
        parties(scheme, work, liar=3)


@pytest.mark.parametrize("scheme", [(4, 1)], indirect=True)
def test_three_of_four_go_on(scheme, parties, rebuilt):
    x = scheme.share(field.from_signed(np.array([1 << 30, -5 << 20])))

    def work(arithmetic):
        mine = x[arithmetic.mesh.me - 1]
        return arithmetic.truncate((arithmetic.scale(mine, 3), 10))[0]

    values = rebuilt(scheme, parties(scheme, work, present=[1, 3, 4]))
    assert np.abs(values - [3 << 20, -15 << 10]).max() <= 3


MODELS = [
    ("logistic", {"sigmoid_degree": 3}),
    ("logistic", {"sigmoid_degree": 5, "l2": 0.01}),
    ("logistic", {"sigmoid_degree": 7, "class_weights": (2.5,)}),
    ("softmax", {"class_weights": (1.0, 2.0, 0.5)}),
    ("linear", {"l2": 0.1, "learning_rate": 0.2}),
    ("network", {"weight_bits": 16, "hidden": 4, "model_range": 16}),
]


@pytest.mark.parametrize(
    ("model", "options"), MODELS, ids=lambda v: v if isinstance(v, str) else ""
)
@pytest.mark.parametrize("scheme", [(3, 1), (5, 2)], indirect=True)
def test_models_on_shares_follow_their_plaintext_twin(scheme, parties, rebuilt, model, options):
    outputs = 3 if model == "softmax" else 1
    training = Training(model=model, batch_rows=40, assume_range=True, **options)
    features = Features(columns=6, fraction_bits=12, largest=1 << 12, norm=2.0)
    labels = (
        Labels(outputs=outputs, largest=1 << 10, fraction_bits=9)
        if model == "linear"
        else (Labels(outputs=outputs))
    )
    program = compile_program(scheme, training, features, labels, steps=6)
    generator = np.random.default_rng(3)
    x = generator.integers(-(1 << 11), 1 << 11, (40, 7))
    x[:, -1] = one(features)
    if model == "linear":
        y = (x[:, :1] + x[:, 1:2]) // 8
    else:
        y = np.eye(outputs, dtype=int)[generator.integers(0, outputs, 40)]
        y = (x[:, :outputs] > 0).astype(int) if outputs == 1 else y
    xs, ys = (scheme.share(field.from_signed(v)) for v in (x, y))
    start = program.model.initial()

    def work(arithmetic):
        me = arithmetic.mesh.me - 1
        weights = [field.from_signed(w) for w in start]
        for _ in range(6):
            weights = program.model.step(arithmetic, weights, xs[me], ys[me])
        assert arithmetic.mesh.rounds == 6 * program.rounds_a_step
        assert arithmetic.opened == 6 * program.opened_a_step
        return weights

    shares = parties(scheme, work, width=program.width)
    plain = PlainArithmetic(width=program.width)
    twin = [plain.lift(w) for w in start]
    for _ in range(6):
        twin = program.model.step(plain, twin, plain.lift(x), plain.lift(y))
    for layer, expected in enumerate(twin):
        got = rebuilt(scheme, {n: s[layer] for n, s in shares.items()})
        assert np.abs(got - expected).max() <= 60 * len(scheme.key_sets)
        assert np.abs(expected).max() > 1000


def test_kernels_are_compiled_for_one_kind_of_array():
    """Anything else would be compiled anew in every process."""
    warm_up(lambda _: None)
    names = ("add", "subtract", "multiply", "scale_add", "horner", "matmul", "transposed_matmul")
    for name in (*names, "shift_right", "inverse_square_root"):
        assert len(getattr(kernels, name).signatures) == 1, name


def test_schemes_that_cannot_work_are_refused():
    for n, t in ((2, 1), (4, 2), (3, 0), (31, 15)):
        with pytest.raises(Exception, match=r"parties"):
            Scheme(n, t)


def test_signs_without_opening_values(scheme, parties, rebuilt):
    generator = np.random.default_rng(11)
    values = generator.integers(-(1 << 22), 1 << 22, 60)
    values[:4] = [0, -1, (1 << 22) - 1, -(1 << 22)]
    x = scheme.share(field.from_signed(values))
    shares = parties(scheme, lambda a: are_negative(a, x[a.mesh.me - 1], bits=23))
    assert list(rebuilt(scheme, shares)) == list((values < 0).astype(int))


@pytest.mark.parametrize("columns", [2, 3, 5])
@pytest.mark.parametrize("scheme", [(3, 1)], indirect=True)
def test_the_largest_column(scheme, parties, rebuilt, columns):
    values = np.random.default_rng(1).permutation(40 * columns).reshape(40, columns) - 60
    x = scheme.share(field.from_signed(values))
    shares = parties(scheme, lambda a: largest_column(a, x[a.mesh.me - 1], bits=12))
    assert (rebuilt(scheme, shares) == np.eye(columns, dtype=int)[values.argmax(axis=1)]).all()


def test_random_bits_are_bits_and_even(scheme, parties, rebuilt):
    shares = parties(scheme, lambda a: random_bits(a, (2000,)))
    bits = rebuilt(scheme, shares)
    assert set(bits) == {0, 1}
    assert abs(sum(bits) - 1000) < 5 * np.sqrt(500)
