"""A job with a budget: refused where nothing is proven, and then as noisy as it must be."""

import numpy as np
import pytest

from mpc_jobs import field
from mpc_jobs.privacy.accounting import spent
from mpc_jobs.privacy.noise import NoisyArithmetic, epoch_noise
from mpc_jobs.privacy.planning import Budget, PrivateProgram, compile_private
from mpc_jobs.sharing import Scheme
from mpc_jobs.training_spec import Features, Labels, Training
from redactory.errors import PolicyError

FEATURES = Features(columns=16, fraction_bits=16, largest=1 << 16, norm=1.0)
TRAINING = Training(epochs=4, batch_rows=2000, learning_rate=0.5)
BUDGET = Budget(epsilon=2.0, delta=1e-6, epochs=4)


THREE = Scheme(3, 1)


def _compiled(scheme: Scheme = THREE, **changes) -> PrivateProgram:
    given = {"training": TRAINING, "features": FEATURES, "labels": Labels(), "steps": 4}
    given |= {"least_rows": 2000, "budget": BUDGET, **changes}
    return compile_private(scheme, **given)


def test_the_noise_keeps_the_budget(scheme):
    private = _compiled(scheme)
    assert private.noise.spent.epsilon <= 2.0
    assert private.noise.spent == spent(private.noise.spent.rho, 1e-6)
    # No record with ‖x‖ ≤ 1 and a constant 1 can add more than √2 · |p − y|.
    assert private.noise.sensitivity > 2**0.5 * 2**36 * 0.9
    assert private.width > private.program.width or private.noise.bound < 2**60
    assert private.proven_scores > private.program.proven_scores


def test_a_smaller_budget_takes_more_noise():
    strict = _compiled(budget=Budget(1.0, 1e-6, 4))
    assert strict.noise.multiplier > _compiled().noise.multiplier
    assert strict.proven_scores > _compiled().proven_scores


@pytest.mark.parametrize(
    "changes",
    [
        {"least_rows": 4},  # a tiny last batch takes a huge step in a random direction
        {"budget": Budget(0.001, 1e-6, 4)},
        {"steps": 400},
        {"training": TRAINING.model_copy(update={"learning_rate": 4.0, "assume_range": True})},
    ],
)
def test_scores_that_may_leave_their_range_are_refused_whoever_vouches(changes):
    with pytest.raises(PolicyError, match="range"):
        _compiled(**changes)


@pytest.mark.parametrize("model", ["linear", "network"])
def test_models_without_a_bound_on_gradients_have_no_budget(model):
    training = TRAINING.model_copy(update={"model": model, "assume_range": True})
    with pytest.raises(PolicyError, match="only logistic"):
        _compiled(training=training)


def test_private_training_on_shares_learns_and_stays_in_its_range(parties, rebuilt):
    scheme = Scheme(3, 1)
    random = np.random.default_rng(2)
    x = random.standard_normal((2000, 16))
    x = np.trunc(x / np.linalg.norm(x, axis=1, keepdims=True) * 2**16).astype(np.int64)
    y = (x[:, :1] > 0).astype(np.int64)
    full = np.hstack([x, np.full((2000, 1), 1 << 16)])
    private = _compiled(scheme)
    sx, sy = (scheme.share(field.from_signed(v)) for v in (full, y))

    def work(arithmetic):
        me = arithmetic.mesh.me - 1
        model = private.program.model
        weights = [field.from_signed(w) for w in model.initial()]
        for _ in range(4):
            noise = epoch_noise(private.noise, arithmetic.mesh, (17, 1), steps=1)
            noisy = NoisyArithmetic(arithmetic, noise)
            weights = model.step(noisy, weights, sx[me], sy[me])
        return weights[0]

    weights = rebuilt(scheme, parties(scheme, work, width=private.width)).astype(float) / 2**20
    scores = full @ weights / 2**16
    assert ((scores > 0) == (y > 0)).mean() > 0.8
    assert np.abs(scores).max() < private.proven_scores
