"""Accuracy on text: the committed, quantised model against plaintext logistic regression.

Two sets: urgent letters or others (English documents of the bundled corpus's generator), and
whether a line of documentation is from the Python manual or from another (real text, in the
tests' data). Features by the default spec, training as `redactory train` does it when it is
told no more; both see the same integers.
"""

from __future__ import annotations

import lzma
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from learning.engine import Parties
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from mpc_jobs.features import FeatureSpec, open_featuriser
from mpc_jobs.training_spec import Features, Training
from redactory.demo_corpus.generate import generate
from redactory.training import USUAL, committable

_LINES = Path(__file__).resolve().parents[2] / "tests" / "data" / "no_pii_en.txt.xz"
_PYTHON_MANUAL_BYTES = 600_000  # the file's first share, says its README
SCALE_BITS = 16


@dataclass(frozen=True)
class Accuracy:
    """Accuracies on held-out rows.

    Attributes:
        name: of the set.
        rows: of training.
        d: features.
        plain: of scikit-learn's logistic regression.
        shared: of the model that was trained on shares and revealed.
        majority: of always saying the larger class.
    """

    name: str
    rows: int
    d: int
    plain: float
    shared: float
    majority: float

    @property
    def gap(self) -> float:
        """Points that are lost; negative where the shared model is better."""
        return 100 * (self.plain - self.shared)


def accuracies(parties: Parties, *, quick: bool) -> Iterator[Accuracy]:
    """One for each set and width."""
    for d in (256,) if quick else (256, 1024):
        yield _compared(parties, "urgent letters", *_letters(1500 if quick else 10_000), d)
        if not quick:
            yield _compared(parties, "lines of manuals", *_lines(), d)


def _letters(count: int) -> tuple[list[str], NDArray[np.int64]]:
    documents = [each for each in generate(7, count) if each["lang"] == "en"]
    labels = np.array([each["label"] == "urgent" for each in documents], np.int64)
    return [each["text"] for each in documents], labels


def _lines() -> tuple[list[str], NDArray[np.int64]]:
    with lzma.open(_LINES, "rt", encoding="utf-8") as file:
        lines = file.read().splitlines()
    ends = np.cumsum([len(line.encode()) + 1 for line in lines])
    return lines, (ends < _PYTHON_MANUAL_BYTES).astype(np.int64)


def _compared(
    parties: Parties, name: str, texts: list[str], labels: NDArray[np.int64], d: int
) -> Accuracy:
    rows = open_featuriser(FeatureSpec(d=d, scale_bits=SCALE_BITS)).rows(texts).astype(np.int64)
    order = np.random.default_rng(0).permutation(len(texts))
    train, test = np.split(order, [3 * len(order) // 4])
    training = Training(**USUAL, model="logistic", assume_range=True)
    features = Features(columns=d, fraction_bits=SCALE_BITS, largest=1 << SCALE_BITS, norm=1.0)
    weights = parties.train(
        committable(training, features),
        rows[train],
        labels[train, None],
        features,
        commitments=True,
    ).weights
    real = rows / 2**SCALE_BITS
    scores = real[test] @ weights[:-1, 0] + weights[-1, 0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plain = LogisticRegression(max_iter=2000).fit(real[train], labels[train])
    share = float(labels[test].mean())
    return Accuracy(
        name=name,
        rows=len(train),
        d=d,
        plain=float(plain.score(real[test], labels[test])),
        shared=float(np.mean((scores > 0) == (labels[test] > 0))),
        majority=max(share, 1 - share),
    )
