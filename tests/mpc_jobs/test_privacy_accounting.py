"""The budget: closed form against a kept library, sensitivity against the worst record."""

import json
import math
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mpc_jobs.privacy.accounting import Spent, confirm, multiplier_for, rho_of, spent
from mpc_jobs.privacy.sensitivity import Record, gradient_sensitivity
from mpc_jobs.sigmoid import SIGMOIDS
from redactory.errors import InputError, PolicyError

CASES = [(0.01, 1e-5), (0.2, 1e-5), (0.5, 1e-6), (2.0, 1e-7), (10.0, 1e-9)]

_THEIRS = """
import json, sys, dp_accounting
from dp_accounting import pld, rdp
out = []
for rho, delta in json.loads(sys.argv[1]):
    a = rdp.RdpAccountant(orders=[1.01 * 1.01**k for k in range(1400)])
    a.compose(dp_accounting.ZCDpEvent(rho))
    g = pld.PLDAccountant()
    g.compose(dp_accounting.GaussianDpEvent((1 / (2 * rho)) ** 0.5))
    out.append((a.get_epsilon(delta), g.get_epsilon(delta)))
print(json.dumps(out))
"""


@pytest.fixture(scope="module")
def dp_python(unavailable) -> str:
    """The interpreter of an environment with dp-accounting, which Airflow's pins exclude here."""
    path = os.environ.get("REDACTORY_DP_PYTHON", "")
    if not Path(path).is_file():
        unavailable(
            "dp-accounting",
            "REDACTORY_DP_PYTHON names no interpreter of an environment with the 'dp' extra",
        )
    return path


def test_the_closed_form_is_that_of_dp_accounting(dp_python):
    done = subprocess.run(
        [dp_python, "-c", _THEIRS, json.dumps(CASES)], capture_output=True, text=True, check=True
    )
    for (rho, delta), (theirs, exact) in zip(CASES, json.loads(done.stdout), strict=True):
        ours = spent(rho, delta).epsilon
        assert ours == pytest.approx(theirs, rel=1e-6)
        # zCDP may give a little away to the exact privacy loss, and must not claim more.
        assert exact * 0.999 <= ours <= exact * 1.25


def test_the_conversion_is_between_the_known_bounds():
    for rho, delta in CASES:
        found = spent(rho, delta).epsilon
        simple = rho + 2 * math.sqrt(rho * math.log(1 / delta))
        assert 0 < found <= simple
        assert found >= _gaussian_epsilon(rho, delta) * 0.999


def _gaussian_epsilon(rho: float, delta: float) -> float:
    """The exact ε of one continuous Gaussian (Balle and Wang, ICML 2018, Theorem 8)."""
    ratio = math.sqrt(2 * rho)  # Δ/σ

    def phi(x: float) -> float:
        return 0.5 * math.erfc(-x / math.sqrt(2))

    def given(epsilon: float) -> float:
        low = phi(ratio / 2 - epsilon / ratio)
        return low - math.exp(epsilon) * phi(-ratio / 2 - epsilon / ratio)

    low, high = 0.0, 200.0
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if given(middle) > delta else (low, middle)
    return high


def test_nothing_released_costs_nothing():
    assert spent(rho_of(3.0, 0), 1e-5).epsilon == 0


@given(st.floats(0.1, 20), st.integers(1, 200))
def test_the_multiplier_meets_the_budget_and_hardly_more(epsilon, releases):
    multiplier = multiplier_for(epsilon, 1e-6, releases)
    assert spent(rho_of(multiplier, releases), 1e-6).epsilon <= epsilon
    assert spent(rho_of(multiplier * 0.99, releases), 1e-6).epsilon > epsilon * 0.97


@given(st.floats(1e-4, 5), st.floats(1.01, 3))
def test_more_releases_cost_more(rho, factor):
    assert spent(rho * factor, 1e-6).epsilon >= spent(rho, 1e-6).epsilon


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: spent(0.1, 0),
        lambda: spent(0.1, 1),
        lambda: spent(-0.1, 1e-5),
        lambda: spent(math.nan, 1e-5),
        lambda: rho_of(0, 3),
        lambda: rho_of(math.nan, 3),
        lambda: multiplier_for(0, 1e-5, 1),
        lambda: multiplier_for(1, 1e-5, 0),
    ],
)
def test_what_is_no_budget_is_refused(wrong):
    with pytest.raises(InputError):
        wrong()


def test_a_budget_that_nothing_meets_is_refused():
    with pytest.raises(PolicyError):
        multiplier_for(1e-12, 1e-5, 10**9)


def test_without_the_library_nothing_is_confirmed():
    try:
        import dp_accounting  # noqa: F401
    except ImportError:
        assert confirm(spent(0.1, 1e-5)) is None
    else:
        assert confirm(spent(0.1, 1e-5)) == pytest.approx(spent(0.1, 1e-5).epsilon, rel=1e-6)
        with pytest.raises(PolicyError):
            confirm(Spent(0.1, 0.01, 1e-5))


@given(
    st.sampled_from([3, 5, 7]),
    st.floats(0.05, 3.9),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.0, 1.0]),
)
def test_no_record_moves_the_gradient_further(degree, proven, seed, label):
    """Integer records at the edge of every bound, in the engine's own fixed point."""
    random = np.random.default_rng(seed)
    bits, feature_bits = 20, 16
    x = random.standard_normal(8)
    x = np.trunc(x / np.linalg.norm(x) * 2**feature_bits)
    row = np.append(x, 2**feature_bits)
    record = Record(norm=1.0, constant=1.0, feature_bits=feature_bits)
    bound = gradient_sensitivity(
        record, SIGMOIDS[degree], proven_scores=proven, weight_bits=bits, units_off=6
    )
    for z in np.append(random.uniform(-proven, proven, 20), [proven, -proven]):
        residual = np.rint((SIGMOIDS[degree](np.array([z]))[0] - label) * 2**bits) + 6
        assert np.linalg.norm(row * residual) <= bound


def test_without_a_proven_range_there_is_no_budget():
    with pytest.raises(PolicyError, match="proven range"):
        gradient_sensitivity(
            Record(1.0, 1.0, 20), SIGMOIDS[3], proven_scores=math.inf, weight_bits=20, units_off=6
        )
