"""Train the scout, the small model that says which sentences the English model need not read.

    python -m pii_rules.ner.training.scout --data NER_TRAIN --own pii_rules/ner/training/text \
        --models pii_rules/ner/models --out pii_rules/ner/models

It learns from the finished English model in ``--models``: what that model finds in the training
sets, as ``english.py`` draws them, and what the sets mark themselves. One document in ten is kept
aside to choose the threshold: the highest at which all but ``--missed`` of the sentences in
which the English model finds a name are passed on to it. Writes ``scout.onnx`` and ``scout.json``.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, numpy_helper
from tokenizers import Tokenizer
from torch import nn
from torch.nn import functional

from pii_rules.ner.english import EnglishModel
from pii_rules.ner.scout import sentences
from pii_rules.ner.shapes import SHAPES, Pieces, pieces
from pii_rules.ner.training.corpora import Document, read_jsonl, read_marked
from pii_rules.ner.training.english import drawn
from pii_rules.ner.training.graph import Graph
from pii_rules.ner.training.names import Names
from pii_rules.ner.training.schedule import Schedule

_WIDTH = 64
_DEEP = 96
_REACH = 5  # pieces that a convolution sees
_LENGTH = 256
_DROPPED = 0.1
_SPREAD = 0.3
_RATE, _RATE_OF_WORDS = 2e-3, 2e-4
_ROWS = 32
_TEACHER_BATCH = 256


class Scout(nn.Module):
    """Two convolutions over word pieces (Collobert et al. 2011, section 3.3)."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.words = nn.Embedding(vocabulary, _WIDTH)
        self.shapes = nn.Embedding(SHAPES, _WIDTH)
        self.near = nn.Conv1d(_WIDTH, _DEEP, _REACH, padding=_REACH // 2)
        self.far = nn.Conv1d(_DEEP, _DEEP, _REACH, padding=_REACH // 2)
        self.head = nn.Linear(_DEEP, 1)
        nn.init.normal_(self.shapes.weight, std=0.1)

    def forward(
        self, ids: torch.Tensor, shapes: torch.Tensor, present: torch.Tensor
    ) -> torch.Tensor:
        """Logits ``[rows, length]`` that a piece belongs to a name."""
        words = self.words(ids)
        if self.training:  # a name is known by what stands around it, too
            words = words * (torch.rand(ids.shape) > _DROPPED)[..., None]
        x = (words + self.shapes(shapes)) * present[..., None]
        x = functional.relu(self.near(x.transpose(1, 2)))
        x = functional.dropout(x, _DROPPED, self.training)
        x = x + functional.relu(self.far(x * present[:, None]))
        x = functional.dropout(x, _DROPPED, self.training)
        return self.head(x.transpose(1, 2)).squeeze(-1)

    def start_from(self, table: NDArray[np.float32]) -> None:
        """Take the main components of another model's table of words."""
        _, _, axes = np.linalg.svd(table - table.mean(axis=0), full_matrices=False)
        kept = (table - table.mean(axis=0)) @ axes[:_WIDTH].T
        self.words.weight.data = torch.from_numpy(kept * (_SPREAD / kept.std()))


def words_of(model: Path) -> NDArray[np.float32]:
    """The table of words of an exported model, ``[vocabulary, width]``."""
    tensors = {t.name: t for t in onnx.load(str(model)).graph.initializer}
    whole = max(tensors.values(), key=lambda t: int(np.prod(t.dims)))
    values = numpy_helper.to_array(whole).astype(np.float32)
    [scale] = [t for t in tensors.values() if list(t.dims) == [len(values), 1]]
    scaled: NDArray[np.float32] = values * numpy_helper.to_array(scale)
    return scaled


@dataclass(frozen=True, slots=True)
class Lesson:
    """A tokenised document: its pieces, and which of them are of names."""

    text: str
    read: Pieces
    known: NDArray[np.bool_]
    taught: NDArray[np.bool_]


def lessons(folder: Path, documents: list[Document]) -> list[Lesson]:
    """What the English model finds in the documents (``taught``), and what they mark besides."""
    teacher = EnglishModel(folder)
    tokenizer = Tokenizer.from_file(str(folder / "en.json"))
    made = []
    for first in range(0, len(documents), _TEACHER_BATCH):
        batch = documents[first : first + _TEACHER_BATCH]
        for document, found in zip(batch, teacher.find([d.text for d in batch]), strict=True):
            read = pieces(tokenizer, document.text)
            taught = _covered(read, [(name.start, name.end) for name in found])
            marked = _covered(read, [(start, end) for start, end, _ in document.spans])
            made.append(Lesson(document.text, read, taught | marked, taught))
        print(f"{len(made)} of {len(documents)} documents read", end="\r", flush=True)
    print()
    return made


def _covered(read: Pieces, spans: list[tuple[int, int]]) -> NDArray[np.bool_]:
    words = np.zeros(len(read.starts), dtype=bool)
    for start, end in spans:
        words |= (read.starts < end) & (read.ends > start)
    return np.repeat(words, np.diff(np.append(read.first, len(read.ids))))


def windows(lesson: Lesson) -> list[tuple[NDArray[np.int64], ...]]:
    """Ids, shapes, labels of up to ``_LENGTH`` pieces."""
    ids, shapes = lesson.read.ids.astype(np.int64), lesson.read.shapes.astype(np.int64)
    labels = lesson.known.astype(np.int64)
    return [
        (ids[i : i + _LENGTH], shapes[i : i + _LENGTH], labels[i : i + _LENGTH])
        for i in range(0, len(ids), _LENGTH)
    ]


def padded(batch: list[tuple[NDArray[np.int64], ...]]) -> list[torch.Tensor]:
    """Ids, shapes, labels and presence, each ``[rows, longest]``."""
    longest = max(len(ids) for ids, _, _ in batch)
    ids, shapes, labels, present = (np.zeros((len(batch), longest), np.int64) for _ in range(4))
    for row, (i, s, k) in enumerate(batch):
        ids[row, : len(i)], shapes[row, : len(i)], labels[row, : len(i)] = i, s, k
        present[row, : len(i)] = 1
    return [torch.from_numpy(x) for x in (ids, shapes, labels, present)]


def fit(model: Scout, items: list[Lesson], epochs: int, seed: int) -> None:
    """Train on all windows, ``epochs`` times over."""
    every = [window for item in items for window in windows(item)]
    order = np.random.default_rng(seed)
    batches = -(-len(every) // _ROWS)
    schedule = Schedule(
        torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=0.05), batches * epochs
    )
    for epoch in range(epochs):
        places = sorted(order.permutation(len(every)), key=lambda i: len(every[i][0]) // 32)
        groups = [places[i : i + _ROWS] for i in range(0, len(places), _ROWS)]
        order.shuffle(groups)
        for group in groups:
            ids, shapes, labels, present = padded([every[i] for i in group])
            logits = model(ids, shapes, present.float())
            losses = functional.binary_cross_entropy_with_logits(
                logits, labels.float(), reduction="none", pos_weight=torch.tensor(2.0)
            )
            schedule.step((losses * present).sum() / present.sum())
        print(f"epoch {epoch + 1} of {epochs}: loss {schedule.recent:.4f}", flush=True)


def highest(model: Scout, items: list[Lesson]) -> tuple[NDArray[np.float64], ...]:
    """By sentence: the highest logit, whether the English model finds a name, its length."""
    best, named, sizes = [], [], []
    for item in items:
        if not len(item.read.ids):
            continue
        with torch.no_grad():
            ids = torch.from_numpy(item.read.ids.astype(np.int64))[None]
            shapes = torch.from_numpy(item.read.shapes.astype(np.int64))[None]
            logits = model(ids, shapes, torch.ones(ids.shape))[0].numpy()
        starts = sentences(item.text, item.read)
        best.append(np.maximum.reduceat(logits, starts))
        named.append(np.maximum.reduceat(item.taught, starts))
        sizes.append(np.diff(np.append(starts, len(logits))))
    return tuple(np.concatenate(x).astype(np.float64) for x in (best, named, sizes))


def exported(model: Scout) -> onnx.ModelProto:
    """The model: tables in int8, the rest in float32."""
    g = Graph()

    def number(value: int) -> str:
        return g.constant(np.array([value], np.int64))

    length = g.node("Slice", g.node("Shape", "ids"), number(1), number(2))
    one = g.constant(np.array(1, np.int64))
    zero = g.constant(np.array(0, np.int64))
    places = g.node("Range", zero, g.node("Squeeze", length), one)
    ends = g.node("Unsqueeze", g.node("Cast", "lengths", to=TensorProto.INT64), number(1))
    present = g.node("Cast", g.node("Less", places, ends), to=TensorProto.FLOAT)
    x = g.table(_array(model.words.weight), "ids")
    x = g.node("Add", x, g.node("Gather", g.constant(_array(model.shapes.weight)), "shapes"))
    x = g.node("Mul", x, g.node("Unsqueeze", present, number(2)))
    x = g.node("Relu", _convolved(g, g.node("Transpose", x, perm=[0, 2, 1]), model.near))
    deep = g.node("Mul", x, g.node("Unsqueeze", present, number(1)))
    x = g.node("Add", x, g.node("Relu", _convolved(g, deep, model.far)))
    x = g.node("Transpose", x, perm=[0, 2, 1])
    out = g.node("MatMul", x, g.constant(_array(model.head.weight).T))
    out = g.node("Add", out, g.constant(_array(model.head.bias)))
    shape: list[str] = ["rows", "length"]
    return g.model({"ids": shape, "shapes": shape, "lengths": ["rows"]}, out, 1)


def _convolved(g: Graph, x: str, layer: nn.Conv1d) -> str:
    weight, bias = g.constant(_array(layer.weight)), g.constant(_array(layer.bias))
    return g.node("Conv", x, weight, bias, pads=[_REACH // 2] * 2, kernel_shape=[_REACH])


def _array(tensor: torch.Tensor | None) -> NDArray[np.float32]:
    assert tensor is not None  # noqa: S101 - narrows the type
    return tensor.detach().float().numpy()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the scout.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--own", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True, help="of the English model")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--missed", type=float, default=0.015)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=30)
    o = parser.parse_args()
    torch.manual_seed(o.seed)
    names = Names(o.seed)
    public = {path.stem: read_jsonl(path) for path in sorted(o.data.glob("*.jsonl"))}
    documents = drawn(public, read_marked(o.own, "en"), names)
    names.random.shuffle(documents)
    made = lessons(o.models, documents)
    aside = len(made) // 10
    tokenizer = Tokenizer.from_file(str(o.models / "en.json"))
    model = Scout(tokenizer.get_vocab_size())
    model.start_from(words_of(o.models / "en.onnx"))
    fit(model, made[aside:], o.epochs, o.seed)
    model.eval()
    best, named, sizes = highest(model, made[:aside])
    threshold = float(np.quantile(best[named > 0], o.missed))
    passed = best >= threshold
    print(
        f"threshold {threshold:.3f}: {np.mean(passed[named > 0]):.4f} of the sentences with a name "
        f"and {np.mean(passed[named == 0]):.4f} of those without are passed on, "
        f"{sizes[passed].sum() / sizes.sum():.3f} of all pieces"
    )
    onnx.save(exported(model), o.out / "scout.onnx")
    about = json.dumps({"threshold": round(threshold, 4)})
    (o.out / "scout.json").write_text(about + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
