"""Compiling the kernels before the work starts, and saying so if it takes a moment."""

from __future__ import annotations

from collections.abc import Callable
from threading import Timer

import numpy as np

from mpc_jobs import field

_PATIENCE_SECONDS = 3.0


def warm_up(notice: Callable[[str], None]) -> None:
    """Compile every kernel, or load what an earlier process compiled.

    Args:
        notice: gets one line if it takes longer than a moment, which is at first use.
    """
    timer = Timer(
        _PATIENCE_SECONDS, notice, ["compiling the arithmetic (at first use only, some 15 s)…"]
    )
    timer.daemon = True
    timer.start()
    try:
        _touch_every_kernel()
    finally:
        timer.cancel()


def _touch_every_kernel() -> None:
    a = field.from_signed(np.arange(4, dtype=np.int64).reshape(2, 2))
    b = field.subtract(field.add(a, a), field.multiply(a, a))
    field.horner_step(b, 1, a)
    field.scale_add(a, b, 3)
    field.transposed_matmul(field.matmul(a, b), a)
    field.inverse_square_root(field.shift_right(a, 1))
