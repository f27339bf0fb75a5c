"""All datasets that an auditor looks after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from redactory.auditing.settings import AuditSettings
from redactory.auditing.watch import Look, Watch
from redactory.home import home

# The worst first: what needs a person's attention decides the verdict on all.
_GRAVITY = ("broken", "unreadable", "unproven", "checking", "empty", "intact")


class AuditDesk:
    """The watched datasets.

    Args:
        settings: which ones.
        folder: ``REDACTORY_HOME``, whose trust store says what is believed; None for the user's.
    """

    def __init__(self, settings: AuditSettings, folder: Path | None = None) -> None:
        place = folder or home()
        self.watches = [
            Watch(watched, place, recheck_seconds=settings.recheck_seconds)
            for watched in settings.dataset
        ]

    @contextmanager
    def look(self, patience: float) -> Iterator[list[Look]]:
        """A look at each dataset; the facts stand still while the block runs."""
        with ExitStack() as stack:
            share = patience / max(1, len(self.watches))
            yield [stack.enter_context(watch.look(share)) for watch in self.watches]

    def find(self, dataset: str) -> Watch | None:
        """The place where the dataset with this id lies; of several copies, a broken one first."""
        copies = [watch for watch in self.watches if dataset in watch.datasets()]
        return min(copies, key=lambda watch: not watch.is_broken, default=None)


def worst(looks: list[Look]) -> Look | None:
    """The look that decides the verdict on all; None if nothing is watched."""
    return min(looks, key=lambda look: _GRAVITY.index(look.state), default=None)
