"""The Chinese name model: two bidirectional GRU layers over characters, in PyTorch.

The architecture and first weights are those of LAC (Jiao, Sun, Sun 2018, arXiv:1807.01882;
Apache-2.0): the gates of Cho et al. 2014, equations 5 to 8, with the reset gate applied before
the recurrent product. Used at training time only.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

_WIDTH = 128


class Gru(nn.Module):
    """One direction of one layer: ``h' = (1 - u) h + u tanh(x Wc + (r h) Vc)``."""

    def __init__(self, inputs: int) -> None:
        super().__init__()
        self.enter = nn.Linear(inputs, 3 * _WIDTH)
        self.gates = nn.Parameter(torch.zeros(_WIDTH, 2 * _WIDTH))
        self.candidate = nn.Parameter(torch.zeros(_WIDTH, _WIDTH))

    def forward(self, x: Tensor, present: Tensor, *, backward: bool) -> Tensor:
        """``x``: ``[batch, n, inputs]``; ``present``: ``bool[batch, n]``."""
        entered = self.enter(x)
        state = x.new_zeros(x.shape[0], _WIDTH)
        outputs: list[Tensor] = [state] * x.shape[1]
        steps = range(x.shape[1])
        for t in reversed(steps) if backward else steps:
            both, new = entered[:, t].split((2 * _WIDTH, _WIDTH), dim=-1)
            u, r = torch.sigmoid(both + state @ self.gates).chunk(2, dim=-1)
            fresh = torch.tanh(new + (r * state) @ self.candidate)
            moved = (1 - u) * state + u * fresh
            state = torch.where(present[:, t, None], moved, state)
            outputs[t] = state
        return torch.stack(outputs, dim=1)


class ZhTagger(nn.Module):
    """Tags of characters.

    Args:
        vocabulary: number of characters.
        tags: number of tags.
    """

    def __init__(self, vocabulary: int, tags: int) -> None:
        super().__init__()
        self.characters = nn.Embedding(vocabulary, _WIDTH)
        self.directions = nn.ModuleList(
            [Gru(_WIDTH), Gru(_WIDTH), Gru(2 * _WIDTH), Gru(2 * _WIDTH)]
        )
        self.head = nn.Linear(2 * _WIDTH, tags)

    def forward(self, ids: Tensor, present: Tensor) -> Tensor:
        """Scores ``float[batch, n, tags]``."""
        x = functional.dropout(self.characters(ids), 0.2, self.training)
        for lower in (0, 2):
            onward = self.directions[lower](x, present, backward=False)
            back = self.directions[lower + 1](x, present, backward=True)
            x = functional.dropout(torch.cat((onward, back), -1), 0.2, self.training)
        scores: Tensor = self.head(x)
        return scores

    def start_from(self, folder: Path, rows: list[int]) -> None:
        """Take LAC's weights.

        Args:
            folder: its ``lac_model/model``.
            rows: which rows of its character table become ours, in order.
        """
        self.characters.weight.data.copy_(torch.from_numpy(read_paddle(folder / "word_emb")[rows]))
        for index, gru in enumerate(self.directions):
            weight = torch.from_numpy(read_paddle(folder / f"gru_{index}.w_0").ravel().copy())
            cut = 2 * _WIDTH * _WIDTH
            gru.gates.data.copy_(weight[:cut].view(_WIDTH, 2 * _WIDTH))
            gru.candidate.data.copy_(weight[cut:].view(_WIDTH, _WIDTH))
            gru.enter.weight.data.copy_(
                torch.from_numpy(read_paddle(folder / f"fc_{index}.w_0").T.copy())
            )
            bias = (
                read_paddle(folder / f"fc_{index}.b_0").ravel()
                + read_paddle(folder / f"gru_{index}.b_0").ravel()
            )
            gru.enter.bias.data.copy_(torch.from_numpy(bias))


def read_paddle(path: Path) -> NDArray[np.float32]:
    """A tensor as Paddle Fluid saved it: version, levels, version, descriptor, data."""
    data = path.read_bytes()
    (levels,) = struct.unpack_from("<Q", data, 4)
    position = 12
    for _ in range(levels):
        position += 8 + struct.unpack_from("<Q", data, position)[0]
    (length,) = struct.unpack_from("<i", data, position + 4)
    position += 8
    shape = _dimensions(data[position : position + length])
    return np.frombuffer(data, "<f4", offset=position + length).reshape(shape)


def _dimensions(descriptor: bytes) -> list[int]:
    """Field 2 (varints) of the tensor descriptor, a protocol buffer."""
    dimensions, index = [], 0
    while index < len(descriptor):
        key, value, shift = descriptor[index], 0, 0
        index += 1
        while True:
            byte = descriptor[index]
            index += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        if key == 0x10:
            dimensions.append(value)
    return dimensions
