"""From vectors to bounded integers, in exact integer arithmetic.

The last steps of every featuriser. No rounding mode, no order of summation and no processor
can change the result, so a prediction is made on the very integers that were trained on.

For integers ``v`` the row is ``x_j = sign(v_j) * floor(|v_j| * 2**f / n)`` with
``n = ceil(sqrt(sum v_j**2))``: rounding goes towards zero and the norm is rounded up, hence
``sum x_j**2 <= 2**(2f)`` always.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from redactory.errors import InputError

LARGEST: Final = 1 << 24  # so that the squares of 2**14 buckets add up below 2**63
_GRAIN: Final = 1 << 22


def unit_rows(values: NDArray[np.int64], scale_bits: int) -> NDArray[np.int32]:
    """Rows of norm at most ``2**scale_bits``; a row of zeros stays one.

    Args:
        values: integers ``[n, d]``; beyond ±2**24 they are clipped.
        scale_bits: the integer ``2**scale_bits`` stands for 1; at most 24.

    Returns:
        Integers ``[n, d]``.
    """
    clipped = np.clip(values, -LARGEST, LARGEST)
    norms = ceil_sqrt(np.einsum("ij,ij->i", clipped, clipped))
    magnitudes = (np.abs(clipped) << scale_bits) // np.maximum(norms, 1)[:, None]
    rows: NDArray[np.int32] = (np.sign(clipped) * magnitudes).astype(np.int32)
    return rows


def ceil_sqrt(squares: NDArray[np.int64]) -> NDArray[np.int64]:
    """The smallest integers whose squares are not below ``squares`` (``[n]``, below 2**62)."""
    roots = np.sqrt(squares.astype(np.float64)).astype(np.int64)
    roots -= roots * roots >= squares  # floating point may be one off, either way
    roots += roots * roots < squares
    roots += roots * roots < squares
    return np.maximum(roots, 0)


def signed_root(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """``sign(v) * ceil(sqrt(|v|))`` of integers ``[n, d]``."""
    flat = np.abs(values).reshape(-1)
    return np.sign(values) * ceil_sqrt(flat).reshape(values.shape)


def to_integers(vectors: NDArray[np.floating]) -> NDArray[np.int64]:
    """Real vectors ``[n, d]`` on a grid of 2**22 steps to the largest entry of each row.

    Raises:
        InputError: an entry is infinite or no number.
    """
    exact = vectors.astype(np.float64)
    if not np.isfinite(exact).all():
        raise InputError("the encoder's result holds infinite entries, or none that are numbers")
    largest = np.abs(exact).max(axis=1, keepdims=True, initial=0.0)
    return np.rint(exact / np.where(largest > 0, largest, 1.0) * _GRAIN).astype(np.int64)
