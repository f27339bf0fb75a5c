"""How kernels are compiled: numba, without the interpreter's lock, kept on disk between runs.

A cached kernel is keyed by the time stamp of its own source file only. Everything that a
kernel calls therefore lies in the same file as the kernel (:mod:`mpc_jobs.kernels`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """Compile ``function`` at its first call; later processes load the compiled form."""
    return cast("Function", numba.njit(cache=True, nogil=True, boundscheck=False)(function))


def inlined(function: Function) -> Function:
    """Compile ``function`` into each kernel that calls it, so that loops become vector code."""
    return cast("Function", numba.njit(forceinline=True, nogil=True)(function))
