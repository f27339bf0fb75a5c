"""What a coalition sees does not depend on the secret; bounds refuse what could not be hidden."""

import itertools

import numpy as np
import pytest
from scipy.stats import chi2

from mpc_jobs import field
from mpc_jobs.bounds import required_kappa
from mpc_jobs.compiling import compile_program
from mpc_jobs.sharing import Scheme
from mpc_jobs.training_spec import Features, Labels, Training
from redactory.errors import InputError, PartyError, PolicyError

SAMPLES = 6000
BINS = 16


def _statistic(one, two):
    """Two-sample χ² of the leading bits, and its degrees of freedom."""
    counts = [np.bincount(v, minlength=BINS).astype(float) for v in (one, two)]
    seen = sum(counts) > 0
    difference = (counts[0] - counts[1])[seen] ** 2
    return float((difference / sum(counts)[seen]).sum()), int(seen.sum()) - 1


def _top(shares):
    return (shares[1] >> np.uint64(59)).astype(int)


def test_any_t_shares_look_the_same_whatever_the_secret(scheme):
    views = []
    for secret in (0, 1 << 100):
        shares = scheme.share(field.filled((SAMPLES,), secret))
        views.append([_top(share) for share in shares])
    for coalition in itertools.combinations(range(scheme.n), scheme.t):
        # The joint view: leading bits of all its shares, folded into one number.
        folded = [sum(v[i] * (2 * k + 1) for k, i in enumerate(coalition)) % BINS for v in views]
        statistic, freedom = _statistic(*folded)
        assert statistic < chi2.ppf(1 - 1e-6, freedom)


def test_t_plus_one_shares_rebuild_and_others_are_checked(scheme):
    secret = field.from_signed(np.array([5, -7, 1 << 40]))
    shares = dict(zip(scheme.parties, scheme.share(secret), strict=True))
    for chosen in itertools.combinations(scheme.parties, scheme.t + 1):
        some = {n: shares[n] for n in chosen}
        assert (scheme.reconstruct(some, degree=scheme.t) == secret).all()
    with pytest.raises(PartyError, match="cannot open"):
        scheme.reconstruct({1: shares[1]}, degree=scheme.t)
    shares[scheme.n] = field.shift(shares[scheme.n], 1)
    with pytest.raises(PartyError, match="do not fit"):
        scheme.reconstruct(shares, degree=scheme.t)


def test_an_opening_tells_a_coalition_nothing(parties):
    """c, less the masks that the coalition knows, looks the same for products of any size."""
    scheme = Scheme(3, 1)
    views = []
    for secret in (0, (1 << 28) - 1):
        x = scheme.share(field.filled((SAMPLES,), secret))
        seen = {}

        def work(arithmetic, x=x, seen=seen):
            mine = x[arithmetic.mesh.me - 1]
            original = arithmetic.scheme.reconstruct

            def spy(shares, *, degree, at=0):
                opened = original(shares, degree=degree, at=at)
                seen[arithmetic.mesh.me] = opened
                return opened

            arithmetic.scheme = type(
                "Spying",
                (),
                {
                    "reconstruct": staticmethod(spy),
                    "t": scheme.t,
                    "key_sets": scheme.key_sets,
                },
            )()
            return arithmetic.truncate((arithmetic.multiply(mine, mine), 20))

        parties(scheme, work)
        # The sum of three masks of 124 bits lies below 2^126: its leading bits.
        views.append((seen[1][1] >> np.uint64(58)).astype(int) % BINS)
    statistic, freedom = _statistic(*views)
    assert statistic < chi2.ppf(1 - 1e-6, freedom)


FEATURES = Features(columns=64, fraction_bits=16, largest=1 << 16, norm=1.0)


THREE = Scheme(3, 1)


def _compiled(scheme=THREE, features=FEATURES, steps=100, labels=None, **fields):
    return compile_program(scheme, Training(**fields), features, labels or Labels(), steps=steps)


def test_masks_are_long_enough_in_every_scheme(scheme):
    program = _compiled(scheme, assume_range=True)
    opened = program.opened_a_step * 100
    assert program.width <= scheme.mask_bits - required_kappa(opened)
    assert (1 << program.width) + len(scheme.key_sets) * (1 << scheme.mask_bits) < field.P


def test_what_would_overflow_is_refused():
    with pytest.raises(PolicyError, match="cannot be hidden"):
        _compiled(
            features=Features(columns=64, fraction_bits=30, largest=1 << 39, norm=1e3),
            assume_range=True,
            weight_bits=30,
        )


def test_more_openings_need_more_mask():
    assert required_kappa(10) == 55
    assert required_kappa(1 << 30) == 70
    with pytest.raises(PolicyError, match="κ = "):
        _compiled(assume_range=True, steps=1 << 45)


def test_a_range_that_is_proven_needs_nobodys_word():
    small = _compiled(steps=5, learning_rate=0.5)
    assert small.range_proven
    assert small.proven_scores < 4.0
    with pytest.raises(PolicyError, match="may leave the range"):
        _compiled(steps=500, learning_rate=0.5)
    # A penalty bounds the weights for good.
    assert _compiled(steps=2_000, learning_rate=0.5, l2=0.4).range_proven


@pytest.mark.parametrize("seed", range(5))
def test_no_training_leaves_the_proven_range(seed):
    """The worst rows for the bound: all alike, with all labels alike."""
    generator = np.random.default_rng(seed)
    program = _compiled(steps=12, learning_rate=0.3, batch_rows=8)
    descent = program.model.descent
    x = generator.standard_normal(64)
    x = np.append(x / np.linalg.norm(x), 1.0)
    w = np.zeros(65)
    for _ in range(12):
        w -= 0.3 * x * (descent.sigmoid(np.array(x @ w)) - 1.0)
        assert abs(x @ w) <= program.proven_scores


def test_least_squares_needs_no_word_at_all():
    program = _compiled(
        model="linear",
        learning_rate=0.2,
        l2=0.1,
        steps=50,
        labels=Labels(largest=1 << 12, fraction_bits=12),
    )
    assert program.range_proven


@pytest.mark.parametrize(
    ("fields", "labels"),
    [
        ({"model": "logistic"}, Labels(outputs=3)),
        ({"model": "softmax"}, Labels(outputs=3, fraction_bits=4, largest=99)),
        ({"model": "softmax", "class_weights": (1.0,)}, Labels(outputs=3)),
    ],
)
def test_labels_that_do_not_go_with_the_model(fields, labels):
    with pytest.raises(InputError):
        _compiled(labels=labels, assume_range=True, **fields)
