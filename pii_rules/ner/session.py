"""Running a model: batches in which a sequence's result depends on that sequence alone.

Each sequence is padded to a length that follows from its own length, so the arithmetic on a row
is the same whatever else is in the batch; the tests compare scores bit by bit.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

# From 1.29 on ONNX Runtime's wheels report to its vendor when imported, and leave a device id in
# the home folder, unless this stands in the environment before.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
import onnxruntime

_STEP: Final = 16
_BATCH: Final = 512  # pieces; more no longer fit into the cache of a core

Features = Mapping[str, NDArray[Any]]
"""Model input by name, each ``[n]`` for a sequence of ``n``."""


class Session:
    """A tagger in ONNX form.

    Its inputs are the features, ``int32[rows, length]``, and ``lengths``, ``int32[rows]``; its
    output is ``float32[rows, length, tags]``. One thread: pipelines run one process a core.

    Args:
        model: the file.
    """

    def __init__(self, model: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            str(model), options, providers=["CPUExecutionProvider"]
        )

    def run(self, sequences: Sequence[Features]) -> list[NDArray[np.float32]]:
        """Scores ``[n, tags]`` of each sequence, in order; none may be empty."""
        lengths = [len(next(iter(sequence.values()))) for sequence in sequences]
        groups: dict[int, list[int]] = {}
        for index, length in enumerate(lengths):
            groups.setdefault(-(-length // _STEP) * _STEP, []).append(index)
        scores: list[NDArray[np.float32]] = [np.zeros(0, np.float32)] * len(sequences)
        for padded, members in groups.items():
            rows = max(_BATCH // padded, 1)
            for first in range(0, len(members), rows):
                batch = members[first : first + rows]
                out = self._batch([sequences[i] for i in batch], padded)
                for row, index in enumerate(batch):
                    scores[index] = out[row, : lengths[index]]
        return scores

    def _batch(self, sequences: Sequence[Features], padded: int) -> NDArray[np.float32]:
        inputs = {
            name: np.zeros((len(sequences), padded), dtype=values.dtype)
            for name, values in sequences[0].items()
        }
        for row, sequence in enumerate(sequences):
            for name, values in sequence.items():
                inputs[name][row, : len(values)] = values
        lengths = np.array([len(next(iter(s.values()))) for s in sequences], dtype=np.int32)
        output: NDArray[np.float32] = self._session.run(None, {**inputs, "lengths": lengths})[0]
        return output
