"""How kernels are compiled: typed forms of numba's decorators, and LLVM integer helpers.

Kernels are compiled on first use for the processor they run on and kept in numba's cache.
The 64 × 64 → 128 bit products that both fields need have no spelling in Python; the few
functions marked ``intrinsic`` write them as LLVM IR.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar, cast

import numba as nb
from llvmlite import ir
from numba.extending import intrinsic as _numba_intrinsic

F = TypeVar("F", bound=Callable[..., Any])

I64 = ir.IntType(64)
I128 = ir.IntType(128)

# A field element or scalar inside a kernel: a tuple of 64-bit limbs, least significant first.
Limbs = tuple[Any, ...]


def kernel(function: F) -> F:
    """Compile a function of arrays and limbs; the compiled form is cached on disk."""
    return cast("F", nb.njit(nogil=True, cache=True, error_model="numpy")(function))


def limb_operation(
    arguments: int, limbs: int, emit: Callable[..., list[Any]]
) -> Callable[..., Any]:
    """A kernel-callable operation on tuples of ``limbs`` words, written as LLVM IR.

    Args:
        arguments: how many tuples it takes, one or two.
        limbs: words in each tuple and in the result.
        emit: ``(builder, *operands) -> words``, each operand a list of IR values.
    """
    kind: Any = cast("Any", nb.types).UniTuple(nb.types.uint64, limbs)

    def generate(_context: Any, builder: Any, _signature: Any, operands: Sequence[Any]) -> Any:
        words = [[builder.extract_value(o, i) for i in range(limbs)] for o in operands]
        result = ir.Constant(ir.ArrayType(I64, limbs), ir.Undefined)
        for index, word in enumerate(emit(builder, *words)):
            result = builder.insert_value(result, word, index)
        return result

    if arguments == 1:

        def unary(_typing: Any, _a: Any) -> tuple[Any, Any]:
            return kind(kind), generate

        return cast("Callable[..., Any]", _numba_intrinsic(unary))

    def binary(_typing: Any, _a: Any, _b: Any) -> tuple[Any, Any]:
        return kind(kind, kind), generate

    return cast("Callable[..., Any]", _numba_intrinsic(binary))
