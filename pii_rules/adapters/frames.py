"""Columns of a pandas ``DataFrame``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pii_rules.sanitizer import Sanitizer
from redactory.errors import InputError


def sanitize_frame(frame: Any, columns: Sequence[str], sanitizer: Sanitizer) -> Any:
    """A copy of a pandas ``DataFrame`` with sanitized text columns; its index stays.

    Args:
        frame: the frame.
        columns: which columns are text; missing values stay missing.
        sanitizer: does the work.

    Raises:
        InputError: the frame has no such column.
        LeakError: a text may not be released.
    """
    missing = [name for name in columns if name not in frame.columns]
    if missing:
        raise InputError(f"the frame has no column {missing[0]!r}")
    done = frame.copy()
    for name in columns:
        texts = [
            None if absent else str(value)
            for value, absent in zip(frame[name], frame[name].isna(), strict=True)
        ]
        done[name] = sanitizer.sanitize(texts)
    return done
