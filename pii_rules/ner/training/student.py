"""Train the student: the English model's first layers, taught to answer as all of them do.

    python -m pii_rules.ner.training.student --data NER_TRAIN --own pii_rules/ner/training/text \
        --models pii_rules/ner/models --start second --out student

Distillation (Hinton, Vinyals, Dean 2015, arXiv:1503.02531): of each window the student sees the
teacher's probabilities and, with a smaller weight, the tags of the set. The table of words stays
as it is, so that both can ship with one. Writes ``model.pt``.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from torch.nn import functional

from pii_rules.ner.session import Session
from pii_rules.ner.tags import TAGS
from pii_rules.ner.training.batches import IGNORED, Example, examples, grouped
from pii_rules.ner.training.corpora import Document, read_jsonl, read_marked
from pii_rules.ner.training.encoder import Tagger
from pii_rules.ner.training.english import drawn, tensors
from pii_rules.ner.training.names import Names
from pii_rules.ner.training.schedule import Schedule

_PIECES = 2048
_LENGTHS = (32, 64, 96, 128)
_OF_TEACHER = 0.7
_STEP = 512


def taught(session: Session, windows: list[Example]) -> dict[bytes, NDArray[np.float32]]:
    """The teacher's scores of each window, by its ids and shapes."""
    answers: dict[bytes, NDArray[np.float32]] = {}
    for first in range(0, len(windows), _STEP):
        some = windows[first : first + _STEP]
        features = [{"ids": w.ids, "shapes": w.shapes.astype(np.int32)} for w in some]
        for window, scores in zip(some, session.run(features), strict=True):
            answers[_key(window)] = scores
    return answers


def _key(window: Example) -> bytes:
    return window.ids.tobytes() + window.shapes.tobytes()


def loss(scores: torch.Tensor, teacher: torch.Tensor, tags: torch.Tensor) -> torch.Tensor:
    """Cross entropy to the teacher and to the set, over the first pieces of words."""
    counted = tags != IGNORED
    of_set = functional.cross_entropy(scores[counted], tags[counted])
    of_teacher = functional.cross_entropy(scores[counted], teacher[counted].softmax(-1))
    return _OF_TEACHER * of_teacher + (1 - _OF_TEACHER) * of_set


def student(start: Path, layers: list[int], vocabulary: int) -> Tagger:
    """The chosen layers of a trained model, the table of words fixed."""
    state = torch.load(start / "model.pt")
    kept = {key: value for key, value in state.items() if not key.startswith("layers.")}
    for place, layer in enumerate(layers):
        head = f"layers.{layer}."
        for key, value in state.items():
            if key.startswith(head):
                kept[f"layers.{place}." + key.removeprefix(head)] = value
    model = Tagger(vocabulary, len(TAGS), len(layers))
    model.load_state_dict(kept)
    model.words.weight.requires_grad_(requires_grad=False)
    return model


def train(o: argparse.Namespace) -> None:
    """Train and write ``model.pt`` after each epoch."""
    torch.manual_seed(o.seed)
    names = Names(o.seed)
    tokenizer = Tokenizer.from_file(str(o.models / "en.json"))
    public = {path.stem: read_jsonl(path) for path in sorted(o.data.glob("*.jsonl"))}
    marked = read_marked(o.own, "en")
    session = Session(o.models / "en.onnx")
    layers = [int(index) for index in o.layers.split(",")]
    model = student(o.start, layers, tokenizer.get_vocab_size())
    o.out.mkdir(parents=True, exist_ok=True)
    learning = [p for p in model.parameters() if p.requires_grad]
    schedule: Schedule | None = None
    for number in range(o.epochs):
        windows = _windows(tokenizer, public, marked, names)
        answers = taught(session, windows)
        batches = grouped(windows, _PIECES, names.random)
        adam = torch.optim.AdamW(learning, o.rate, weight_decay=0.01)
        schedule = schedule or Schedule(adam, len(batches) * o.epochs)
        model.train()
        for longest, batch in batches:
            ids, shapes, present, tags = tensors(batch, longest)
            teacher = torch.zeros(*ids.shape, len(TAGS))
            for row, item in enumerate(batch):
                teacher[row, : len(item.ids)] = torch.from_numpy(answers[_key(item)])
            with torch.autocast("cpu", dtype=torch.bfloat16):
                scores = model(ids, shapes, present).float()
            schedule.step(loss(scores, teacher, tags))
            if schedule.done % 50 == 0:
                at = f"epoch {number + 1} step {schedule.done} of {schedule.total}"
                print(f"{at}: loss {schedule.recent:.4f}", flush=True)
        torch.save(model.state_dict(), o.out / "model.pt")


def _windows(
    tokenizer: Tokenizer,
    public: dict[str, list[Document]],
    marked: list[str],
    names: Names,
) -> list[Example]:
    draw: random.Random = names.random
    return [
        window
        for document in drawn(public, marked, names)
        for window in examples(tokenizer, document, draw.choice(_LENGTHS))
    ]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the student of the English name model.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--own", type=Path, required=True)
    parser.add_argument("--models", type=Path, required=True, help="holds the teacher")
    parser.add_argument("--start", type=Path, required=True, help="--out of the teacher's training")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--layers", default="0,1,2", help="layers of the teacher to begin with")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--rate", type=float, default=2e-4)
    parser.add_argument("--seed", type=int, default=40)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
