"""Train the Chinese name model.

    python -m pii_rules.ner.training.chinese --own DIR --lac DIR --jieba FILE --out FOLDER

``--own`` holds our annotated sentences (``zh_*.txt``), ``--lac`` is ``lac_model`` of the package
``lac`` 2.1.2 (Apache-2.0) and ``--jieba`` the ``dict.txt`` of ``jieba`` (MIT). Writes
``model.pt``, which ``pii_rules.ner.training.export`` turns into what ships.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import torch

from pii_rules.ner.tags import LABELS
from pii_rules.ner.training.augment import rewrite
from pii_rules.ner.training.corpora import Document, fill, read_marked
from pii_rules.ner.training.crf import Crf
from pii_rules.ner.training.gru import ZhTagger, read_paddle
from pii_rules.ner.training.schedule import Schedule
from pii_rules.ner.training.zh_names import ZhNames

_BATCH = 32
_LONGEST = 160
_PLAIN = ((0x20, 0x250), (0x2000, 0x9FFF), (0xFF00, 0xFFEF))


def vocabulary(lac: Path) -> tuple[list[int], dict[str, int]]:
    """Rows of LAC's table to keep and, per character, the place of its row among them.

    Row 0 is for every unknown character. Traditional characters share the row of their
    simplified form, full-width ones that of their plain form.
    """
    table = {}
    for line in (lac / "conf" / "word.dic").read_text("utf-8").split("\n"):
        number, _, character = line.partition("\t")
        if number.isdigit():
            table[character] = int(number)
    rows, places = [table["OOV"]], {}
    for character, row in table.items():
        if len(character) == 1 and any(a <= ord(character) < b for a, b in _PLAIN):
            places[character] = len(rows)
            rows.append(row)
    for line in (lac / "conf" / "q2b.dic").read_text("utf-8").split("\n"):
        character, _, plain = line.partition("\t")
        if len(character) == 1 and plain in places:
            places[character] = places[plain]
    return rows, places


def groups(lac: Path) -> torch.Tensor:
    """Our tag of each of LAC's states."""
    found = {}
    for line in (lac / "conf" / "tag.dic").read_text("utf-8").splitlines():
        number, tag = line.split()  # entity classes come last and share the number of their noun
        kind, _, position = tag.partition("-")
        label = {"PER": 1, "LOC": 3, "ORG": 5}.get(kind)
        found[int(number)] = 0 if label is None else label + (position == "I")
    return torch.tensor([found[number] for number in range(len(found))])


def tagged(document: Document) -> list[int]:
    """An index into ``TAGS`` for each character."""
    tags = [0] * len(document.text)
    for start, end, label in document.spans:
        code = 1 + 2 * LABELS.index(label)
        tags[start:end] = [code] + [code + 1] * (end - start - 1)
    return tags


def other_names(document: Document, names: ZhNames, share: float) -> Document:
    """Replace plain names of people and places by others, each with probability ``share``."""

    def change(value: str, label: str | None) -> str:
        if label is None or names.random.random() >= share:
            return value
        if label == "PERSON" and 2 <= len(value) <= 3:
            return names.full()
        if (
            label == "LOCATION"
            and 2 <= len(value) <= 4
            and value[-1] not in "省市县区路街河山湖海岛"
        ):
            return names.place()
        return value

    return rewrite(document, change)


def joined(documents: list[Document], draw: random.Random) -> list[Document]:
    """Now and then two or three documents as one."""
    together, index = [], 0
    while index < len(documents):
        take = draw.choice((1, 1, 1, 2, 3))
        text, spans = "", []
        for document in documents[index : index + take]:
            spans += [(a + len(text), b + len(text), label) for a, b, label in document.spans]
            text += document.text + draw.choice(("", "", " ", "\n"))
        together.append(Document(text, tuple(spans)))
        index += take
    return together


def tensors(
    batch: list[Document], places: dict[str, int]
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Ids, presence and labels, each ``[batch, n]``."""
    longest = max(len(document.text) for document in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    labels = torch.zeros_like(ids)
    present = torch.zeros_like(ids, dtype=torch.bool)
    for row, document in enumerate(batch):
        n = len(document.text)
        ids[row, :n] = torch.tensor([places.get(c, 0) for c in document.text])
        labels[row, :n] = torch.tensor(tagged(document))
        present[row, :n] = True
    return ids, present, labels


def epoch(marked: list[str], names: ZhNames) -> list[list[Document]]:
    """The batches of one epoch: windows of like length together, in random order."""
    draw = names.random
    drawn = [other_names(fill(sentence, names.slot), names, 0.3) for sentence in marked]
    draw.shuffle(drawn)
    windows = [d for d in joined(drawn, draw) if len(d.text) <= _LONGEST]
    windows.sort(key=lambda document: len(document.text))
    batches = [windows[i : i + _BATCH] for i in range(0, len(windows), _BATCH)]
    draw.shuffle(batches)
    return batches


def start(lac: Path, rows: list[int]) -> tuple[ZhTagger, Crf]:
    """LAC's tagger and field, with the rows of its table that we keep."""
    model = ZhTagger(len(rows), len(groups(lac)))
    model.start_from(lac / "model", rows)
    model.head.weight.data.copy_(torch.tensor(read_paddle(lac / "model" / "fc_4.w_0").T))
    model.head.bias.data.copy_(torch.tensor(read_paddle(lac / "model" / "fc_4.b_0")).ravel())
    return model, Crf(torch.tensor(read_paddle(lac / "model" / "crfw")), groups(lac))


def train(o: argparse.Namespace) -> None:
    """Train and write ``model.pt``."""
    torch.manual_seed(o.seed)
    torch.set_num_threads(1)
    names = ZhNames(o.seed, o.jieba)
    marked = read_marked(o.own, "zh")
    rows, places = vocabulary(o.lac)
    model, crf = start(o.lac, rows)
    optimiser = torch.optim.AdamW(
        [
            {"params": [*model.directions.parameters(), *model.head.parameters()], "lr": o.rate},
            {"params": crf.parameters(), "lr": o.rate},
            {"params": model.characters.parameters(), "lr": o.rate / 3},
        ],
        weight_decay=0.0,
    )
    schedule = Schedule(optimiser, len(epoch(marked, ZhNames(o.seed, o.jieba))) * o.epochs)
    model.train()
    for number in range(o.epochs):
        for batch in epoch(marked, names):
            ids, present, labels = tensors(batch, places)
            schedule.step(crf.loss(model(ids, present), present, labels))
        print(f"epoch {number + 1} of {o.epochs}: loss {schedule.recent:.4f}", flush=True)
    o.out.mkdir(parents=True, exist_ok=True)
    torch.save(
        {
            "model": model.state_dict(),
            "crf": crf.weights.detach(),
            "groups": crf.groups,
            "places": places,
        },
        o.out / "model.pt",
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the Chinese name model.")
    parser.add_argument("--own", type=Path, required=True)
    parser.add_argument("--lac", type=Path, required=True)
    parser.add_argument("--jieba", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--seed", type=int, default=20)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
