"""What a model gives in plain integers: the function that the proofs are about."""

from __future__ import annotations

from typing import Any

import numpy as np

from redactory.errors import ProofError
from zk_proofs.model import Opening
from zk_proofs.quantisation import Quantisation


def scores_of(policy: Quantisation, opening: Opening, values: Any) -> Any:
    """Scores (rows, classes) of rows (rows, inputs), exact in int64.

    Raises:
        ProofError: inputs or parameters are beyond the bounds of the policy.
    """
    hidden = np.asarray(values, np.int64)
    if hidden.ndim != 2 or hidden.shape[1] != policy.inputs:
        raise ProofError("the rows do not have the model's number of features")
    if ((hidden < policy.input.low) | (hidden > policy.input.high)).any():
        raise ProofError("a feature is beyond the bounds of the model's policy")
    for number, (layer, shape) in enumerate(zip(opening.layers, policy.layers, strict=True)):
        weights = np.asarray(layer.weights, np.int64)
        biases = np.asarray(layer.biases, np.int64)
        if weights.shape != (shape.outputs, hidden.shape[1]) or biases.shape != (shape.outputs,):
            raise ProofError("the opening does not have the model's shapes")
        for parameters, bounds in ((weights, shape.weight), (biases, shape.bias)):
            if ((parameters < bounds.low) | (parameters > bounds.high)).any():
                raise ProofError("a parameter is beyond the bounds of the model's policy")
        hidden = hidden @ weights.T + biases
        if number + 1 < len(policy.layers):
            relu = policy.activation == "relu"
            hidden = np.maximum(hidden, 0) if relu else hidden * hidden
            hidden >>= 8 * policy.shift
    return hidden


def labels_of(scores: Any) -> Any:
    """Labels (rows,) of scores: the sign of one, the first largest of several."""
    if scores.shape[1] == 1:
        return (scores[:, 0] >= 0).astype(np.int64)
    return scores.argmax(axis=1)
