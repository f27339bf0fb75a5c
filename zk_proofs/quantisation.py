"""The integers a proof is about: shapes, bounds, and the digits that follow from them.

Features and parameters are integers within stated bounds. Scores are then bounded, and a
score that is bounded cannot wrap around modulo ℓ. Everything here is part of the model's
identity, and the number of digits is computed from it, never chosen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from redactory.errors import PolicyError

FORMAT: Final = "redactory-quantisation/v1"
# Witnesses are handled in signed 64-bit integers.
_MOST_DIGITS: Final = 7
_MOST_INPUTS, _MOST_OUTPUTS, _LARGEST = 2**16, 2**12, 2**31 - 1

Activation = Literal["none", "relu", "square"]


@dataclass(frozen=True)
class Interval:
    """Integers from ``low`` to ``high``, both included."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if not -_LARGEST <= self.low <= self.high <= _LARGEST:
            raise PolicyError("the bounds of an interval must be ordered and below 2^31")

    @property
    def largest(self) -> int:
        """The largest absolute value."""
        return max(abs(self.low), abs(self.high))

    @property
    def digits(self) -> int:
        """Bytes that hold value − low."""
        return max(1, byte_length(self.high - self.low))

    @property
    def is_full(self) -> bool:
        """Whether every value of those bytes is allowed."""
        return self.high - self.low == (1 << 8 * self.digits) - 1


@dataclass(frozen=True)
class LayerShape:
    """One affine layer: how many outputs, and what its parameters may be."""

    outputs: int
    weight: Interval
    bias: Interval


def byte_length(value: int) -> int:
    """Bytes of a non-negative integer."""
    return (value.bit_length() + 7) // 8


def padded(size: int) -> int:
    """The next power of two."""
    return 1 << (size - 1).bit_length()


@dataclass(frozen=True)
class Quantisation:
    """Shapes and bounds of a model.

    Attributes:
        inputs: length d of a feature vector.
        input: bounds of one feature.
        layers: one layer (linear), or two (a hidden layer between).
        activation: of the hidden layer; "none" with one layer.
        shift: low bytes that are dropped after the activation.
    """

    inputs: int
    input: Interval
    layers: tuple[LayerShape, ...]
    activation: Activation = "none"
    shift: int = 0

    def __post_init__(self) -> None:
        hidden = self.activation != "none"
        if self.activation not in {"none", "relu", "square"} or len(self.layers) != 1 + hidden:
            raise PolicyError("a model has one layer, or two with an activation between them")
        if not 1 <= self.inputs <= _MOST_INPUTS:
            raise PolicyError("a feature vector has between 1 and 65536 entries")
        if any(not 1 <= layer.outputs <= _MOST_OUTPUTS for layer in self.layers):
            raise PolicyError("a layer has between 1 and 4096 outputs")
        if not 0 <= self.shift < max(self.hidden_digits, 1):
            raise PolicyError("the shift must leave a digit of the activation")
        if max(self.score_digits, self.hidden_digits) > _MOST_DIGITS:
            raise PolicyError(
                "scores could grow beyond seven bytes", hint="lower the bounds, or raise shift"
            )

    @property
    def classes(self) -> int:
        """Outputs of the last layer; 1 means two classes told apart by the sign."""
        return self.layers[-1].outputs

    @property
    def labels(self) -> int:
        """How many labels there are."""
        return max(2, self.classes)

    @property
    def hidden(self) -> int:
        """Width of the hidden layer, or 0."""
        return self.layers[0].outputs if len(self.layers) > 1 else 0

    def _bound(self, layer: LayerShape, inputs: int, largest: int) -> int:
        return inputs * layer.weight.largest * largest + layer.bias.largest

    @property
    def bound_before(self) -> int:
        """Largest absolute value of the first layer."""
        return self._bound(self.layers[0], self.inputs, self.input.largest)

    @property
    def activated_bound(self) -> int:
        """Largest absolute value after the activation, before the shift."""
        before = self.bound_before
        return before * before if self.activation == "square" else before

    @property
    def hidden_digits(self) -> int:
        """Bytes of an activated value, or 0 without a hidden layer."""
        return max(1, byte_length(self.activated_bound)) if self.activation != "none" else 0

    @property
    def score_bound(self) -> int:
        """Largest absolute score."""
        if self.activation == "none":
            return self.activated_bound
        largest = self.activated_bound >> (8 * self.shift)
        return self._bound(self.layers[1], self.hidden, largest)

    @property
    def score_digits(self) -> int:
        """Bytes of a margin: the smallest nd with 2·bound < 2^(8·nd)."""
        return max(1, byte_length(2 * self.score_bound))

    def as_json(self) -> dict[str, Any]:
        """The form that is hashed."""
        return {
            "activation": self.activation,
            "format": FORMAT,
            "input": [self.input.low, self.input.high],
            "inputs": self.inputs,
            "layers": [
                {
                    "bias": [layer.bias.low, layer.bias.high],
                    "outputs": layer.outputs,
                    "weight": [layer.weight.low, layer.weight.high],
                }
                for layer in self.layers
            ],
            "shift": self.shift,
        }

    @classmethod
    def from_json(cls, value: Any) -> Quantisation:
        """The policy of a stored form.

        Raises:
            PolicyError: not that form, or bounds that are not allowed.
        """
        try:
            layers = tuple(
                LayerShape(
                    _integer(one["outputs"]), _interval(one["weight"]), _interval(one["bias"])
                )
                for one in value["layers"]
            )
            found = cls(
                _integer(value["inputs"]),
                _interval(value["input"]),
                layers,
                value["activation"],
                _integer(value["shift"]),
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise PolicyError("this is not a quantisation policy") from None
        if found.as_json() != value:
            raise PolicyError("this is not a quantisation policy")
        return found


def _integer(value: Any) -> int:
    if type(value) is not int:
        raise TypeError
    return value


def _interval(value: Any) -> Interval:
    low, high = value
    return Interval(_integer(low), _integer(high))
