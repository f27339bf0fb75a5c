"""A function for ``Dataset.map`` of Hugging Face datasets, with ``batched=True``."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pii_rules.sanitizer import Sanitizer

Batch = dict[str, list[str | None]]


def sanitizing_map(
    sanitizer: Sanitizer, columns: Sequence[str] = ("text",)
) -> Callable[[Batch], Batch]:
    """A function that sanitizes the text columns of a batch.

    Use it as ``dataset.map(sanitizing_map(sanitizer), batched=True)``. The library hashes a
    function to name its cache: pass ``new_fingerprint=`` of your own, or ``load_from_cache_file
    =False``, since two sanitizers with different keys hash alike or not at all.

    Args:
        sanitizer: does the work.
        columns: which columns are text.

    Raises:
        LeakError: (the function) a text may not be released.
    """

    def sanitize(batch: Batch) -> Batch:
        return {name: sanitizer.sanitize(batch[name]) for name in columns}

    return sanitize
