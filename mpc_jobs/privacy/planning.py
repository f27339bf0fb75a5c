"""Training with a privacy budget, compiled: noise, range of scores, and width, all proven.

1. The sensitivity holds for scores within the range that the sigmoid is provided for.
2. The budget and the number of epochs give the noise.
3. Noise moves the weights. What it adds to the proven range of scores is bounded by its norm (but
   for a probability of 2^−60 a step), and the sum must still be within the range of step 1.
4. The width of intermediates is proven anew, the noise included.

Least squares and networks have no bound on a gradient without clipping, so they have no budget.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from mpc_jobs.bounds import Bound, BoundsArithmetic, require_hiding
from mpc_jobs.compiling import Program, compile_program, one
from mpc_jobs.models import LinearModel
from mpc_jobs.privacy.accounting import multiplier_for
from mpc_jobs.privacy.noise import NoisePlan, NoisyArithmetic
from mpc_jobs.privacy.sensitivity import Record, gradient_sensitivity
from mpc_jobs.sharing import Scheme
from mpc_jobs.sigmoid import sigmoid_of
from mpc_jobs.training_spec import Features, Labels, Training
from redactory.errors import PolicyError

_NORM_BITS = 60
_OFF_BY_TRUNCATIONS = 8  # as the range's own proof allows for


@dataclass(frozen=True)
class Budget:
    """What a job may tell about a record: (ε, δ), and how often each record is used."""

    epsilon: float
    delta: float
    epochs: int


@dataclass(frozen=True)
class PrivateProgram:
    """A program whose every gradient gets noise.

    Attributes:
        program: the model; its own width and range are those without noise.
        noise: the plan.
        width: l, for every truncation, the noise included.
        proven_scores: bound on the magnitude of scores, the noise included.
    """

    program: Program
    noise: NoisePlan
    width: int
    proven_scores: float


def compile_private(
    scheme: Scheme,
    training: Training,
    features: Features,
    labels: Labels,
    *,
    steps: int,
    least_rows: int,
    budget: Budget,
) -> PrivateProgram:
    """The program of a job with a privacy budget.

    Args:
        scheme: parties and threshold.
        training: what to train.
        features: bounds on the features.
        labels: bounds on the labels.
        steps: mini-batches over the whole job.
        least_rows: rows of its smallest mini-batch.
        budget: ε, δ and epochs.

    Raises:
        PolicyError: the model has no bound on its gradients, scores may leave their range, or
            the masks cannot hide the noise.
    """
    if training.model not in ("logistic", "softmax"):
        raise PolicyError(
            "only logistic models can be trained with a privacy budget",
            hint="choose the model logistic or softmax",
        )
    program = compile_program(scheme, training, features, labels, steps=steps)
    model = cast("LinearModel", program.model)
    sigmoid = sigmoid_of(training.sigmoid_degree)
    limit = min(model.descent.score_bound, sigmoid.rising)
    constant = one(features) / 2**features.fraction_bits
    record = Record(features.norm, constant, features.fraction_bits, labels.outputs)
    noise = NoisePlan(
        scheme,
        gradient_sensitivity(
            record,
            sigmoid,
            proven_scores=limit,
            weight_bits=training.weight_bits,
            units_off=_OFF_BY_TRUNCATIONS * (len(scheme.key_sets) + 1),
            largest_weight=max((1.0, *training.class_weights)),
        ),
        multiplier_for(budget.epsilon, budget.delta, budget.epochs),
        budget.epochs,
        budget.delta,
    )
    proven = program.proven_scores + _moved(noise, model, record, steps, least_rows)
    if proven > limit:
        raise PolicyError(
            f"with the noise of this budget scores may leave the range ±{limit:.3g}",
            hint="use larger mini-batches, a smaller learning rate, fewer steps, or a larger ε",
        )
    width, opened = _widest(model, training, features, labels, noise)
    require_hiding(scheme, width=width, opened=opened * steps)
    return PrivateProgram(program, noise, width, proven)


def _moved(
    noise: NoisePlan, model: LinearModel, record: Record, steps: int, least_rows: int
) -> float:
    """How far the noise of all steps can move a score: no step lets an earlier move grow."""
    descent = model.descent
    step = descent.learning_rate / least_rows * noise.norm(model.features, _NORM_BITS)
    row = (record.norm**2 + record.constant**2) ** 0.5
    return float(row * steps * step / 2 ** (descent.w + record.feature_bits))


def _widest(
    model: LinearModel,
    training: Training,
    features: Features,
    labels: Labels,
    noise: NoisePlan,
) -> tuple[int, int]:
    bounds = BoundsArithmetic(noise.scheme)
    added = Bound(model.features, model.outputs, noise.bound)
    largest = 1 << (training.model_range - 1 + training.weight_bits - training.model_bits)
    model.step(
        NoisyArithmetic(bounds, iter([added])),
        [Bound(model.features, model.outputs, largest)],
        Bound(training.batch_rows, model.features, max(features.largest, one(features))),
        Bound(training.batch_rows, labels.outputs, labels.largest),
    )
    return bounds.width, bounds.opened
