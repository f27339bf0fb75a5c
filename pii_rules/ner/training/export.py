"""Turn trained models into what ships: ONNX files, a tokenizer, a table of characters.

python -m pii_rules.ner.training.export --english DIR --student DIR --encoder DIR --data DIR \
        --chinese DIR --out pii_rules/ner/models

The English model and its student have one table of words, in a file of its own.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from pii_rules.ner.tags import TAGS
from pii_rules.ner.training.batches import examples
from pii_rules.ner.training.corpora import read_jsonl
from pii_rules.ner.training.encoder import Layer, Tagger
from pii_rules.ner.training.graph import Graph
from pii_rules.ner.training.gru import Gru, ZhTagger

_HEADS = 12
_SAMPLE = 400
_KEPT = 0.99995
_WORDS = "en_words.bin"

Range = tuple[float, float]


def array(tensor: torch.Tensor) -> NDArray[np.float32]:
    """A parameter as numpy."""
    return tensor.detach().float().numpy()


class Ranges:
    """Ranges of the activations that are quantised, by layer, over calibration windows."""

    def __init__(self, model: Tagger) -> None:
        self._values: dict[tuple[int, str], list[torch.Tensor]] = {}
        for index, layer in enumerate(model.layers):
            assert isinstance(layer, Layer)  # noqa: S101 - narrows the type
            for name in ("qkv", "output", "grow", "shrink"):
                getattr(layer, name).register_forward_pre_hook(self._hook(index, name))

    def _hook(self, index: int, name: str):  # type: ignore[no-untyped-def]  # noqa: ANN202
        def keep(_: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            flat = inputs[0].flatten()
            self._values.setdefault((index, name), []).append(
                flat[torch.randperm(len(flat))[:20000]]
            )

        return keep

    def of(self, index: int, name: str) -> Range:
        """The range that holds all but the last few of the values on either side."""
        values = torch.cat(self._values[index, name]).sort().values
        out = int(len(values) * (1 - _KEPT))
        return float(values[out]), float(values[-1 - out])


def calibrate(model: Tagger, tokenizer: Tokenizer, data: Path, seed: int) -> Ranges:
    """Run training windows through the model."""
    torch.manual_seed(seed)
    draw = random.Random(seed)  # noqa: S311 - a sample, not a secret
    ranges = Ranges(model)
    documents = [d for path in sorted(data.glob("*.jsonl")) for d in read_jsonl(path)]
    for document in draw.sample(documents, _SAMPLE):
        for window in examples(tokenizer, document, 128):
            ids = torch.tensor(window.ids.astype(np.int64))[None]
            shapes = torch.tensor(window.shapes.astype(np.int64))[None]
            with torch.no_grad():
                model(ids, shapes, torch.ones_like(ids, dtype=torch.bool))
    return ranges


def english(model: Tagger, ranges: Ranges) -> onnx.ModelProto:
    """The English model, quantised."""
    g = Graph()
    zero = g.constant(np.array([0], np.int64))
    length = g.node(
        "Slice",
        g.node("Shape", "ids"),
        g.constant(np.array([1], np.int64)),
        g.constant(np.array([2], np.int64)),
    )
    places = g.node("Slice", g.constant(array(model.places.weight)[:256]), zero, length, zero)
    x = g.node("Add", g.table(array(model.words.weight), "ids"), places)
    x = g.node("Add", x, g.node("Gather", g.constant(array(model.shapes.weight)), "shapes"))
    x = norm(g, x, model.norm)
    for index, layer in enumerate(model.layers):
        assert isinstance(layer, Layer)  # noqa: S101 - narrows the type
        read = g.quantised(x, *ranges.of(index, "qkv"))
        mixed = g.attention(
            read, array(layer.qkv.weight).T, array(layer.qkv.bias), "lengths", _HEADS
        )
        mixed = linear(g, mixed, layer.output, ranges.of(index, "output"))
        x = norm(g, g.node("Add", x, mixed), layer.norm1)
        deep = g.node(
            "Gelu", linear(g, x, layer.grow, ranges.of(index, "grow")), domain="com.microsoft"
        )
        deep = linear(g, deep, layer.shrink, ranges.of(index, "shrink"))
        x = norm(g, g.node("Add", x, deep), layer.norm2)
    out = g.node("MatMul", x, g.constant(array(model.head.weight).T))
    out = g.node("Add", out, g.constant(array(model.head.bias)))
    shape: list[str] = ["rows", "length"]
    return g.model({"ids": shape, "shapes": shape, "lengths": ["rows"]}, out, len(TAGS))


def norm(g: Graph, x: str, layer: torch.nn.LayerNorm) -> str:
    """Layer normalisation."""
    weight, bias = g.constant(array(layer.weight)), g.constant(array(layer.bias))
    return g.node("LayerNormalization", x, weight, bias, epsilon=1e-12)


def linear(g: Graph, x: str, layer: torch.nn.Linear, span: Range) -> str:
    """A quantised linear layer."""
    return g.product(g.quantised(x, *span), array(layer.weight).T, array(layer.bias))


def chinese(model: ZhTagger) -> onnx.ModelProto:
    """The Chinese model: the table in int8, the rest in float32."""
    g = Graph()
    x = g.node("Transpose", g.table(array(model.characters.weight), "ids"), perm=[1, 0, 2])
    for lower in (0, 2):
        pair = [model.directions[lower], model.directions[lower + 1]]
        weights = [np.stack(parts) for parts in zip(*(_gates(p) for p in pair), strict=True)]
        y = g.node(
            "GRU",
            x,
            *(g.constant(w) for w in weights),
            "lengths",
            direction="bidirectional",
            hidden_size=128,
            linear_before_reset=0,
        )
        y = g.node("Transpose", y, perm=[0, 2, 1, 3])
        x = g.node("Reshape", y, g.constant(np.array([0, 0, 256], np.int64)))
    x = g.node("Transpose", x, perm=[1, 0, 2])
    out = g.node("MatMul", x, g.constant(array(model.head.weight).T))
    out = g.node("Add", out, g.constant(array(model.head.bias)))
    return g.model({"ids": ["rows", "length"], "lengths": ["rows"]}, out, model.head.out_features)


def _gates(gru: torch.nn.Module) -> tuple[NDArray[np.float32], ...]:
    """Input weights, recurrent weights and biases in ONNX's order: update, reset, candidate.

    ONNX's update gate keeps the old state where ours takes the new one: its sign turns.
    """
    assert isinstance(gru, Gru)  # noqa: S101 - narrows the type
    sign = np.repeat([-1.0, 1.0, 1.0], 128).astype(np.float32)
    enter = array(gru.enter.weight) * sign[:, None]
    recurrent = np.concatenate((array(gru.gates).T, array(gru.candidate).T)) * sign[:, None]
    bias = array(gru.enter.bias) * sign
    return enter, recurrent, np.concatenate((bias, np.zeros_like(bias)))


def characters(places: dict[str, int], rows: int) -> list[str]:
    """For each row of the table, the characters that share it."""
    shared = [""] * rows
    for character, row in places.items():
        shared[row] += character
    return shared


def mixed(trainings: Sequence[Path], shares: Sequence[float]) -> dict[str, torch.Tensor]:
    """The weighted mean of the weights of trainings that went on from one another.

    Wortsman et al. 2022 (arXiv:2203.05482): the mean is often better than either.
    """
    states = [torch.load(folder / "model.pt") for folder in trainings]
    return {
        key: sum(share * state[key] for share, state in zip(shares, states, strict=True))
        for key in states[0]
    }


def save(model: onnx.ModelProto, folder: Path, name: str) -> None:
    """Write a model; its table of words goes into ``en_words.bin``, which must be the same."""
    table = max(model.graph.initializer, key=lambda tensor: len(tensor.raw_data))
    place = folder / _WORDS
    if place.exists() and place.read_bytes() != table.raw_data:
        raise ValueError(f"{name} has another table of words than {place}")
    place.write_bytes(table.raw_data)
    size = len(table.raw_data)
    table.ClearField("raw_data")
    table.data_location = onnx.TensorProto.EXTERNAL
    for key, value in (("location", _WORDS), ("offset", "0"), ("length", str(size))):
        entry = table.external_data.add()
        entry.key, entry.value = key, value
    onnx.save(model, folder / name)


def tagger(state: dict[str, torch.Tensor], vocabulary: int) -> Tagger:
    """A trained English model."""
    layers = 1 + max(int(key.split(".")[1]) for key in state if key.startswith("layers."))
    model = Tagger(vocabulary, len(TAGS), layers)
    model.load_state_dict(state)
    return model.eval()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Export the name models.")
    parser.add_argument("--english", type=Path, nargs="+", help="one or more trainings' --out")
    parser.add_argument("--shares", type=float, nargs="+", default=[1.0], help="weight of each")
    parser.add_argument("--mixed", type=Path, help="write model.pt of the mean here")
    parser.add_argument("--student", type=Path, help="its student's --out")
    parser.add_argument("--encoder", type=Path, help="holds tokenizer.json")
    parser.add_argument("--data", type=Path, help="training sets, to calibrate with")
    parser.add_argument("--chinese", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=20)
    o = parser.parse_args()
    o.out.mkdir(parents=True, exist_ok=True)
    if o.english:
        tokenizer = Tokenizer.from_file(str(o.encoder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        states = {"en.onnx": mixed(o.english, o.shares)}
        if o.mixed:
            o.mixed.mkdir(parents=True, exist_ok=True)
            torch.save(states["en.onnx"], o.mixed / "model.pt")
        if o.student:
            states["en_fast.onnx"] = torch.load(o.student / "model.pt")
        (o.out / _WORDS).unlink(missing_ok=True)
        for name, state in states.items():
            model = tagger(state, tokenizer.get_vocab_size())
            ranges = calibrate(model, tokenizer, o.data, o.seed)
            save(english(model, ranges), o.out, name)
        tokenizer.save(str(o.out / "en.json"), pretty=False)
    if o.chinese:
        saved = torch.load(o.chinese / "model.pt")
        rows = len(saved["model"]["characters.weight"])
        zh = ZhTagger(rows, len(saved["groups"]))
        zh.load_state_dict(saved["model"])
        onnx.save(chinese(zh), o.out / "zh.onnx")
        parts = {
            "characters": characters(saved["places"], rows),
            "field": np.round(array(saved["crf"]).astype(float), 5).tolist(),
            "groups": saved["groups"].tolist(),
        }
        text = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
        (o.out / "zh.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
