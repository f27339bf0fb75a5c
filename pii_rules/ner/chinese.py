"""The Chinese name model: recurrent layers over characters and a conditional random field."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pii_rules.ner.names import Name
from pii_rules.ner.session import Session
from pii_rules.ner.stretches import han
from pii_rules.ner.tags import entities
from pii_rules.ner.windows import character_windows

FINDER: Final = "names-zh"
_ROOM: Final = 128


class ChineseModel:
    """Names in Chinese text.

    Args:
        folder: holds ``zh.onnx`` and ``zh.json``: the characters and the field.
    """

    def __init__(self, folder: Path) -> None:
        self._session = Session(folder / "zh.onnx")
        parts = json.loads((folder / "zh.json").read_text(encoding="utf-8"))
        self._places: dict[str, int] = {
            c: number for number, same in enumerate(parts["characters"]) for c in same
        }
        self._field = Field(np.array(parts["field"]), np.array(parts["groups"]))

    def find(self, texts: Sequence[str]) -> list[list[Name]]:
        """The names of each text, sorted by start; those in Latin letters are left out."""
        windows = [
            (number, start + first, start + last)
            for number, text in enumerate(texts)
            for start, stop in han(text)
            for first, last in character_windows(text[start:stop], _ROOM)
        ]
        scores = self._session.run([self._features(texts[n][a:b]) for n, a, b in windows])
        found: list[list[Name]] = [[] for _ in texts]
        for (number, start, _), score in zip(windows, scores, strict=True):
            for first, last, label, sure in entities(self._field.marginals(score)):
                name = Name(start + first, start + last, label, sure, FINDER)
                if not texts[number][name.start : name.end].isascii():
                    found[number].append(name)
        return found

    def _features(self, text: str) -> dict[str, NDArray[np.int32]]:
        return {"ids": np.array([self._places.get(c, 0) for c in text], dtype=np.int32)}


class Field:
    """A linear-chain conditional random field (Lafferty, McCallum, Pereira 2001).

    Args:
        weights: ``[states + 2, states]``: scores of starting, of ending, of each transition.
        groups: the tag each state belongs to, ``[states]``.
    """

    def __init__(self, weights: NDArray[np.float64], groups: NDArray[np.int64]) -> None:
        self._start, self._stop = np.exp(weights[0]), np.exp(weights[1])
        self._moves = np.exp(weights[2:])
        self._member = np.eye(groups.max() + 1)[groups]

    def marginals(self, scores: NDArray[np.float32]) -> NDArray[np.float64]:
        """Probability of each tag at each place, ``[n, tags]``, by forward-backward.

        Args:
            scores: emissions ``[n, states]``.
        """
        shifted = scores.astype(np.float64)
        emitted = np.exp(shifted - shifted.max(axis=1, keepdims=True))
        forward, backward = np.empty_like(emitted), np.empty_like(emitted)
        state = self._start * emitted[0]
        forward[0] = state / state.sum()
        for t in range(1, len(emitted)):
            state = (forward[t - 1] @ self._moves) * emitted[t]
            forward[t] = state / state.sum()
        backward[-1] = self._stop / self._stop.sum()
        for t in range(len(emitted) - 2, -1, -1):
            state = self._moves @ (backward[t + 1] * emitted[t + 1])
            backward[t] = state / state.sum()
        both = forward * backward
        probabilities: NDArray[np.float64] = (both / both.sum(axis=1, keepdims=True)) @ self._member
        return probabilities
