"""From a job's training specification to a program whose bounds are proven.

Two proofs are made before anything is shared.

*Width.* The program runs on bounds (:mod:`mpc_jobs.bounds`), with scores no larger than the
score bound, and the width must leave enough mask.

*Range.* That scores do stay in their bound. For w_0 = 0 and a residual p(z) − y that rises with
z, a gradient step of length η ≤ 2 / (s B² + λ) is not expansive (s: the steepest slope of p, B:
the bound on a row's norm), so ‖w‖ grows by at most η B r a step, where r is the residual of a
score of 0; with λ, it also shrinks by 1 − ηλ. Hence |z| ≤ B · ‖w‖ is bounded after every step.
If that is not within the score bound, the owners may vouch for the range instead, and the
model card says so; for a network there is no such proof.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import repeat

from mpc_jobs.arithmetic import Arithmetic
from mpc_jobs.bounds import Bound, BoundsArithmetic, require_hiding
from mpc_jobs.models import Descent, FixedPoint, LinearModel, Model, SquareNetwork
from mpc_jobs.privacy.noise import NoisePlan, NoisyArithmetic
from mpc_jobs.privacy.sensitivity import Record
from mpc_jobs.private_training import noise_growth, noise_of
from mpc_jobs.sharing import Scheme
from mpc_jobs.sigmoid import sigmoid_of
from mpc_jobs.training_spec import Features, Labels, Training
from redactory.errors import InputError, PolicyError

_LARGEST_PARAMETER = 1 << 31


@dataclass(frozen=True)
class Program:
    """A model ready to run.

    Attributes:
        model: its program.
        point: the fixed point.
        width: l, for every truncation.
        opened_a_step: elements opened by one mini-batch.
        rounds_a_step: rounds of one mini-batch.
        proven_scores: proven bound on the magnitude of scores; infinite if there is none.
        range_proven: whether that is within the bound that ``width`` relies on.
        noise: what is added to every gradient; None without a privacy budget.
    """

    model: Model
    point: FixedPoint
    width: int
    opened_a_step: int
    rounds_a_step: int
    proven_scores: float
    range_proven: bool
    noise: NoisePlan | None = None


def compile_program(
    scheme: Scheme,
    training: Training,
    features: Features,
    labels: Labels,
    *,
    steps: int,
    further_opened: int = 0,
) -> Program:
    """The program of a job.

    Args:
        scheme: parties and threshold.
        training: what to train.
        features: bounds on the features.
        labels: bounds on the labels.
        steps: mini-batches over the whole job.
        further_opened: elements that metrics and the hand-over open.

    Raises:
        PolicyError: the masks cannot hide it, or scores may leave their bound and nobody vouches.
        InputError: the model does not go with the labels.
    """
    _check_labels(training, labels)
    point = FixedPoint(training.weight_bits, features.fraction_bits, labels.fraction_bits)
    model = _model(training, point, features.columns + 1, labels)
    noise = _noise(scheme, training, model, features, labels)
    proven = _proven_scores(
        model, scheme, features, labels, steps, noise=noise, rows=training.batch_rows
    )
    bound = model.descent.score_bound
    if bound == math.inf:  # least squares: whatever is proven will do
        bound = proven
        model = replace(model, descent=replace(model.descent, score_bound=bound))
    rising = math.inf if model.descent.sigmoid is None else model.descent.sigmoid.rising
    range_proven = proven <= min(bound, rising) < math.inf
    if not range_proven and (noise is not None or not training.assume_range):
        raise PolicyError(
            f"scores may leave the range ±{min(bound, rising):.3g} that is provided for",
            hint="train less, with a smaller learning rate or with l2, or (without a privacy "
            "budget) vouch for the range: --assume-range, or assume_range = true",
        )
    width, opened, rounds = _widest(
        scheme, model, training, features, labels, proven=proven, noise=noise
    )
    require_hiding(scheme, width=width, opened=opened * steps + further_opened)
    return Program(model, point, width, opened, rounds, proven, range_proven, noise)


def one(features: Features) -> int:
    """The integer in the constant column of every row."""
    return min(1 << features.fraction_bits, features.largest)


def require_provable(training: Training, features: Features) -> None:
    """Refuse a committed model whose bias a proof could not hold.

    Raises:
        PolicyError: the constant times the largest weight is beyond 31 bits.
    """
    if one(features) << (training.model_range - 1) > _LARGEST_PARAMETER:
        raise PolicyError(
            f"the bias of a committed model could be beyond 31 bits: {features.fraction_bits} "
            f"fractional bits of features and weights of {training.model_range} bits",
            hint="lower model_range and model_bits, or build features with fewer scale_bits",
        )


def _check_labels(training: Training, labels: Labels) -> None:
    classes = training.model in ("logistic", "softmax")
    if classes and (labels.fraction_bits or labels.largest != 1):
        raise InputError("classes are labels of 0 and 1")
    if training.model == "logistic" and labels.outputs != 1:
        raise InputError("logistic regression has one output", hint="use softmax")
    if training.class_weights and len(training.class_weights) != labels.outputs:
        raise InputError("there must be one class weight for each output")


def _score_bound(training: Training) -> float:
    if training.score_bound is not None:
        return training.score_bound
    if training.model == "linear":
        return math.inf
    return sigmoid_of(training.sigmoid_degree).usable


def _model(
    training: Training, point: FixedPoint, columns: int, labels: Labels
) -> LinearModel | SquareNetwork:
    classes = labels.largest == 1 and not labels.fraction_bits
    squares = training.model == "linear" or (training.model == "network" and not classes)
    descent = Descent(
        point,
        training.learning_rate,
        training.l2,
        _score_bound(training),
        None if squares else sigmoid_of(training.sigmoid_degree),
        training.class_weights,
    )
    if training.model == "network":
        return SquareNetwork(
            descent, columns, training.hidden, labels.outputs, training.hidden_bound, training.seed
        )
    return LinearModel(descent, columns, labels.outputs)


def _widest(
    scheme: Scheme,
    model: Model,
    training: Training,
    features: Features,
    labels: Labels,
    *,
    proven: float,
    noise: NoisePlan | None,
) -> tuple[int, int, int]:
    arithmetic = BoundsArithmetic(scheme)
    x = Bound(training.batch_rows, features.columns + 1, max(features.largest, one(features)))
    y = Bound(training.batch_rows, labels.outputs, labels.largest)
    largest = 1 << (training.model_range - 1 + training.weight_bits - training.model_bits)
    if proven < math.inf:  # |z| ≤ B · ‖w‖ was proven by bounding ‖w‖
        largest = min(
            largest, math.ceil(math.ldexp(proven / _norm(features), training.weight_bits))
        )
    weights = [Bound(*shape, largest) for shape in model.shapes]
    chosen: Arithmetic[Bound] = arithmetic
    if noise is not None:
        chosen = NoisyArithmetic(arithmetic, repeat(Bound(*model.shapes[0], noise.bound)))
    model.step(chosen, weights, x, y)
    opened, rounds = arithmetic.opened, arithmetic.rounds
    # The weights themselves are truncated once, at the end.
    arithmetic.truncate(*((w, training.weight_bits - training.model_bits) for w in weights))
    return arithmetic.width, opened, rounds


def _noise(
    scheme: Scheme,
    training: Training,
    model: LinearModel | SquareNetwork,
    features: Features,
    labels: Labels,
) -> NoisePlan | None:
    if training.privacy is None:
        return None
    if isinstance(model, SquareNetwork) or model.descent.sigmoid is None:
        raise PolicyError("a privacy budget needs a linear model of classes")
    constant = one(features) / 2**features.fraction_bits
    record = Record(features.norm, constant, features.fraction_bits, labels.outputs)
    scores = min(model.descent.score_bound, model.descent.sigmoid.rising)
    return noise_of(scheme, training, training.privacy, model, record=record, scores=scores)


def _proven_scores(
    model: LinearModel | SquareNetwork,
    scheme: Scheme,
    features: Features,
    labels: Labels,
    steps: int,
    *,
    noise: NoisePlan | None,
    rows: int,
) -> float:
    """The bound of the module's docstring, with what truncation adds; infinite if there is none."""
    if isinstance(model, SquareNetwork):
        return math.inf
    descent = model.descent
    norm = _norm(features)
    counts = max((1.0, *descent.class_weights))
    sigmoid = descent.sigmoid
    slope = counts * (1.0 if sigmoid is None else sigmoid.steepest)
    if descent.learning_rate * (slope * norm**2 + descent.l2) > 2:
        return math.inf
    at_zero = 0.5 if sigmoid is not None else labels.largest / 2**labels.fraction_bits
    unit = (len(scheme.key_sets) + 1) / 2**descent.w
    rounding = unit * (math.sqrt(model.features) + 8 * descent.learning_rate * counts * norm)
    growth = descent.learning_rate * norm * counts * at_zero * (1 + 2**-9) + rounding
    if noise is not None:
        growth += noise_growth(noise, descent, model, rows=rows, steps=steps)
    shrink = 1 - descent.learning_rate * descent.l2
    total = steps if shrink == 1 else (1 - shrink**steps) / (1 - shrink)
    return float(norm * growth * total)


def _norm(features: Features) -> float:
    """B: the greatest norm of a row, its constant included."""
    return math.hypot(features.norm, one(features) / 2**features.fraction_bits)
