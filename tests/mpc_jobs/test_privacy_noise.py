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
from mpc_jobs.privacy.noise import NoisePlan, NoisyArithmetic, epoch_noise
from mpc_jobs.sharing import Scheme
from mpc_jobs.sigmoid import SIGMOIDS
from mpc_jobs.twin import PlainArithmetic
from redactory.errors import InputError, PartyError, PolicyError

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
    wanted = (Fraction(plan.multiplier) * plan.sensitivity) ** 2
    for present in range(2 * scheme.t + 1, scheme.n + 1):
        left = plan.party_variance(present) * (present - scheme.t)
        assert wanted <= left <= wanted * (1 + Fraction(1, 10**9))
    with pytest.raises(PartyError):
        plan.party_variance(scheme.t)


def test_noise_that_is_too_fine_is_refused(scheme):
    with pytest.raises(PolicyError, match="too fine"):
        _plan(scheme, sensitivity=10)


def test_the_dealt_noise_is_the_sum_of_all_parts(scheme):
    plan = _plan(scheme)
    parts = [plan.deal((4, 1), present=scheme.n) for _ in scheme.parties]
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
    d, n, steps = 5, 12, 2
    x = np.trunc(random.uniform(-0.4, 0.4, (n, d)) * 2**16).astype(np.int64)
    y = random.integers(0, 2, (n, 1))
    plan = _plan(scheme, sensitivity=1 << 36)
    model = _model(d)
    sx, sy = (scheme.share(field.from_signed(v)) for v in (x, y))

    def work(arithmetic):
        me = arithmetic.mesh.me - 1
        noise = list(epoch_noise(plan, arithmetic.mesh, (d, 1), steps=steps))
        noisy = NoisyArithmetic(arithmetic, iter(noise))
        weights = [field.zeros((d, 1))]
        for _ in range(steps):
            weights = model.step(noisy, weights, sx[me], sy[me])
        with pytest.raises(PolicyError, match="used up"):
            noisy.transposed_matmul(sx[me], sy[me])
        return weights[0], noise

    found = parties(scheme, work, width=66)
    shared = rebuilt(scheme, {n: weights for n, (weights, _) in found.items()})
    noise = [
        rebuilt(scheme, {n: parts[step] for n, (_, parts) in found.items()})
        for step in range(steps)
    ]
    plain = PlainArithmetic(width=100)

    def in_the_clear(arithmetic):
        weights = [plain.lift(np.zeros((d, 1), int))]
        for _ in range(steps):
            weights = model.step(arithmetic, weights, plain.lift(x), plain.lift(y))
        return weights[0]

    clear = in_the_clear(NoisyArithmetic(plain, iter(noise)))
    off = np.abs((shared - clear).astype(float)).max()
    assert off <= 8 * len(scheme.key_sets)
    assert np.abs((clear - in_the_clear(plain)).astype(float)).max() > 100 * off
    for part in noise:
        assert np.linalg.norm(part.astype(float)) < plan.norm(d, 40)


def test_a_party_that_is_lost_while_noise_is_dealt_stops_the_epoch(parties):
    scheme = Scheme(4, 1)

    def work(arithmetic):
        whole = arithmetic.mesh.exchange

        def lossy(payloads, *, own, length=None):
            received = whole(payloads, own=own, length=length)
            received.pop(min(payloads))
            return received

        arithmetic.mesh.exchange = lossy
        with pytest.raises(PartyError, match="while noise was dealt"):
            next(epoch_noise(_plan(scheme), arithmetic.mesh, (3, 1), steps=1))

    parties(scheme, work)
