"""Optional parts of the installation: one line instead of an import error."""

from __future__ import annotations

from importlib.util import find_spec

from redactory.errors import InputError

_NEEDS = {
    "detect": ("presidio_analyzer", "presidio_anonymizer", "spacy"),
    "train": ("numba", "numpy"),
    "prove": ("numba", "numpy"),
    "spark": ("pandas", "pyspark"),  # mapInArrow hands over no pandas, and yet asks for it
}


def require(extra: str) -> None:
    """Make sure that an extra is installed.

    Raises:
        InputError: it is not; says how to install it.
    """
    if any(find_spec(module) is None for module in _NEEDS[extra]):
        raise InputError(
            f"this needs the '{extra}' extra", hint=f"pip install 'redactory[{extra}]'"
        )
