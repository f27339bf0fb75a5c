"""The model (format 5): policy, commitments, and the proofs that they are within the policy."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256, sha512
from typing import Any

from .bounded_rows import BoundedRows, Interval, base_256_length
from .documents import canonical, hexadecimal, integer, items, members, parse, string
from .group import require
from .sums import Sum, combine, number, point, vector

CHUNK_DIGITS = 3840
_BOUND = 2**31 - 1
_LAYERS = {"none": 1, "relu": 2, "square": 2}
_NAMED = ("feature_spec_digest", "format", "job_digest", "layers", "policy")


def chunks(count: int, digits_each: int) -> Iterator[tuple[int, int]]:
    """The first and last + 1 of each chunk of rows that are proven together."""
    size = max(1, CHUNK_DIGITS // digits_each)
    return ((first, min(first + size, count)) for first in range(0, count, size))


def interval(value: Any) -> Interval:
    """[low, high] of a policy."""
    low, high = (integer(bound, -_BOUND, _BOUND) for bound in items(value, 2))
    require(low <= high, "an interval is empty")
    return Interval(low, high)


@dataclass(frozen=True)
class LayerPolicy:
    """Shape and bounds of a layer."""

    outputs: int
    weight: Interval
    bias: Interval


class Policy:
    """Format 5.1."""

    def __init__(self, value: Any) -> None:
        names = ("activation", "format", "input", "inputs", "layers", "shift")
        self.activation, version, bounds, inputs, layers, shift = members(value, *names)
        require(version == "redactory-quantisation/v1", "an unknown policy")
        require(string(self.activation) in _LAYERS, "an unknown activation")
        self.input = interval(bounds)
        self.inputs = integer(inputs, 1, 65536)
        self.layers = [self._layer(layer) for layer in items(layers, _LAYERS[self.activation])]
        self.shift = integer(shift, 0, 7)
        require(self.hidden_digits <= 7 and self.score_digits <= 7, "a policy could wrap")
        require(self.shift == 0 or self.shift < self.hidden_digits, "the shift is too long")

    @staticmethod
    def _layer(value: Any) -> LayerPolicy:
        bias, outputs, weight = members(value, "bias", "outputs", "weight")
        return LayerPolicy(integer(outputs, 1, 4096), interval(weight), interval(bias))

    @property
    def outputs(self) -> int:
        """K."""
        return self.layers[-1].outputs

    @property
    def labels(self) -> int:
        """How many labels there are."""
        return max(self.outputs, 2)

    @property
    def _activated_bound(self) -> int:
        first = self.layers[0]
        beta = self.inputs * first.weight.max * self.input.max + first.bias.max
        return beta * beta if self.activation == "square" else beta

    @property
    def hidden_digits(self) -> int:
        """ND."""
        return 0 if len(self.layers) == 1 else max(1, base_256_length(self._activated_bound))

    @property
    def score_bound(self) -> int:
        """No score is larger."""
        if len(self.layers) == 1:
            return self._activated_bound
        first, last = self.layers
        hidden = self._activated_bound >> 8 * self.shift
        return first.outputs * last.weight.max * hidden + last.bias.max

    @property
    def score_digits(self) -> int:
        """nd."""
        return max(1, base_256_length(2 * self.score_bound))


@dataclass(frozen=True)
class Layer:
    """Commitments to the rows and biases of a layer."""

    rows: list[bytes]
    biases: list[bytes]

    @cached_property
    def row_sums(self) -> list[Sum]:
        """The rows as sums."""
        return list(map(point, self.rows))

    @cached_property
    def bias_sums(self) -> list[Sum]:
        """The biases as sums."""
        return list(map(point, self.biases))


class Model:
    """model.json (format 5.2)."""

    def __init__(self, document: bytes) -> None:
        value = parse(document)
        members(value, *_NAMED, "model_id", "parameters", "proofs")
        named = {name: value[name] for name in _NAMED}
        require(named["format"] == "redactory-model/v1", "an unknown model")
        string(named["feature_spec_digest"])
        string(named["job_digest"])
        self.policy = Policy(named["policy"])
        shapes = self.policy.layers
        self.layers = [
            self._layer(layer, shape.outputs)
            for layer, shape in zip(items(named["layers"], len(shapes)), shapes, strict=True)
        ]
        self.model_id = sha256(canonical(named)).digest()
        require(value["model_id"] == self.model_id.hex(), "a model's name is not its own")
        self._parameters = value["parameters"]
        self._proofs = [hexadecimal(proof) for proof in items(value["proofs"])]

    @staticmethod
    def _layer(value: Any, outputs: int) -> Layer:
        rows, biases = (
            [hexadecimal(encoding, 32) for encoding in items(commitments, outputs)]
            for commitments in members(value, "rows", "biases")
        )
        for encoding in rows + biases:
            point(encoding)
        return Layer(rows, biases)

    @property
    def commitments_digest(self) -> bytes:
        """SHA-512 over all commitments."""
        encodings = (b"".join(layer.rows + layer.biases) for layer in self.layers)
        return sha512(b"".join(encodings)).digest()

    def verify(self, equations: list[Sum]) -> None:
        """Append the equations that show the layers to be within the policy."""
        if self._parameters is None:
            self._verify_proofs(equations)
        else:
            require(not self._proofs, "a revealed model needs no proofs")
            self._verify_parameters(equations)

    def _verify_proofs(self, equations: list[Sum]) -> None:
        proofs = iter(self._proofs)
        width = self.policy.inputs
        for index, (layer, shape) in enumerate(zip(self.layers, self.policy.layers, strict=True)):
            each = width * shape.weight.digits_spent + shape.bias.digits_spent
            for first, end in chunks(shape.outputs, each):
                context = {"first": first, "layer": index, "model_id": self.model_id.hex()}
                proof = next(proofs, None)
                require(proof is not None, "a model has too few proofs")
                BoundedRows(
                    "G",
                    width,
                    layer.rows[first:end],
                    layer.biases[first:end],
                    shape.weight,
                    shape.bias,
                ).verify(canonical(context), proof or b"", equations)
            width = shape.outputs
        require(next(proofs, None) is None, "a model has too many proofs")

    def _verify_parameters(self, equations: list[Sum]) -> None:
        width = self.policy.inputs
        layers = items(self._parameters, len(self.layers))
        for value, layer, shape in zip(layers, self.layers, self.policy.layers, strict=True):
            biases, weights = members(value, "biases", "weights")
            for row, commitment in zip(items(weights, shape.outputs), layer.row_sums, strict=True):
                bounds = shape.weight
                entries = [integer(w, bounds.low, bounds.high) for w in items(row, width)]
                equations.append(combine((1, commitment), (-1, vector("G", entries))))
            for bias, commitment in zip(items(biases, shape.outputs), layer.bias_sums, strict=True):
                entry = integer(bias, shape.bias.low, shape.bias.high)
                equations.append(combine((1, commitment), (-1, number(entry))))
            width = shape.outputs
