"""Building ONNX graphs by hand, with static quantisation of the heavy products.

Jacob et al. 2018 (arXiv:1712.05877): weights are int8 with one scale a column, activations uint8
with a scale and zero point fixed beforehand. Nothing depends on what else is in a batch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

_MS = "com.microsoft"


class Graph:
    """Collects nodes and constants; every method returns the name of its result."""

    def __init__(self) -> None:
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def constant(self, value: NDArray[Any]) -> str:
        """A constant."""
        name = f"c{len(self._constants)}"
        self._constants[name] = numpy_helper.from_array(np.ascontiguousarray(value), name)
        return name

    def node(self, kind: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """A node with one output."""
        name = f"n{len(self._nodes)}"
        self._nodes.append(
            helper.make_node(kind, list(inputs), [name], name, domain=domain, **attributes)
        )
        return name

    def table(self, weights: NDArray[np.float32], rows: str) -> str:
        """Rows of a table kept in int8 with one scale a row."""
        scale = np.maximum(np.abs(weights).max(axis=1, keepdims=True), 1e-8) / 127
        whole = np.rint(weights / scale).astype(np.int8)
        chosen = self.node(
            "Cast", self.node("Gather", self.constant(whole), rows), to=TensorProto.FLOAT
        )
        factor = self.node("Gather", self.constant(scale.astype(np.float32)), rows)
        return self.node("Mul", chosen, factor)

    def quantised(self, x: str, low: float, high: float) -> tuple[str, str, str]:
        """``x`` as uint8 over a fixed range: (values, scale, zero point)."""
        low, high = min(low, 0.0), max(high, 0.0)
        step = (high - low) / 255
        scale = self.constant(np.array(step, np.float32))
        zero = self.constant(np.array(round(-low / step), np.uint8))
        return self.node("QuantizeLinear", x, scale, zero), scale, zero

    def product(
        self, x: tuple[str, str, str], weight: NDArray[np.float32], bias: NDArray[np.float32]
    ) -> str:
        """``x @ weight + bias`` in integers, the result as float; ``weight``: ``[in, out]``."""
        whole, scale = _columns(weight)
        zeros = self.constant(np.zeros(weight.shape[1], np.int8))
        return self.node(
            "MatMulIntegerToFloat", x[0], self.constant(whole), x[1], self.constant(scale),
            x[2], zeros, self.constant(bias), domain=_MS,
        )  # fmt: skip

    def attention(
        self, x: tuple[str, str, str], weight: NDArray[np.float32], bias: NDArray[np.float32],
        lengths: str, heads: int,
    ) -> str:  # fmt: skip
        """Self-attention over the first ``lengths`` places; ``weight``: ``[width, 3 width]``."""
        whole, scale = _columns(weight)
        zeros = self.constant(np.zeros(weight.shape[1], np.int8))
        return self.node(
            "QAttention", x[0], self.constant(whole), self.constant(bias), x[1],
            self.constant(scale), lengths, x[2], zeros, domain=_MS, num_heads=heads,
        )  # fmt: skip

    def model(self, inputs: dict[str, list[str]], output: str, widths: int) -> onnx.ModelProto:
        """The finished model.

        Args:
            inputs: int32 inputs, name to shape.
            output: name of the result, ``[rows, length, widths]``.
            widths: size of the last dimension.
        """
        graph = helper.make_graph(
            [*self._nodes, helper.make_node("Identity", [output], ["scores"])],
            "tagger",
            [helper.make_tensor_value_info(n, TensorProto.INT32, s) for n, s in inputs.items()],
            [
                helper.make_tensor_value_info(
                    "scores", TensorProto.FLOAT, ["rows", "length", widths]
                )
            ],
            list(self._constants.values()),
        )
        model = helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(_MS, 1)],
            producer_name="redactory",
        )
        model.ir_version = 8
        return model


def _columns(weight: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    scale = np.maximum(np.abs(weight).max(axis=0), 1e-8) / 127
    return np.rint(weight / scale).astype(np.int8), scale.astype(np.float32)
