"""Noise: exact in distribution, unknown to everybody, on shares as in the clear."""

import math
import os
import random
from fractions import Fraction

import numpy as np
import pytest
from scipy import stats

from mpc_jobs import field
from mpc_jobs.models import Descent, FixedPoint, LinearModel
from mpc_jobs.privacy.discrete_gaussian import discrete_gaussian, tail_bound
from mpc_jobs.privacy.noise import NoisePlan, NoisyArithmetic
from mpc_jobs.sharing import Scheme
from mpc_jobs.sigmoid import SIGMOIDS
from mpc_jobs.twin import PlainArithmetic
from redactory.errors import InputError, PolicyError

FULL = bool(os.environ.get("REDACTORY_FULL"))


@pytest.mark.parametrize("variance", [Fraction(1, 3), Fraction(2), Fraction(49, 4), Fraction(400)])
def test_samples_follow_the_discrete_gaussian(variance):
    count = 500_000 if FULL else 10_000
    found = np.array(discrete_gaussian(variance, count, random.Random(1).randrange))
    reach = int(4 * math.sqrt(variance)) + 1
    values = np.arange(-reach, reach + 1)
    weights = np.exp(-(values**2) / (2 * float(variance)))
    inside = found[np.abs(found) <= reach]
    counts = np.bincount(inside + reach, minlength=values.size)
    expected = weights / weights.sum() * inside.size
    keep = expected >= 5
    observed = np.append(counts[keep], counts[~keep].sum())
    wanted = np.append(expected[keep], expected[~keep].sum())
    if wanted[-1] < 1:
        observed, wanted = observed[:-1], wanted[:-1] * observed[:-1].sum() / wanted[:-1].sum()
    assert stats.chisquare(observed, wanted).pvalue > 1e-4


def test_wide_samples_have_the_wanted_spread():
    found = np.array(discrete_gaussian(1 << 80, 4000, random.Random(2).randrange), float) / 2**40
    assert stats.kstest(found, "norm").pvalue > 1e-4


def test_tails_are_as_light_as_promised():
    assert 2 * math.exp(-(tail_bound(100, 20) ** 2) / 200) <= 2**-20
    found = discrete_gaussian(9, 5000, random.Random(3).randrange)
    assert max(map(abs, found)) < tail_bound(9, 60)


@pytest.mark.parametrize("variance", [0, -1])
def test_noise_needs_a_variance(variance):
    with pytest.raises(InputError):
        discrete_gaussian(variance, 1)


def _plan(scheme: Scheme, **options) -> NoisePlan:
    given = {"sensitivity": 1 << 40, "multiplier": 4.0, "epochs": 3, "delta": 1e-6}
    return NoisePlan(scheme, **{**given, **options})


def test_what_t_parties_cannot_take_away_is_the_whole_noise(scheme):
    plan = _plan(scheme)
    left = plan.party_variance * (scheme.n - scheme.t)
    wanted = (Fraction(plan.multiplier) * plan.sensitivity) ** 2
    assert wanted <= left <= wanted * (1 + Fraction(1, 10**9))


def test_noise_that_is_too_fine_is_refused(scheme):
    with pytest.raises(PolicyError, match="too fine"):
        _plan(scheme, sensitivity=10)


def test_the_dealt_noise_is_the_sum_of_all_parts(scheme):
    plan = _plan(scheme)
    parts = [plan.deal((4, 1), os.urandom) for _ in scheme.parties]
    total = parts[0]
    for part in parts[1:]:
        total = [field.add(a, b) for a, b in zip(total, part, strict=True)]
    opened = field.to_signed(scheme.reconstruct(dict(enumerate(total, start=1)), degree=scheme.t))
    each = [
        field.to_signed(scheme.reconstruct(dict(enumerate(p, start=1)), degree=scheme.t))
        for p in parts
    ]
    assert (opened == sum(each)).all()
    assert (np.abs(opened.astype(float)) < plan.bound).all()


def _model(d: int) -> LinearModel:
    point = FixedPoint(weight_bits=20, feature_bits=16, label_bits=0)
    return LinearModel(Descent(point, 0.5, 0.0, 4.0, SIGMOIDS[3]), d, 1)


def test_a_noisy_step_on_shares_is_the_noisy_step_in_the_clear(scheme, parties, rebuilt):
    random = np.random.default_rng(5)
    d, n = 5, 12
    x = np.trunc(random.uniform(-0.4, 0.4, (n, d)) * 2**16).astype(np.int64)
    y = random.integers(0, 2, (n, 1))
    plan = _plan(scheme, sensitivity=1 << 36)
    dealt = [plan.deal((d, 1), os.urandom) for _ in scheme.parties]
    model = _model(d)
    sx, sy = (scheme.share(field.from_signed(v)) for v in (x, y))

    def work(arithmetic):
        me = arithmetic.mesh.me - 1
        mine = dealt[0][me]
        for part in dealt[1:]:
            mine = field.add(mine, part[me])
        noisy = NoisyArithmetic(arithmetic, iter([mine]))
        weights = [field.zeros((d, 1))]
        done = model.step(noisy, weights, sx[me], sy[me])
        with pytest.raises(PolicyError, match="used up"):
            noisy.transposed_matmul(sx[me], sy[me])
        return done[0]

    shared = rebuilt(scheme, parties(scheme, work, width=66))
    noise = sum(
        field.to_signed(scheme.reconstruct(dict(enumerate(p, start=1)), degree=scheme.t))
        for p in dealt
    )
    plain = PlainArithmetic(width=100)
    clear = model.step(
        NoisyArithmetic(plain, iter([noise])),
        [plain.lift(np.zeros((d, 1), int))],
        plain.lift(x),
        plain.lift(y),
    )[0]
    quiet = model.step(plain, [plain.lift(np.zeros((d, 1), int))], plain.lift(x), plain.lift(y))[0]
    off = np.abs((shared - clear).astype(float)).max()
    assert off <= 4 * len(scheme.key_sets)
    assert np.abs((clear - quiet).astype(float)).max() > 100 * off
