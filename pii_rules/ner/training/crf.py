"""A linear-chain conditional random field whose states are finer than the labels.

Lafferty, McCallum, Pereira 2001. LAC's states are parts of speech and entity classes; ours are
groups of them. Training maximises the probability of all state sequences that agree with the
labels, so what LAC knows of words outside entities is kept.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Crf(nn.Module):
    """Scores of state sequences.

    Args:
        weights: ``[states + 2, states]``: scores of starting, of ending, of each transition.
        groups: label of each state, ``int64[states]``.
    """

    def __init__(self, weights: Tensor, groups: Tensor) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights.clone())
        self.groups = groups

    def log_partition(self, emission: Tensor, present: Tensor) -> Tensor:
        """Log-sum over sequences; ``emission``: ``[batch, n, states]`` → ``[batch]``."""
        start, stop, moves = self.weights[0], self.weights[1], self.weights[2:]
        alpha = start + emission[:, 0]
        for t in range(1, emission.shape[1]):
            new = torch.logsumexp(alpha[:, :, None] + moves, 1) + emission[:, t]
            alpha = torch.where(present[:, t, None], new, alpha)
        return torch.logsumexp(alpha + stop, -1)

    def loss(self, emission: Tensor, present: Tensor, labels: Tensor) -> Tensor:
        """Mean negative log-probability a character of the labels ``int64[batch, n]``."""
        agrees = self.groups[None, None] == labels[..., None]
        forced = torch.where(agrees, emission, torch.full_like(emission, -1e4))
        both = self.log_partition(emission, present) - self.log_partition(forced, present)
        return both.sum() / present.sum()
