"""How much noise a job needs to keep within its privacy budget (:mod:`mpc_jobs.privacy`)."""

from __future__ import annotations

import math

from mpc_jobs.models import Descent, LinearModel
from mpc_jobs.privacy.accounting import multiplier_for
from mpc_jobs.privacy.noise import NoisePlan
from mpc_jobs.privacy.sensitivity import Record, gradient_sensitivity
from mpc_jobs.sharing import Scheme
from mpc_jobs.training_spec import Privacy, Training
from redactory.errors import PolicyError

_RARE_BITS = 40  # the noise of any step of a job is longer than proven with probability 2^-40


def noise_of(
    scheme: Scheme,
    training: Training,
    budget: Privacy,
    model: LinearModel,
    *,
    record: Record,
    scores: float,
) -> NoisePlan:
    """The noise that keeps a job within its budget.

    Args:
        scheme: parties and threshold.
        training: what is trained.
        budget: ε and δ.
        model: its program.
        record: bounds on a row.
        scores: bound on |z| that the job must prove, with this noise in its weights.

    Raises:
        PolicyError: there is no such bound on a record's part, or the noise would be too fine.
    """
    sigmoid = model.descent.sigmoid
    if sigmoid is None:
        raise PolicyError("a privacy budget needs classes", hint="logistic or softmax")
    # A residual goes through (degree + 1) / 2 truncations of the sigmoid, and one or two more.
    units_off = (len(scheme.key_sets) + 1) * (training.sigmoid_degree + 3)
    sensitivity = gradient_sensitivity(
        record,
        sigmoid,
        proven_scores=scores,
        weight_bits=training.weight_bits,
        units_off=units_off,
        largest_weight=max((1.0, *training.class_weights)),
    )
    multiplier = multiplier_for(budget.epsilon, budget.delta, training.epochs)
    return NoisePlan(scheme, sensitivity, multiplier, training.epochs, budget.delta)


def noise_growth(
    plan: NoisePlan, descent: Descent, model: LinearModel, *, rows: int, steps: int
) -> float:
    """How much longer the noise can make the weights in one step, but for a chance of 2^−40."""
    entries = model.features * model.outputs
    norm = plan.norm(entries, _RARE_BITS + math.ceil(math.log2(max(steps, 1))))
    units = 2.0 ** (descent.w + descent.point.feature_bits)
    return descent.learning_rate / rows * norm / units
