"""Training batches: documents cut at sentence ends, labelled by word, grouped by length."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from pii_rules.ner.shapes import Pieces, pieces
from pii_rules.ner.tags import LABELS
from pii_rules.ner.training.corpora import Document
from pii_rules.ner.windows import piece_windows

IGNORED: Final = -100
_STEP: Final = 16


@dataclass(frozen=True, slots=True)
class Example:
    """One window.

    Attributes:
        ids: piece ids with ``[CLS]`` and ``[SEP]``, ``int32[n]``.
        shapes: word shapes, ``uint8[n]``.
        tags: index into ``TAGS`` at the first piece of each word, else ``IGNORED``.
    """

    ids: NDArray[np.int32]
    shapes: NDArray[np.uint8]
    tags: NDArray[np.int64]


def tagged(read: Pieces, document: Document) -> NDArray[np.int64]:
    """A tag for each piece: BIO at the first piece of each word, ``IGNORED`` at others."""
    tags = np.full(len(read.ids), IGNORED, dtype=np.int64)
    tags[read.first] = 0
    for start, end, label in document.spans:
        inside = np.flatnonzero((read.starts < end) & (read.ends > start))
        if len(inside):
            code = 1 + 2 * LABELS.index(label)
            tags[read.first[inside]] = code + 1
            tags[read.first[inside[0]]] = code
    return tags


def examples(tokenizer: Tokenizer, document: Document, longest: int) -> Iterator[Example]:
    """Windows of a document of at most ``longest`` pieces, cut at sentence ends if possible."""
    read = pieces(tokenizer, document.text)
    tags = tagged(read, document)
    for start, stop in piece_windows(document.text, read, longest - 2):
        yield Example(
            np.concatenate(([101], read.ids[start:stop], [102])).astype(np.int32),
            np.concatenate(([0], read.shapes[start:stop], [0])).astype(np.uint8),
            np.concatenate(([IGNORED], tags[start:stop], [IGNORED])),
        )


def grouped(
    items: list[Example], pieces_a_batch: int, draw: random.Random
) -> list[tuple[int, list[Example]]]:
    """Batches in random order, as (padded length, windows).

    Lengths are multiples of 16 and the windows of one length fill whole batches but for the
    last: few shapes, since the matrix library compiles its kernels anew for each.
    """
    lengths: dict[int, list[Example]] = {}
    for item in items:
        lengths.setdefault(-(-len(item.ids) // _STEP) * _STEP, []).append(item)
    batches = []
    for length, same in sorted(lengths.items()):
        draw.shuffle(same)
        size = pieces_a_batch // length
        batches += [(length, same[i : i + size]) for i in range(0, len(same), size)]
    draw.shuffle(batches)
    return batches
