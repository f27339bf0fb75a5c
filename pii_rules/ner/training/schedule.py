"""The training step: gradient clipping, warm-up, linear decay."""

from __future__ import annotations

import torch

_WARM = 0.06
_LEAST = 0.02


class Schedule:
    """Steps an optimiser; its learning rates rise, then fall in a straight line.

    Args:
        optimiser: its groups' rates are the highest ones.
        total: number of steps planned.
    """

    def __init__(self, optimiser: torch.optim.Optimizer, total: int) -> None:
        self._optimiser = optimiser
        self._rates = [group["lr"] for group in optimiser.param_groups]
        self._parameters = [p for group in optimiser.param_groups for p in group["params"]]
        self.total, self.done, self.recent = total, 0, 0.0

    def step(self, loss: torch.Tensor) -> None:
        """One step down the gradient of ``loss``."""
        part = self.done / self.total
        factor = min(1.0, part / _WARM) * max(_LEAST, 1 - part)
        for group, rate in zip(self._optimiser.param_groups, self._rates, strict=True):
            group["lr"] = rate * factor
        self._optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._parameters, 1.0)
        self._optimiser.step()
        self.done += 1
        self.recent += (loss.item() - self.recent) / min(self.done, 200)
