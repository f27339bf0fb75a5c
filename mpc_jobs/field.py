"""The field GF(p), p = 2^127 − 1, on numpy arrays.

An element array is uint64 of shape ``(2, …)``: low 64 bits, then high 63 bits
(:mod:`mpc_jobs.kernels`). Signed integers are embedded in two's complement style: −v stands
for p − v, and what is above p/2 reads as negative. Stored and sent element arrays are
canonical, below p; whatever comes from outside is checked.

The functions here allocate their results and take any shape; loops are in the kernels.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from mpc_jobs import kernels
from mpc_jobs.faults import MalformedError
from mpc_jobs.kernels import Elements

P = (1 << 127) - 1
ELEMENT_BYTES = 16
LITTLE = np.dtype("<u8")

_WORD = (1 << 64) - 1
_HIGH = np.uint64((1 << 63) - 1)
_LOW = np.uint64(_WORD)

__all__ = ["ELEMENT_BYTES", "Elements", "P"]


def constant(value: int) -> Elements:
    """One public element, shape (2,)."""
    value %= P
    return np.array([value & _WORD, value >> 64], np.uint64)


def zeros(shape: tuple[int, ...]) -> Elements:
    """An element array of zeros; ``shape`` is without the planes."""
    return np.zeros((2, *shape), np.uint64)


def filled(shape: tuple[int, ...], value: int) -> Elements:
    """An element array in which every element is ``value``."""
    result = np.empty((2, *shape), np.uint64)
    result[0], result[1] = constant(value)
    return result


def from_signed(values: npt.NDArray[np.int64]) -> Elements:
    """Elements of signed 64-bit integers."""
    values = np.asarray(values, np.int64)
    result = np.empty((2, *values.shape), np.uint64)
    negative = values < 0
    # p + v = 2^127 + (v − 1): two's complement of v − 1 in the low word, ones above.
    result[0] = (values - negative).astype(np.uint64)
    result[1] = np.where(negative, _HIGH, np.uint64(0))
    return result


def from_integers(values: Iterable[int], shape: tuple[int, ...]) -> Elements:
    """Elements of Python integers of any size, in row-major order."""
    result = np.empty((2, *shape), np.uint64)
    flat = [value % P for value in values]
    result[0] = np.array([value & _WORD for value in flat], np.uint64).reshape(shape)
    result[1] = np.array([value >> 64 for value in flat], np.uint64).reshape(shape)
    return result


def to_integers(elements: Elements) -> npt.NDArray[np.object_]:
    """Canonical representatives, 0 … p − 1, as Python integers."""
    low, high = elements[0].astype(object), elements[1].astype(object)
    return np.asarray(low + (high << 64), dtype=object)


def to_signed(elements: Elements) -> npt.NDArray[np.object_]:
    """Signed values, −p/2 … p/2, as Python integers."""
    values = to_integers(elements)
    return np.asarray(values - P * (values > P // 2).astype(object), dtype=object)


def to_int64(elements: Elements) -> npt.NDArray[np.int64]:
    """Signed values that are known to fit 64 bits."""
    negative = elements[1] > _HIGH >> np.uint64(1)
    # p + v has v − 1 in its low word (from_signed).
    return np.asarray(elements[0].astype(np.int64) + negative)


def add(a: Elements, b: Elements) -> Elements:
    """The sum a + b, equal shapes."""
    return _binary(kernels.add, a, b)


def subtract(a: Elements, b: Elements) -> Elements:
    """The difference a − b, equal shapes."""
    return _binary(kernels.subtract, a, b)


def multiply(a: Elements, b: Elements) -> Elements:
    """The products a · b element by element, equal shapes."""
    return _binary(kernels.multiply, a, b)


def scale(a: Elements, factor: int) -> Elements:
    """The product of a and a public integer."""
    total = np.zeros((2, a[0].size), np.uint64)
    kernels.scale_add(total, _flat(a), constant(factor))
    return total.reshape(a.shape)


def scale_add(total: Elements, a: Elements, factor: int) -> Elements:
    """The sum total + factor · a, equal shapes; the arguments stay as they are."""
    result = _flat(total).copy()
    kernels.scale_add(result, _flat(a), constant(factor))
    return result.reshape(total.shape)


def horner_step(total: Elements, point: int, a: Elements) -> Elements:
    """The value total · point + a for a public point: one step of evaluating a polynomial."""
    result = _flat(total).copy()
    kernels.horner(result, constant(point), _flat(a))
    return result.reshape(total.shape)


def shift(a: Elements, value: int) -> Elements:
    """The sum of a and a public integer."""
    return add(a, filled(a.shape[1:], value))


def matmul(x: Elements, w: Elements) -> Elements:
    """The product x · w: (2, n, d) times (2, d, k) is (2, n, k)."""
    out = np.empty((2, x.shape[1], w.shape[2]), np.uint64)
    kernels.matmul(np.ascontiguousarray(x), np.ascontiguousarray(w), out)
    return out


def transposed_matmul(x: Elements, e: Elements) -> Elements:
    """The product xᵀ · e: (2, n, d) and (2, n, k) give (2, d, k)."""
    out = np.empty((2, x.shape[2], e.shape[2]), np.uint64)
    kernels.transposed_matmul(np.ascontiguousarray(x), np.ascontiguousarray(e), out)
    return out


def total(a: Elements) -> Elements:
    """The sum over the first axis: (2, n, k) gives (2, 1, k)."""
    return transposed_matmul(filled((a.shape[1], 1), 1), a)


def shift_right(a: Elements, bits: int) -> Elements:
    """⌊a / 2^bits⌋ of the canonical representatives."""
    out = np.empty((2, a[0].size), np.uint64)
    kernels.shift_right(_flat(a), bits, out)
    return out.reshape(a.shape)


def inverse_square_root(a: Elements) -> Elements:
    """1/√a of squares: the one root that is a^(2^125 − 1)."""
    out = np.empty((2, a[0].size), np.uint64)
    kernels.inverse_square_root(_flat(a), out)
    return out.reshape(a.shape)


def from_words(raw: bytes | memoryview, shape: tuple[int, ...]) -> Elements:
    """Random elements out of random bytes: 127 bits of each 16 bytes.

    The value p, which stands for zero too, comes with probability 2^−127.
    """
    elements = np.frombuffer(raw, LITTLE).reshape(2, *shape).astype(np.uint64)
    elements[1] &= _HIGH
    return elements


def encode(elements: Elements) -> bytes:
    """The form in frames: all low words, then all high words, little endian."""
    return elements.astype(LITTLE, copy=False).tobytes()


def decode(raw: bytes | bytearray | memoryview, shape: tuple[int, ...], *, where: str) -> Elements:
    """Elements out of a frame.

    Raises:
        MalformedError: another length, or an element that is not below p.
    """
    if len(raw) != ELEMENT_BYTES * int(np.prod(shape)):
        raise MalformedError("sent a message of the wrong length", where=where)
    # A copy, since kernels are compiled for arrays that may be written to.
    elements = np.frombuffer(raw, LITTLE).astype(np.uint64).reshape(2, *shape)
    if not is_canonical(elements):
        raise MalformedError("sent a number that is no element of the field", where=where)
    return elements


def is_canonical(elements: Elements) -> bool:
    """Whether every element is below p."""
    above = (elements[1] > _HIGH) | ((elements[1] == _HIGH) & (elements[0] == _LOW))
    return not bool(above.any())


def to_rows(elements: Elements) -> npt.NDArray[np.uint8]:
    """The stored form, 16 bytes little endian an element: (2, n, d) gives (n, 16 d) bytes."""
    pairs = np.ascontiguousarray(np.moveaxis(elements, 0, -1)).astype(LITTLE, copy=False)
    return pairs.reshape(elements.shape[1], -1).view(np.uint8)


def from_rows(rows: npt.NDArray[np.uint8]) -> Elements:
    """Elements out of their stored form, not checked: (n, 16 d) bytes give (2, n, d)."""
    words = np.ascontiguousarray(rows).view(LITTLE).reshape(rows.shape[0], -1, 2)
    return np.ascontiguousarray(np.moveaxis(words, -1, 0)).astype(np.uint64, copy=False)


def _flat(a: Elements) -> Elements:
    return np.ascontiguousarray(a).reshape(2, -1)


def _binary(kernel: object, a: Elements, b: Elements) -> Elements:
    out = np.empty((2, a[0].size), np.uint64)
    kernel(_flat(a), _flat(b), out)  # type: ignore[operator]
    return out.reshape(a.shape)
