"""How far one record can move the gradient of a mini-batch, in units of the last place.

For the sum of (p(z) − y) · (x, 1) over a batch, a blank record contributes 0 and any other at most
‖(x, 1)‖ · M, where M bounds |p(z) − y| over the range of scores that was proven for the job. On
shares the residual is off by some units in the last place, which are added. Without a proven
range there is no bound, and training with a privacy budget is refused.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mpc_jobs.sigmoid import Sigmoid
from redactory.errors import PolicyError

_GRID = 1 << 16


@dataclass(frozen=True)
class Record:
    """Bounds on what a record brings.

    Attributes:
        norm: of its features, without the constant, in real units.
        constant: the value in the constant column.
        feature_bits: fractional bits of features.
        outputs: columns of labels; a record has a residual in each.
    """

    norm: float
    constant: float
    feature_bits: int
    outputs: int = 1


def gradient_sensitivity(
    record: Record,
    sigmoid: Sigmoid,
    *,
    proven_scores: float,
    weight_bits: int,
    units_off: int,
    largest_weight: float = 1.0,
) -> int:
    """L2 bound on a record's part in the gradient product, an integer.

    Args:
        record: bounds on what it brings.
        sigmoid: the polynomial in place of the logistic function.
        proven_scores: bound on |z| that holds in every step.
        weight_bits: fractional bits of the residual.
        units_off: how far truncations can move a residual, in units of the last place.
        largest_weight: greatest class weight.

    Raises:
        PolicyError: the range of scores is not proven.
    """
    if not math.isfinite(proven_scores):
        raise PolicyError(
            "a privacy budget needs a proven range of scores",
            hint="train less, with a smaller learning rate or with l2",
        )
    z = np.linspace(-proven_scores, proven_scores, _GRID)
    values = sigmoid(z)
    # Between grid points the polynomial moves by at most its steepest slope there.
    slope = float(np.abs(np.diff(values)).max())
    residual = float(max(values.max(), 1 - values.min())) + slope
    residual_units = residual * largest_weight * 2**weight_bits + units_off
    length = math.hypot(record.norm, record.constant) * 2**record.feature_bits
    return math.ceil(float(length * residual_units * math.sqrt(record.outputs)))
