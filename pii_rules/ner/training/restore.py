"""The weights of the English model that ships, as floats again, to go on training from.

    python -m pii_rules.ner.training.restore --models pii_rules/ner/models --out DIR

Writes ``model.pt`` for ``english.py --start``. Every weight comes back within half a step of
its column's int8 scale; places after the 256th, which windows never reach, are zero.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import numpy_helper

from pii_rules.ner.tags import TAGS
from pii_rules.ner.training.encoder import Layer, Tagger

Constants = dict[str, NDArray[np.float32]]


def restored(path: Path) -> Tagger:
    """The model in an ONNX file that ``export.py`` wrote.

    Raises:
        ValueError: the graph is not of the shape that ``export.py`` writes.
    """
    graph = onnx.load(path).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    norms = _inputs(graph, "LayerNormalization", (1, 2), values)
    attention = _inputs(graph, "QAttention", (1, 4, 2), values)
    products = _inputs(graph, "MatMulIntegerToFloat", (1, 3, 6), values)
    whole, scale, places, shapes = _tables(graph, values)
    model = Tagger(len(whole), len(TAGS), len(attention))
    if len(products) != 3 * len(attention) or len(norms) != 1 + 2 * len(attention):
        raise ValueError(f"{path.name} is no model that export.py wrote")
    rest, heavy = iter(norms), iter(products)
    with torch.no_grad():
        model.words.weight.copy_(torch.from_numpy(whole * scale))
        model.places.weight.zero_()
        model.places.weight[: len(places)] = torch.tensor(places)
        model.shapes.weight.copy_(torch.tensor(shapes))
        _set(model.norm, *next(rest))
        for layer, qkv in zip(model.layers, attention, strict=True):
            assert isinstance(layer, Layer)  # noqa: S101 - narrows the type
            _set_product(layer.qkv, *qkv)
            _set_product(layer.output, *next(heavy))
            _set(layer.norm1, *next(rest))
            _set_product(layer.grow, *next(heavy))
            _set_product(layer.shrink, *next(heavy))
            _set(layer.norm2, *next(rest))
        last = next(node for node in graph.node if node.op_type == "MatMul")
        bias = next(node for node in graph.node if last.output[0] in node.input)
        _set(model.head, values[last.input[1]].T, values[bias.input[1]])
    return model


def _tables(
    graph: onnx.GraphProto, values: Constants
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Words, their scales, places, shapes."""
    gathers = [values[node.input[0]] for node in graph.node if node.op_type == "Gather"]
    whole, scale, shapes = gathers
    slices = (values.get(node.input[0]) for node in graph.node if node.op_type == "Slice")
    places = next(value for value in slices if value is not None)
    return whole, scale, places, shapes


def _inputs(
    graph: onnx.GraphProto, kind: str, which: tuple[int, ...], values: Constants
) -> list[list[NDArray[np.float32]]]:
    return [
        [values[node.input[index]] for index in which]
        for node in graph.node
        if node.op_type == kind
    ]


def _set(
    module: torch.nn.Linear | torch.nn.LayerNorm,
    weight: NDArray[np.float32],
    bias: NDArray[np.float32],
) -> None:
    module.weight.copy_(torch.tensor(weight))
    module.bias.copy_(torch.tensor(bias))


def _set_product(
    module: torch.nn.Linear,
    whole: NDArray[np.float32],
    scale: NDArray[np.float32],
    bias: NDArray[np.float32],
) -> None:
    _set(module, (whole * scale).T, bias)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Take the shipped English model apart again.")
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--name", default="en.onnx")
    parser.add_argument("--out", type=Path, required=True)
    o = parser.parse_args()
    o.out.mkdir(parents=True, exist_ok=True)
    torch.save(restored(o.models / o.name).state_dict(), o.out / "model.pt")


if __name__ == "__main__":
    main()
